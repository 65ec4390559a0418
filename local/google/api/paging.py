"""Keeps what a listing found when it began, and hands it out page by page."""

from collections import OrderedDict
from dataclasses import dataclass

from local.google.errors import Json, invalid

MOST_OPEN = 500
PAGE_PARAMETERS = frozenset({"pageToken", "maxResults", "fields"})


@dataclass(frozen=True, slots=True)
class OpenListing:
    """The items of a listing, and the sync token that its last page carries."""

    key: str
    query: Json
    items: list[Json]
    sync_token: str


class OpenListings:
    """The listings that can still be continued."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, OpenListing] = OrderedDict()
        self._count = 0

    def remember(self, *, resource: str, query: Json, items: list[Json], sync_token: str) -> OpenListing:
        """Remember a listing."""
        self._count += 1
        listing = OpenListing(f"Ck{self._count:06d}", _listing_query(resource, query), items, sync_token)
        self._open[listing.key] = listing
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return listing

    def find(self, token: str, *, resource: str, query: Json) -> tuple[OpenListing, int]:
        """The listing and position of a page token; 400 if it belongs to another question."""
        key, _, offset = token.partition(".")
        listing = self._open.get(key)
        if listing is None or not offset.isdigit() or listing.query != _listing_query(resource, query):
            raise invalid("Invalid page token value.", "pageToken")
        return listing, int(offset)

    def forget(self) -> None:
        """Drop every page token."""
        self._open.clear()


def _listing_query(resource: str, query: Json) -> Json:
    return {"resource": resource} | {
        name: value for name, value in query.items() if name not in PAGE_PARAMETERS
    }


def page_of(listing: OpenListing, offset: int, size: int, page_fault: str) -> Json:
    """One page's items and token: a page token, or on the last page the sync token."""
    if page_fault == "empty":
        return {"items": [], "nextPageToken": f"{listing.key}.{offset}"}
    size = 1 if page_fault == "short" else size
    following = offset + size
    answer: Json = {"items": listing.items[offset:following]}
    if page_fault == "loop":
        return answer | {"nextPageToken": f"{listing.key}.{offset}"}
    if following < len(listing.items):
        return answer | {"nextPageToken": f"{listing.key}.{following}"}
    return answer | ({"nextSyncToken": listing.sync_token} if listing.sync_token else {})
