"""Reads how large a page of a listing shall be, and writes the address of the next page."""

from urllib.parse import urlencode

from local.microsoft.api.context import Context
from local.microsoft.errors import bad_request

MOST = 1000


def next_link(context: Context, skip: int) -> str:
    """The address of the next page: the same question from further on; headers are not part of it."""
    query = urlencode({**context.query, "$skip": skip})
    return f"{context.base}{context.path}?{query}"


def page_size(context: Context) -> int:
    """How many entries a page has."""
    if "$top" in context.query:
        size = number(context.query["$top"], "$top")
        if not 1 <= size <= MOST:
            raise bad_request("The limit of '1000' for Top query has been exceeded.", "ErrorInvalidParameter")
        return size
    return context.preferences.page_size or context.state.settings.default_page


def number(text: str, name: str) -> int:
    """The number of a query option."""
    if not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)
