"""The catalogue in documents, and the one batched read behind a slot question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from common.domain.account import Connection
from common.domain.agenda import Agenda, weeks
from common.domain.catalogue import Absence, Resource, Service, Tenant
from common.domain.interval import Interval
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.ports.catalogue import Scene
from common.store import paths
from common.store.agenda import pair, read_agenda
from common.store.catalogue_records import ABSENCE, RESOURCE, SERVICE, TENANT
from common.store.codec import Form
from common.store.connections import live_by_resource
from common.store.documents import (
    REMOVE,
    Create,
    Delete,
    Documents,
    Merge,
    Put,
    Query,
    Replace,
    Snapshot,
    Write,
)

T = TypeVar("T")

_TRIES = 5


class StoredCatalogue:
    """Tenants, resources, services and absences."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def tenant(self, tenant: str) -> Tenant:
        """Raises UnknownResource where there is none."""
        return self._one(paths.tenant(tenant), TENANT)

    def save_tenant(self, tenant: Tenant) -> None:
        """Create or replace."""
        self._documents.commit([Put(paths.tenant(tenant.id), TENANT.write(tenant))])

    def resource(self, tenant: str, resource: str) -> Resource:
        """Raises UnknownResource where there is none."""
        return self._one(paths.resource(tenant, resource), RESOURCE)

    def resources(self, tenant: str) -> tuple[Resource, ...]:
        """All of a tenant's resources."""
        return self._all(paths.within(tenant, "resources"), RESOURCE)

    def save_resource(self, tenant: str, resource: Resource) -> None:
        """Create or replace."""
        self._documents.commit([Put(paths.resource(tenant, resource.id), RESOURCE.write(resource))])

    def service(self, tenant: str, service: str) -> Service:
        """Raises UnknownResource where there is none."""
        return self._one(paths.service(tenant, service), SERVICE)

    def services(self, tenant: str) -> tuple[Service, ...]:
        """All of a tenant's services."""
        return self._all(paths.within(tenant, "services"), SERVICE)

    def save_service(self, tenant: str, service: Service) -> None:
        """Create or replace."""
        self._documents.commit([Put(paths.service(tenant, service.id), SERVICE.write(service))])

    def absences(self, tenant: str, resource: str) -> tuple[Absence, ...]:
        """All of a resource's absences."""
        return self._all(paths.absences(tenant, resource), ABSENCE)

    def save_absence(self, tenant: str, resource: str, absence: Absence) -> None:
        """Create or replace, together with the agenda weeks that it touches."""
        path = paths.absence(tenant, resource, absence.id)
        data, new = ABSENCE.write(absence), set(weeks(absence.interval))
        for _ in range(_TRIES):
            (stored,) = self._documents.get([path])
            old = _absence_weeks(stored)
            document = (
                Create(path, data) if stored.version is None else Replace(path, data, version=stored.version)
            )
            agenda = self._agenda_writes(
                tenant,
                resource,
                {week: pair(absence.interval) for week in new} | dict.fromkeys(old - new, REMOVE),
                absence.id,
            )
            try:
                self._documents.commit([document, *agenda])
            except (AlreadyExists, Conflict):
                continue
            return
        raise Conflict("others keep changing this absence")

    def delete_absence(self, tenant: str, resource: str, absence: str) -> None:
        """Remove, together with its agenda entries; raises UnknownResource where there is none."""
        path = paths.absence(tenant, resource, absence)
        (stored,) = self._documents.get([path])
        if stored.data is None:
            raise UnknownResource("there is no such absence")
        removed = dict.fromkeys(_absence_weeks(stored), REMOVE)
        writes = self._agenda_writes(tenant, resource, removed, absence)
        self._documents.commit([Delete(path, version=stored.version), *writes])

    def scene(self, tenant: str, service: str, resources: Sequence[str], window: Interval) -> Scene:
        """Everything a slot question needs; an empty ``resources`` means all of the service's."""
        head = [paths.tenant(tenant), paths.service(tenant, service)]
        if resources:
            found = self._documents.get(head + self._resource_paths(tenant, resources, window))
        else:
            found = self._documents.get(head)
        the_tenant, the_service = _existing(found[0], TENANT), _existing(found[1], SERVICE)
        wanted = tuple(dict.fromkeys(resources or the_service.resources))
        rest = found[2:] if resources else self._documents.get(self._resource_paths(tenant, wanted, window))
        per_resource = len(weeks(window)) + 1
        groups = {
            name: rest[at * per_resource : (at + 1) * per_resource]
            for at, name in enumerate(wanted)
            if resources or rest[at * per_resource].data is not None
        }
        return Scene(
            tenant=the_tenant,
            service=the_service,
            resources={name: _existing(group[0], RESOURCE) for name, group in groups.items()},
            agendas={name: read_agenda(group[1:]) for name, group in groups.items()},
            connections=self._connections(tenant, tuple(groups)),
        )

    def agenda(self, tenant: str, resource: str, window: Interval) -> Agenda:
        """The stored busy times of a resource."""
        return read_agenda(
            self._documents.get([paths.agenda(tenant, resource, week) for week in weeks(window)])
        )

    def _resource_paths(self, tenant: str, resources: Sequence[str], window: Interval) -> list[str]:
        return [
            path
            for name in dict.fromkeys(resources)
            for path in (
                paths.resource(tenant, name),
                *(paths.agenda(tenant, name, week) for week in weeks(window)),
            )
        ]

    def _connections(self, tenant: str, resources: Sequence[str]) -> Mapping[str, tuple[Connection, ...]]:
        return live_by_resource(self._documents, tenant, resources)

    def _agenda_writes(
        self, tenant: str, resource: str, by_week: Mapping[str, Any], absence: str
    ) -> list[Write]:
        return [
            Merge(paths.agenda(tenant, resource, week), {("absences", absence): times})
            for week, times in sorted(by_week.items())
        ]

    def _one(self, path: str, form: Form[T]) -> T:
        (snapshot,) = self._documents.get([path])
        return _existing(snapshot, form)

    def _all(self, collection: str, form: Form[T]) -> tuple[T, ...]:
        return tuple(form.read(found.data) for found in self._documents.query(Query(collection)))


def _existing(snapshot: Snapshot, form: Form[T]) -> T:
    if snapshot.data is None:
        raise UnknownResource("there is no such thing")
    return form.read(snapshot.data)


def _absence_weeks(stored: Snapshot) -> set[str]:
    return set(weeks(ABSENCE.read(stored.data).interval)) if stored.data is not None else set()
