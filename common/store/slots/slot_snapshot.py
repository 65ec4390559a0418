"""The batched read behind a slot question, and the settings that an instance remembers between two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from common.domain.calendar.connection import Connection
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource, Service, Tenant
from common.domain.shared.bounded_cache import BoundedCache
from common.domain.slots.agenda import weeks_of
from common.domain.slots.slot_answers import SlotSnapshot
from common.store import paths
from common.store.catalogue import RESOURCE, SERVICE, TENANT, existing
from common.store.connect import live_by_resource
from common.store.firestore.documents import Documents, Increment, Merge, Query, Snapshot, Write, Written
from common.store.slots.agenda import read_agenda

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
        changed = dict.fromkeys(stamp for write in writes for stamp in _stamp_paths(write))
        stamps = [Merge(path, {("changes",): Increment(1)}) for path in changed if path not in named]
        return self._documents.commit([*writes, *stamps])[: len(writes)]


def _stamp_paths(write: Write) -> tuple[str, ...]:
    """The stamp that a write makes wrong; a write without fields only demands a version."""
    if isinstance(write, Merge) and not write.fields:
        return ()
    parts = write.path.split("/")
    settings = len(parts) == _PARTS and parts[0] == _ROOT and parts[2] in _STAMPED
    return (paths.settings_version(parts[1]),) if settings else ()


class SlotSnapshots:
    """Reads slot snapshots."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._settings = SettingsCache()

    def read(self, tenant: str, service: str, resources: Sequence[str], window: Interval) -> SlotSnapshot:
        """Everything a slot question needs; an empty ``resources`` means all of the service's.

        Where the settings are remembered, only their stamps and the agenda are read.
        """
        key = (tenant, service, tuple(resources))
        known = self._settings.recall(key)
        if known is not None:
            names = tuple(known.resources)
            stamps = [paths.settings_version(tenant), paths.tenant(tenant)]
            found = self._documents.get([*stamps, *_agenda_paths(tenant, names, window)])
            if _stamps(found) == known.stamps:
                return _snapshot(known, found[2:])
        return self._read_all(key, window)

    def _read_all(self, key: Key, window: Interval) -> SlotSnapshot:
        """Everything in one batch where the resources are named; their connections are asked last.

        A stamp is read before, or together with, all that it vouches for, so it can only be too old.
        """
        tenant, service, resources = key
        head = [paths.settings_version(tenant), paths.tenant(tenant), paths.service(tenant, service)]
        first = [*_resource_paths(tenant, resources), *_agenda_paths(tenant, resources, window)]
        found = self._documents.get([*head, *first])
        the_tenant, the_service = existing(found[1], TENANT), existing(found[2], SERVICE)
        wanted, rest = tuple(dict.fromkeys(resources)), found[3:]
        if not resources:
            wanted = the_service.resources
            rest = self._documents.get(
                [*_resource_paths(tenant, wanted), *_agenda_paths(tenant, wanted, window)]
            )
        weeks_each = len(weeks_of(window))
        records = dict(zip(wanted, rest, strict=False))
        names = [name for name in wanted if resources or records[name].data is not None]
        settings = SlotSettings(
            stamps=_stamps(found),
            tenant=the_tenant,
            service=the_service,
            resources={name: existing(records[name], RESOURCE) for name in names},
            connections=live_by_resource(self._documents, tenant, names),
        )
        if None not in settings.stamps:
            self._settings.keep(key, settings)
        agenda = [
            document
            for at, name in enumerate(wanted)
            if name in settings.resources
            for document in rest[len(wanted) + at * weeks_each :][:weeks_each]
        ]
        return _snapshot(settings, agenda)


def _resource_paths(tenant: str, resources: Sequence[str]) -> list[str]:
    return [paths.resource(tenant, name) for name in dict.fromkeys(resources)]


def _agenda_paths(tenant: str, resources: Sequence[str], window: Interval) -> list[str]:
    touched = weeks_of(window)
    return [paths.agenda(tenant, name, week) for name in dict.fromkeys(resources) for week in touched]


def _stamps(found: Sequence[Snapshot]) -> tuple[str | None, str | None]:
    """The versions of the stamp and of the tenant, which are read first."""
    return found[0].version, found[1].version


def _snapshot(settings: SlotSettings, agenda: Sequence[Snapshot]) -> SlotSnapshot:
    """The settings with the agenda documents, which come resource by resource."""
    names = tuple(settings.resources)
    each = len(agenda) // len(names) if names else 0
    return SlotSnapshot(
        tenant=settings.tenant,
        service=settings.service,
        resources=settings.resources,
        agendas={name: read_agenda(agenda[at * each : (at + 1) * each]) for at, name in enumerate(names)},
        connections=settings.connections,
    )
