"""Remembers the settings behind slot questions, for as long as a small document (the stamp) is unchanged.

A slot question needs the tenant, the service, the resource and its connections, which hardly ever change.
Every commit that changes a service, a resource or a connection also counts up the tenant's stamp, so an
instance that finds the stamp as it was need not read them again. The tenant's record is read each time: its
own version is its stamp. The rule is applied to the paths of a commit, in one place: no repository can
forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from common.domain.calendar.connection import Connection
from common.domain.catalogue.records import Resource, Service, Tenant
from common.domain.shared.bounded_cache import BoundedCache
from common.store import paths
from common.store.firestore.documents import Documents, Increment, Merge, Query, Snapshot, Write, Written

MOST_REMEMBERED = 512
# Whoever changes a document by hand changes no stamp: after this, everything is read again.
LONGEST_SECONDS = 60.0
_ROOT = "tenants"
_STAMPED = frozenset({"resources", "services", paths.CONNECTIONS})
_PARTS = 4


@dataclass(frozen=True, slots=True)
class SlotSettings:
    """What a slot question needs besides the agenda, as it was under the versions ``stamps``."""

    stamps: tuple[str | None, str | None]
    tenant: Tenant
    service: Service
    resources: Mapping[str, Resource]
    connections: Mapping[str, tuple[Connection, ...]]


Key = tuple[str, str, tuple[str, ...]]


class SettingsCache:
    """The settings behind the latest questions of this instance; nothing is valid without its stamp."""

    def __init__(self, ticks: Callable[[], float] = monotonic) -> None:
        """Start with nothing; ``ticks`` are seconds on any scale."""
        self._ticks = ticks
        self._kept: BoundedCache[Key, tuple[float, SlotSettings]] = BoundedCache(MOST_REMEMBERED)

    def recall(self, key: Key) -> SlotSettings | None:
        """What was kept a short while ago."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        since, settings = kept
        return None if self._ticks() - since > LONGEST_SECONDS else settings

    def keep(self, key: Key, settings: SlotSettings) -> None:
        """Keep it instead of what was there; the oldest goes first."""
        self._kept.put(key, (self._ticks(), settings))


class StampedDocuments:
    """Documents whose commits count up the stamps of the tenants whose settings they change."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        """Read documents in one exchange, in the order asked."""
        return self._documents.get(paths)

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """The matching documents in order."""
        return self._documents.query(query)

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Apply all writes or none, together with the stamps; the answer is about the writes alone."""
        named = {write.path for write in writes}
        changed = dict.fromkeys(stamp for write in writes for stamp in _stamps(write))
        stamps = [Merge(path, {("changes",): Increment(1)}) for path in changed if path not in named]
        return self._documents.commit([*writes, *stamps])[: len(writes)]


def _stamps(write: Write) -> tuple[str, ...]:
    """The stamp that a write makes wrong; a write without fields only demands a version."""
    if isinstance(write, Merge) and not write.fields:
        return ()
    parts = write.path.split("/")
    settings = len(parts) == _PARTS and parts[0] == _ROOT and parts[2] in _STAMPED
    return (paths.settings_version(parts[1]),) if settings else ()
