"""The document database in memory, with the rules of Firestore that the store relies on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import Any

from common.errors import AlreadyExists, Conflict
from common.store.firestore.documents import (
    REMOVE,
    Create,
    Delete,
    FieldPath,
    Increment,
    Merge,
    Query,
    Replace,
    Snapshot,
    Write,
    Written,
)
from common.store.firestore.values import (
    LARGEST_COMMIT,
    LARGEST_DOCUMENT,
    canonical,
    canonical_fields,
    demand_once,
    document_size,
    refused,
    sort_key,
)
from local.firestore_memory.queries import select


@dataclass(frozen=True, slots=True)
class _Stored:
    data: dict[str, Any]
    version: str


@dataclass(slots=True)
class _Staged:
    """The documents as they will be once the commit is through; None is a deleted one."""

    documents: dict[str, _Stored | None] = field(default_factory=dict)
    size: int = 0


class MemoryDocuments:
    """All documents of one database; safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._collections: defaultdict[str, dict[str, _Stored]] = defaultdict(dict)
        self._versions = count(1)

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        """Read documents in one exchange, in the order asked."""
        with self._lock:
            return tuple(_snapshot(path, self._stored(path)) for path in paths)

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Apply all writes or none."""
        demand_once([write.path for write in writes])
        with self._lock:
            staged = _Staged()
            written = tuple(self._stage(staged, write) for write in writes)
            if staged.size > LARGEST_COMMIT:
                raise refused("a commit has at most 10 MiB")
            for path, stored in staged.documents.items():
                collection, _, name = path.rpartition("/")
                if stored is None:
                    self._collections[collection].pop(name, None)
                else:
                    self._collections[collection][name] = stored
            return written

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """The matching documents in order."""
        with self._lock:
            found = [
                (f"{collection}/{name}", stored)
                for collection, documents in self._collections.items()
                if _asked(collection, query)
                for name, stored in documents.items()
            ]
        versions = {path: stored.version for path, stored in found}
        rows = select(((path, stored.data) for path, stored in found), query)
        return tuple(Snapshot(path, canonical_fields(data), versions[path]) for path, data in rows)

    def paths(self) -> tuple[str, ...]:
        """The paths of all documents, for checks that nothing is left."""
        with self._lock:
            return tuple(
                f"{collection}/{name}"
                for collection, documents in sorted(self._collections.items())
                for name in sorted(documents)
            )

    def _stored(self, path: str) -> _Stored | None:
        collection, _, name = path.rpartition("/")
        return self._collections[collection].get(name) if collection in self._collections else None

    def _stage(self, staged: _Staged, write: Write) -> Written:
        current = self._stored(write.path)
        _demand(write, current)
        if isinstance(write, Delete):
            staged.documents[write.path] = None
            return Written(None)
        results: tuple[Any, ...] = ()
        if isinstance(write, Merge):
            data, results = _merged(current.data if current else {}, write.fields)
        else:
            data = canonical_fields(write.data)
        weight = document_size(write.path, data)
        if weight > LARGEST_DOCUMENT:
            raise refused("a document has at most 1 MiB")
        staged.size += weight
        if current is None or current.data != data or sort_key(current.data) != sort_key(data):
            current = _Stored(data, f"{next(self._versions):012}")
        staged.documents[write.path] = current
        return Written(current.version, results)


def _snapshot(path: str, stored: _Stored | None) -> Snapshot:
    if stored is None:
        return Snapshot(path, None, None)
    return Snapshot(path, canonical_fields(stored.data), stored.version)


def _asked(collection: str, query: Query) -> bool:
    if not query.group:
        return collection == query.collection
    if query.collection.endswith("/"):
        return collection.startswith(query.collection)
    return collection.rpartition("/")[2] == query.collection


def _demand(write: Write, current: _Stored | None) -> None:
    if isinstance(write, Create) and current is not None:
        raise AlreadyExists("a document of this name exists")
    version = write.version if isinstance(write, Replace | Merge | Delete) else None
    if version is not None and (current is None or current.version != version):
        raise Conflict("the document changed meanwhile")
    if isinstance(write, Merge) and write.must_exist and current is None:
        raise Conflict("the document is gone")


def _merged(
    data: Mapping[str, Any], fields: Mapping[FieldPath, Any]
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    merged = canonical_fields(data)
    for path, value in fields.items():
        if not isinstance(value, Increment):
            _place(merged, path, value)
    results: list[Any] = []
    for path, value in fields.items():
        if isinstance(value, Increment):
            before = _at(merged, path)
            counts = isinstance(before, int | float) and not isinstance(before, bool)
            results.append((before if counts else 0) + value.by)
            _place(merged, path, results[-1])
    return canonical_fields(merged), tuple(results)


def _at(data: Mapping[str, Any], path: FieldPath) -> Any:
    value: Any = data
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _place(data: dict[str, Any], path: FieldPath, value: Any) -> None:
    *parents, last = path
    for name in parents:
        inner = data.get(name)
        if not isinstance(inner, dict):
            if value is REMOVE:
                return
            inner = data[name] = {}
        data = inner
    if value is REMOVE:
        data.pop(last, None)
    else:
        data[last] = canonical(value)
