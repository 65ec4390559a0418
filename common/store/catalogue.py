"""The catalogue in documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from common.domain.agenda import Agenda, weeks
from common.domain.catalogue import Absence, Resource, Service, Tenant
from common.domain.interval import Interval
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.ports.catalogue import Scene
from common.store import paths
from common.store.agenda import pair, read_agenda
from common.store.catalogue_records import ABSENCE, RESOURCE, SERVICE, TENANT
from common.store.codec import Form
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
from common.store.scenes import Scenes, existing

V = TypeVar("V", Tenant, Resource, Service, Absence)

_TRIES = 5


class StoredCatalogue:
    """Tenants, resources, services and absences."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._scenes = Scenes(documents)

    def tenant(self, tenant: str) -> Tenant:
        """Raises UnknownResource where there is none."""
        return self._one(paths.tenant(tenant), TENANT)

    def save_tenant(self, tenant: Tenant, *, new: bool = False) -> Tenant:
        """Create or replace; see ``Catalogue``."""
        return self._save(paths.tenant(tenant.id), TENANT, tenant, new=new)

    def resource(self, tenant: str, resource: str) -> Resource:
        """Raises UnknownResource where there is none."""
        return self._one(paths.resource(tenant, resource), RESOURCE)

    def resources(self, tenant: str) -> tuple[Resource, ...]:
        """All of a tenant's resources."""
        return self._all(paths.within(tenant, "resources"), RESOURCE)

    def save_resource(self, tenant: str, resource: Resource, *, new: bool = False) -> Resource:
        """Create or replace; see ``Catalogue``."""
        return self._save(paths.resource(tenant, resource.id), RESOURCE, resource, new=new)

    def service(self, tenant: str, service: str) -> Service:
        """Raises UnknownResource where there is none."""
        return self._one(paths.service(tenant, service), SERVICE)

    def services(self, tenant: str) -> tuple[Service, ...]:
        """All of a tenant's services."""
        return self._all(paths.within(tenant, "services"), SERVICE)

    def save_service(
        self, tenant: str, service: Service, *, new: bool = False, offered_by: Sequence[Resource] = ()
    ) -> Service:
        """Create or replace, if the resources ``offered_by`` are as they were read; see ``Catalogue``."""
        path, standing = paths.service(tenant, service.id), _standing(tenant, offered_by)
        return self._save(path, SERVICE, service, new=new, beside=standing)

    def delete_service(self, tenant: str, service: Service) -> None:
        """Remove, if it is as it was read; else raises Conflict."""
        self._documents.commit([Delete(paths.service(tenant, service.id), version=service.version)])

    def absence(self, tenant: str, resource: str, absence: str) -> Absence:
        """Raises UnknownResource where there is none."""
        return self._one(paths.absence(tenant, resource, absence), ABSENCE)

    def absences(self, tenant: str, resource: str) -> tuple[Absence, ...]:
        """All of a resource's absences."""
        return self._all(paths.absences(tenant, resource), ABSENCE)

    def save_absence(
        self,
        tenant: str,
        resource: str,
        absence: Absence,
        *,
        new: bool = False,
        of: Resource | None = None,
    ) -> Absence:
        """Create or replace, together with the agenda weeks that it touches; see ``Catalogue``."""
        standing = _standing(tenant, [of] if of else [])
        path, touched = paths.absence(tenant, resource, absence.id), set(weeks(absence.interval))
        for _ in range(_TRIES):
            (stored,) = self._documents.get([path])
            if new and stored.data is not None:
                raise AlreadyExists("a document of this name exists")
            if absence.version not in {None, stored.version}:
                raise Conflict("the document changed meanwhile")
            changed: dict[str, Any] = {week: pair(absence.interval) for week in touched}
            changed |= dict.fromkeys(_absence_weeks(stored) - touched, REMOVE)
            agenda = _agenda_writes(tenant, resource, changed, absence.id)
            record = replace(absence, version=stored.version)
            try:
                return self._save(path, ABSENCE, record, new=True, beside=[*agenda, *standing])
            except (AlreadyExists, Conflict):
                continue
        raise Conflict("others keep changing this absence")

    def delete_absence(self, tenant: str, resource: str, absence: str, *, version: str | None = None) -> None:
        """Remove, together with its agenda entries; raises UnknownResource where there is none."""
        path = paths.absence(tenant, resource, absence)
        (stored,) = self._documents.get([path])
        if stored.data is None:
            raise UnknownResource("there is no such absence")
        if version not in {None, stored.version}:
            raise Conflict("the document changed meanwhile")
        removed = dict.fromkeys(_absence_weeks(stored), REMOVE)
        writes = _agenda_writes(tenant, resource, removed, absence)
        self._documents.commit([Delete(path, version=stored.version), *writes])

    def scene(self, tenant: str, service: str, resources: Sequence[str], window: Interval) -> Scene:
        """Everything a slot question needs; an empty ``resources`` means all of the service's."""
        return self._scenes.scene(tenant, service, resources, window)

    def agenda(self, tenant: str, resource: str, window: Interval) -> Agenda:
        """The stored busy times of a resource."""
        return read_agenda(
            self._documents.get([paths.agenda(tenant, resource, week) for week in weeks(window)])
        )

    def _save(self, path: str, form: Form[V], record: V, *, new: bool, beside: Sequence[Write] = ()) -> V:
        """One commit; a record that was read replaces just that version of itself."""
        data, version = form.write(record), record.version
        write: Write = Create(path, data) if new else Put(path, data)
        if version is not None:
            write = Replace(path, data, version=version)
        document, *_ = self._documents.commit([write, *beside])
        return replace(record, version=document.version)

    def _one(self, path: str, form: Form[V]) -> V:
        (snapshot,) = self._documents.get([path])
        return existing(snapshot, form)

    def _all(self, collection: str, form: Form[V]) -> tuple[V, ...]:
        return tuple(existing(found, form) for found in self._documents.query(Query(collection)))


def _standing(tenant: str, resources: Sequence[Resource]) -> list[Write]:
    """Writes that change nothing and demand that resources are as they were read."""
    return [Merge(paths.resource(tenant, item.id), {}, version=item.version) for item in resources]


def _agenda_writes(tenant: str, resource: str, by_week: Mapping[str, Any], absence: str) -> list[Write]:
    return [
        Merge(paths.agenda(tenant, resource, week), {("absences", absence): times})
        for week, times in sorted(by_week.items())
    ]


def _absence_weeks(stored: Snapshot) -> set[str]:
    return set(weeks(ABSENCE.read(stored.data).interval)) if stored.data is not None else set()
