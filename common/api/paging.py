"""Lists over HTTP, page by page: ``limit``, and a ``page_token`` that is good for this very list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import Field

from common.api.http import Call, Json, Reply
from common.api.models import FROM_DIGITS, Id, Model, form, read
from common.domain.issuers import Role
from common.domain.shared.paging import Page, PageRequest
from common.errors import InvalidRequest

T = TypeVar("T")

LIMIT = 50
MOST = 200
_CHECKSUM_BYTES = 12

Limit = Annotated[int, Field(ge=1, le=MOST), FROM_DIGITS]
PageToken = Annotated[
    str, form(r"^[A-Za-z0-9_-]+$", "a page token is sent as it was answered", max_length=600)
]


class ListQuery(Model):
    """The query of every list; ``tenant`` only tells browsers' preflights whose page is calling."""

    limit: Limit = LIMIT
    page_token: PageToken | None = None
    tenant: Id | None = None


def list_reply(
    call: Call,
    name: str,
    find: Callable[[PageRequest], Page[T]],
    view: Callable[[T], Json],
    *,
    query: type[ListQuery] = ListQuery,
) -> Reply:
    """Answer one page of a list under ``name``, with the next page's token; staff see their own.

    Raises:
        InvalidRequest: ``invalid_page_token``: the token is forged, or of another list, query or tenant.
    """
    asked = read(query, call.query)
    scope = _scope(call, name, asked)
    after = None if asked.page_token is None else _place_of(asked.page_token, scope)
    own = None if call.staff.role is Role.OWNER else call.staff.resources
    page = find(PageRequest(asked.limit, after, own))
    following = None if page.next is None else _page_token(page.next, scope)
    return Reply({name: [view(item) for item in page.items], "next_page_token": following})


def _scope(call: Call, name: str, asked: ListQuery) -> str:
    """What a token belongs to: the tenant, the list, and what was asked of it; the limit may change."""
    said = asked.model_dump(mode="json", exclude={"limit", "page_token", "tenant"})
    return json.dumps([call.staff.tenant, name, dict(call.path), said], sort_keys=True)


def _page_token(place: str, scope: str) -> str:
    """The page token for a place in a list.

    It need not be secret: whatever place it names, only the verified tenant's own list is read from there.
    """
    return base64.urlsafe_b64encode(_checksum(place, scope) + place.encode()).rstrip(b"=").decode()


def _place_of(token: str, scope: str) -> str:
    wrong = InvalidRequest("this token is not of this list", code="invalid_page_token")
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        place = raw[_CHECKSUM_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise wrong from None
    if raw[:_CHECKSUM_BYTES] != _checksum(place, scope):
        raise wrong
    return place


def _checksum(place: str, scope: str) -> bytes:
    return hashlib.sha256(f"{scope}\n{place}".encode()).digest()[:_CHECKSUM_BYTES]
