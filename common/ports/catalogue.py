"""The store of what can be booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from common.domain.account import Connection
    from common.domain.agenda import Agenda
    from common.domain.catalogue import Absence, Resource, Service, Tenant
    from common.domain.interval import Interval


@dataclass(frozen=True, slots=True)
class Scene:
    """What one slot question needs of the store, read in one batch."""

    tenant: Tenant
    service: Service
    resources: Mapping[str, Resource]
    agendas: Mapping[str, Agenda]
    connections: Mapping[str, tuple[Connection, ...]]


class Catalogue(Protocol):
    """Tenants, resources, services and absences.

    A record that was read is saved with its version, and replaces just that; one without a version replaces
    whatever is there, and with ``new`` nothing at all. Every save returns the record with its new version.
    It raises Conflict where another version is stored, and AlreadyExists where a new record is not new.
    """

    def tenant(self, tenant: str) -> Tenant:
        """Raises UnknownResource where there is none."""

    def save_tenant(self, tenant: Tenant, *, new: bool = False) -> Tenant:
        """Create or replace."""

    def resource(self, tenant: str, resource: str) -> Resource:
        """Raises UnknownResource where there is none."""

    def resources(self, tenant: str) -> tuple[Resource, ...]:
        """All of a tenant's resources."""

    def save_resource(self, tenant: str, resource: Resource, *, new: bool = False) -> Resource:
        """Create or replace."""

    def service(self, tenant: str, service: str) -> Service:
        """Raises UnknownResource where there is none."""

    def services(self, tenant: str) -> tuple[Service, ...]:
        """All of a tenant's services."""

    def save_service(
        self, tenant: str, service: Service, *, new: bool = False, offered_by: Sequence[Resource] = ()
    ) -> Service:
        """Create or replace, if the resources ``offered_by`` are as they were read; else raises Conflict."""

    def delete_service(self, tenant: str, service: Service) -> None:
        """Remove, if it is as it was read; else raises Conflict."""

    def absence(self, tenant: str, resource: str, absence: str) -> Absence:
        """Raises UnknownResource where there is none."""

    def absences(self, tenant: str, resource: str) -> tuple[Absence, ...]:
        """All of a resource's absences."""

    def save_absence(
        self,
        tenant: str,
        resource: str,
        absence: Absence,
        *,
        new: bool = False,
        of: Resource | None = None,
    ) -> Absence:
        """Create or replace, together with the agenda weeks that it touches.

        The resource ``of`` which it is must be as it was read; else raises Conflict.
        """

    def delete_absence(self, tenant: str, resource: str, absence: str, *, version: str | None = None) -> None:
        """Remove, together with its agenda entries; raises UnknownResource where there is none.

        Raises Conflict where another ``version`` is stored than the given one.
        """

    def scene(self, tenant: str, service: str, resources: Sequence[str], window: Interval) -> Scene:
        """Everything a slot question needs; an empty ``resources`` means all of the service's."""

    def agenda(self, tenant: str, resource: str, window: Interval) -> Agenda:
        """The stored busy times of a resource."""
