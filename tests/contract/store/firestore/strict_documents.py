"""A document database under watch: it refuses what only production would refuse, and can lose answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import StoreUnavailable
from common.store.firestore.documents import (
    NAME,
    Create,
    Documents,
    Put,
    Query,
    Replace,
    Snapshot,
    Write,
    Written,
)

INDEXES = Path(__file__).parents[4] / "terraform" / "indexes.json"


def needed(query: Query) -> dict | None:
    """The composite index that a query needs, or None where single-field indexes serve it."""
    equal = sorted({name for name, operator, _ in query.filters if operator in {"==", "in"}})
    ranged = sorted({name for name, operator, _ in query.filters if operator not in {"==", "in"}})
    order = [name for name in query.order if name != NAME]
    order += [name for name in ranged if name not in {item.lstrip("-") for item in order}]
    if not order or (len(order) == 1 and not equal):
        return None
    return {
        "collectionGroup": query.collection.rpartition("/")[2],
        "queryScope": "COLLECTION_GROUP" if query.group else "COLLECTION",
        "equal": equal,
        "order": [
            (name.lstrip("-"), "DESCENDING" if name.startswith("-") else "ASCENDING") for name in order
        ],
    }


def unserved(query: Query, indexes: dict) -> str | None:
    """What the index file lacks for a query."""
    group = query.collection.rpartition("/")[2]
    overrides = {
        item["fieldPath"]: item["indexes"]
        for item in indexes["fieldOverrides"]
        if item["collectionGroup"] == group
    }
    composite = needed(query)
    if composite is not None:
        fits = any(_fits(index, composite) for index in indexes["indexes"])
        return None if fits else f"a composite index {composite}"
    fields = {name for name, _, _ in query.filters} | {
        item.lstrip("-") for item in query.order if item != NAME
    }
    scope = "COLLECTION_GROUP" if query.group else "COLLECTION"
    for name in fields:
        if name in overrides or query.group:
            scopes = {item["queryScope"] for item in overrides.get(name, [])}
            if scope not in scopes:
                return f"a single-field index {group}.{name} for {scope}"
    return None


def _fits(index: dict, wanted: dict) -> bool:
    fields = [(item["fieldPath"], item["order"]) for item in index["fields"]]
    count = len(wanted["equal"])
    return (
        index["collectionGroup"] == wanted["collectionGroup"]
        and index["queryScope"] == wanted["queryScope"]
        and sorted(name for name, _ in fields[:count]) == wanted["equal"]
        and fields[count:] == wanted["order"]
    )


@dataclass
class Watched:
    """A database that refuses what production would: queries without an index, expiry without a policy.

    ``lost`` counts the next commits whose answer gets lost after they were applied.
    """

    inner: Documents
    indexes: dict = field(default_factory=lambda: json.loads(INDEXES.read_text()))
    lost: int = 0
    commits: list[tuple[Write, ...]] = field(default_factory=list)
    reads: list[tuple[str, ...]] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        self.reads.append(tuple(paths))
        return self.inner.get(paths)

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        for write in writes:
            if isinstance(write, Create | Put | Replace) and "expires_at" in write.data:
                assert write.path.split("/")[-2] in self._expiring()
        written = self.inner.commit(writes)
        self.commits.append(tuple(writes))
        if self.lost:
            self.lost -= 1
            raise StoreUnavailable("the answer was lost", code="commit_unknown")
        return written

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        self.queries.append(query)
        assert unserved(query, self.indexes) is None
        return self.inner.query(query)

    def _expiring(self) -> set[str]:
        return {item["collectionGroup"] for item in self.indexes["fieldOverrides"] if item.get("ttl")}
