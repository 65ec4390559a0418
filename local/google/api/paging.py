"""Pages of a listing: the result is kept when its first page is asked for, and handed out page by page."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from local.google.errors import Json, invalid

MOST_OPEN = 500
PAGE_PARAMETERS = frozenset({"pageToken", "maxResults", "fields"})


@dataclass(frozen=True, slots=True)
class OpenListing:
    """The items that a listing had when it began, and the sync token that belongs on its last page."""

    key: str
    query: Json
    items: list[Json]
    sync_token: str


class OpenListings:
    """Keeps the latest listings, so that their next pages can be asked for by page token."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, OpenListing] = OrderedDict()
        self._count = 0

    def remember(self, *, resource: str, query: Json, items: list[Json], sync_token: str) -> OpenListing:
        """Keep the items of a new listing; the oldest listing is forgotten when there are too many."""
        self._count += 1
        listing = OpenListing(f"Ck{self._count:06d}", _listing_query(resource, query), items, sync_token)
        self._open[listing.key] = listing
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return listing

    def find(self, token: str, *, resource: str, query: Json) -> tuple[OpenListing, int]:
        """Return the listing and the offset that a page token stands for.

        Answers 400 if the token is unknown or was given for another resource or other parameters.
        """
        key, offset, *_ = [*token.split("."), ""]
        listing = self._open.get(key)
        if listing is None or not offset.isdigit() or listing.query != _listing_query(resource, query):
            raise invalid("Invalid page token value.", "pageToken")
        return listing, int(offset)

    def forget(self) -> None:
        """Make every page token invalid."""
        self._open.clear()


def _listing_query(resource: str, query: Json) -> Json:
    return {"resource": resource} | {
        name: value for name, value in query.items() if name not in PAGE_PARAMETERS
    }


def page_of(listing: OpenListing, offset: int, size: int, page_fault: str) -> Json:
    """One page of a listing: its items, and the next page token or, on the last page, the sync token (G4).

    A scripted fault makes it empty or short (G6), gives it no end, leaves the sync token out (G5) or
    whatever takes whole days (G18).
    """
    if page_fault == "empty":
        return {"items": [], "nextPageToken": f"{listing.key}.{offset}"}
    size = 1 if page_fault == "short" else size
    following = offset + size
    answer: Json = {"items": listing.items[offset:following]}
    if page_fault == "timed":
        answer["items"] = [item for item in answer["items"] if "date" not in item.get("start", {})]
    if page_fault == "endless":
        return answer | {"nextPageToken": f"{listing.key}.{offset}.{secrets.token_hex(4)}"}
    if page_fault == "loop":
        return answer | {"nextPageToken": f"{listing.key}.{offset}"}
    if following < len(listing.items):
        return answer | {"nextPageToken": f"{listing.key}.{following}"}
    with_token = listing.sync_token and page_fault != "tokenless"
    return answer | ({"nextSyncToken": listing.sync_token} if with_token else {})
