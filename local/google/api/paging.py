"""Keeps what a listing found when it began, and hands it out page by page."""

from collections import OrderedDict
from dataclasses import dataclass

from local.google.errors import Json, invalid

KEPT = 500
LOOSE = frozenset({"pageToken", "maxResults", "fields"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The items of a listing, and the sync token that its last page carries."""

    key: str
    question: Json
    items: list[Json]
    sync_token: str


class Pages:
    """The listings that can still be continued."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()
        self._count = 0

    def keep(self, *, resource: str, query: Json, items: list[Json], sync_token: str) -> Snapshot:
        """Remember a listing."""
        self._count += 1
        snapshot = Snapshot(f"Ck{self._count:06d}", _question(resource, query), items, sync_token)
        self._kept[snapshot.key] = snapshot
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return snapshot

    def find(self, token: str, *, resource: str, query: Json) -> tuple[Snapshot, int]:
        """The listing and position of a page token; 400 if it belongs to another question."""
        key, _, offset = token.partition(".")
        snapshot = self._kept.get(key)
        if snapshot is None or not offset.isdigit() or snapshot.question != _question(resource, query):
            raise invalid("Invalid page token value.", "pageToken")
        return snapshot, int(offset)

    def forget(self) -> None:
        """Drop every page token."""
        self._kept.clear()


def _question(resource: str, query: Json) -> Json:
    return {"resource": resource} | {name: value for name, value in query.items() if name not in LOOSE}


def page(snapshot: Snapshot, offset: int, size: int, fault: str) -> Json:
    """One page's items and token: a page token, or on the last page the sync token."""
    if fault == "empty":
        return {"items": [], "nextPageToken": f"{snapshot.key}.{offset}"}
    size = 1 if fault == "short" else size
    following = offset + size
    answer: Json = {"items": snapshot.items[offset:following]}
    if fault == "loop":
        return answer | {"nextPageToken": f"{snapshot.key}.{offset}"}
    if following < len(snapshot.items):
        return answer | {"nextPageToken": f"{snapshot.key}.{following}"}
    return answer | ({"nextSyncToken": snapshot.sync_token} if snapshot.sync_token else {})
