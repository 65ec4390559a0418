"""Pages of a listing: their size, and the link to the next one."""

from urllib.parse import urlencode

from local.microsoft.api.context import Context
from local.microsoft.errors import bad_request

MOST = 1000


def next_link(context: Context, skip: int) -> str:
    """Return the address of the next page; it repeats the query, but not the request's headers."""
    query = urlencode({**context.query, "$skip": skip})
    return f"{context.base}{context.path}?{query}"


def page_size(context: Context) -> int:
    """Return how many entries a page has: $top, else the preferred size, else the default (fact M90).

    400 for a wrong $top.
    """
    if "$top" in context.query:
        size = number(context.query["$top"], "$top")
        if not 1 <= size <= MOST:
            raise bad_request("The limit of '1000' for Top query has been exceeded.", "ErrorInvalidParameter")
        return size
    return context.preferences.page_size or context.state.settings.default_page


def number(text: str, name: str) -> int:
    """Read the number of a query option; 400 for anything else."""
    if not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)
