"""Reads everything that a slot question needs in one batch; unchanged settings are remembered between two."""

from __future__ import annotations

from collections.abc import Sequence

from common.domain.calendar.interval import Interval
from common.domain.slots.agenda import weeks_of
from common.domain.slots.slot_snapshot import SlotSnapshot
from common.store import paths
from common.store.catalogue import RESOURCE, SERVICE, TENANT, existing
from common.store.connect.connections import live_by_resource
from common.store.firestore.documents import Documents, Snapshot
from common.store.slots.agenda import read_agenda
from common.store.slots.settings_cache import Key, SettingsCache, SlotSettings


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
