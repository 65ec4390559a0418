"""What the provider's redirect brings back after a consent, and where the browser is sent from there."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import ConfigDict, Field

from common.api.http import Reply
from common.api.models import Model

# What a person reads where there is no page to go back to. Nothing of the request is repeated.
PAGES = {
    "state_expired_or_used": "This link has expired or was used already. Please start again.",
}
DEFAULT_PAGE = "The calendar was not connected. Please start again."
_NUMBER = re.compile(r"AADSTS([0-9]{4,9})\b")
Opaque = Annotated[str, Field(max_length=4096)]


class Callback(Model):
    """The query of the redirect; providers add parameters of their own, which are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    state: Annotated[str, Field(min_length=1, max_length=512)]
    code: Opaque | None = None
    error: Annotated[str, Field(max_length=200)] | None = None
    iss: Annotated[str, Field(max_length=500)] | None = None
    error_description: str = Field(default="", repr=False)

    @property
    def error_number(self) -> int | None:
        """What Microsoft's description of an error begins with; nothing else of it is read."""
        return error_number_in(self.error_description)


def error_number_in(description: str) -> int | None:
    """The AADSTS number of a description: https://learn.microsoft.com/entra/identity-platform/reference-error-codes."""
    found = _NUMBER.match(description)
    return int(found.group(1)) if found else None


def redirect_back(outcome: str, *, return_to: str | None, connection: str | None) -> Reply:
    """A redirect to the registered return address with the outcome, or a plain page without one.

    ``return_to`` comes from the stored state, where it was compared with the tenant's list.
    """
    if return_to is None:
        text = PAGES.get(outcome, DEFAULT_PAGE)
        return Reply(body=text, status=400, content_type="text/plain; charset=utf-8")
    added = {"outcome": outcome} | ({"connection": connection} if connection else {})
    parts = urlsplit(return_to)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added.items()])
    return Reply(status=303, headers={"Location": urlunsplit(parts._replace(query=query))})
