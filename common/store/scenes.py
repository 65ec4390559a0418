"""The one batched read behind a slot question, and what an instance remembers between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from common.domain.agenda import weeks
from common.domain.catalogue import Absence, Resource, Service, Tenant
from common.domain.interval import Interval
from common.errors import UnknownResource
from common.ports.catalogue import Scene
from common.store import paths
from common.store.agenda import read_agenda
from common.store.catalogue_records import RESOURCE, SERVICE, TENANT
from common.store.codec import Form
from common.store.connections import live_by_resource
from common.store.documents import Documents, Snapshot
from common.store.stamps import Key, Remembered, Settings

V = TypeVar("V", Tenant, Resource, Service, Absence)


class Scenes:
    """Puts scenes together."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._remembered = Remembered()

    def scene(self, tenant: str, service: str, resources: Sequence[str], window: Interval) -> Scene:
        """Everything a slot question needs; an empty ``resources`` means all of the service's.

        Where the settings are remembered, only their stamps and the agenda are read.
        """
        key = (tenant, service, tuple(resources))
        known = self._remembered.recall(key)
        if known is not None:
            names = tuple(known.resources)
            stamps = [paths.stamp(tenant), paths.tenant(tenant)]
            found = self._documents.get([*stamps, *_agenda_paths(tenant, names, window)])
            if _stamps(found) == known.stamps:
                return _scene(known, found[2:])
        return self._scene_afresh(key, window)

    def _scene_afresh(self, key: Key, window: Interval) -> Scene:
        """Everything in one batch where the resources are named; their connections are asked last.

        A stamp is read before, or together with, all that it vouches for, so it can only be too old.
        """
        tenant, service, resources = key
        head = [paths.stamp(tenant), paths.tenant(tenant), paths.service(tenant, service)]
        first = [*_resource_paths(tenant, resources), *_agenda_paths(tenant, resources, window)]
        found = self._documents.get([*head, *first])
        the_tenant, the_service = existing(found[1], TENANT), existing(found[2], SERVICE)
        wanted, rest = tuple(dict.fromkeys(resources)), found[3:]
        if not resources:
            wanted = the_service.resources
            rest = self._documents.get(
                [*_resource_paths(tenant, wanted), *_agenda_paths(tenant, wanted, window)]
            )
        weeks_each = len(weeks(window))
        records = dict(zip(wanted, rest, strict=False))
        names = [name for name in wanted if resources or records[name].data is not None]
        settings = Settings(
            stamps=_stamps(found),
            tenant=the_tenant,
            service=the_service,
            resources={name: existing(records[name], RESOURCE) for name in names},
            connections=live_by_resource(self._documents, tenant, names),
        )
        if None not in settings.stamps:
            self._remembered.keep(key, settings)
        agenda = [
            document
            for at, name in enumerate(wanted)
            if name in settings.resources
            for document in rest[len(wanted) + at * weeks_each :][:weeks_each]
        ]
        return _scene(settings, agenda)


def existing(snapshot: Snapshot, form: Form[V]) -> V:
    """The record of a document, with its version; raises UnknownResource where there is none."""
    if snapshot.data is None:
        raise UnknownResource("there is no such thing")
    return replace(form.read(snapshot.data), version=snapshot.version)


def _resource_paths(tenant: str, resources: Sequence[str]) -> list[str]:
    return [paths.resource(tenant, name) for name in dict.fromkeys(resources)]


def _agenda_paths(tenant: str, resources: Sequence[str], window: Interval) -> list[str]:
    touched = weeks(window)
    return [paths.agenda(tenant, name, week) for name in dict.fromkeys(resources) for week in touched]


def _stamps(found: Sequence[Snapshot]) -> tuple[str | None, str | None]:
    """The versions of the stamp and of the tenant, which are read first."""
    return found[0].version, found[1].version


def _scene(settings: Settings, agenda: Sequence[Snapshot]) -> Scene:
    """The settings with the agenda documents, which come resource by resource."""
    names = tuple(settings.resources)
    each = len(agenda) // len(names) if names else 0
    return Scene(
        tenant=settings.tenant,
        service=settings.service,
        resources=settings.resources,
        agendas={name: read_agenda(agenda[at * each : (at + 1) * each]) for at, name in enumerate(names)},
        connections=settings.connections,
    )
