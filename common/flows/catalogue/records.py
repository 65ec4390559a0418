"""Creates, replaces and removes tenants, services, resources and absences, each only as the caller saw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from common.domain.catalogue.records import Absence, Resource, Service, Tenant
from common.domain.shared.concurrency import NOTHING_DEMANDED, Condition, retry_conflicts
from common.errors import AlreadyExists, Conflict, InUse, InvalidRequest, UnknownResource
from common.ports import Ports

R = TypeVar("R", Tenant, Resource, Service, Absence)
BUSY = "others keep changing this record"


@dataclass(frozen=True, slots=True)
class SavedRecord(Generic[R]):
    """The record as it is stored now, and whether it is new."""

    record: R
    created: bool


def save_tenant(
    ports: Ports, *, tenant: Tenant, condition: Condition = NOTHING_DEMANDED
) -> SavedRecord[Tenant]:
    """Create or replace the tenant's own record; ``condition`` is what the caller demands of the stored one.

    Raises:
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    return create_or_replace(
        tenant,
        condition,
        read=lambda: ports.catalogue.tenant(tenant.id),
        write=lambda version: ports.catalogue.save_tenant(
            replace(tenant, version=version), new=version is None
        ),
    )


def save_resource(
    ports: Ports, *, tenant: str, resource: Resource, condition: Condition = NOTHING_DEMANDED
) -> SavedRecord[Resource]:
    """Create or replace a resource; ``condition`` is what the caller demands of the stored one.

    Raises:
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    return create_or_replace(
        resource,
        condition,
        read=lambda: ports.catalogue.resource(tenant, resource.id),
        write=lambda version: ports.catalogue.save_resource(
            tenant, replace(resource, version=version), new=version is None
        ),
    )


def save_service(
    ports: Ports, *, tenant: str, service: Service, condition: Condition = NOTHING_DEMANDED
) -> SavedRecord[Service]:
    """Create or replace a service; the commit demands that none of its resources is removed meanwhile.

    Raises:
        InvalidRequest: It names a resource that does not exist (``unknown_resource``).
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it, or its resources.
    """

    def write(version: str | None) -> Service:
        try:
            offered_by = [ports.catalogue.resource(tenant, name) for name in service.resources]
        except UnknownResource:
            raise InvalidRequest(
                "the service names a resource that does not exist", code="unknown_resource"
            ) from None
        record = replace(service, version=version)
        return ports.catalogue.save_service(tenant, record, new=version is None, offered_by=offered_by)

    return create_or_replace(
        service, condition, read=lambda: ports.catalogue.service(tenant, service.id), write=write
    )


def delete_service(
    ports: Ports, *, tenant: str, service: str, condition: Condition = NOTHING_DEMANDED
) -> None:
    """Remove a service that is switched off and was never booked.

    What was booked names its service, in calendars and in records, and has to be erased with a customer.

    Raises:
        UnknownResource: There is no such service.
        StaleVersion: It is not at a version that the caller saw.
        InUse: It can be booked (``still_active``), or has been (``has_bookings``).
        Conflict: Others keep changing it.
    """

    def delete() -> None:
        found = ports.catalogue.service(tenant, service)
        condition.insist(found.version)
        if found.active:
            raise InUse("switch the service off first, so that nobody books it now", code="still_active")
        if ports.bookings.ever_booked(tenant, found.id):
            raise InUse("it has been booked; what is switched off is offered to nobody", code="has_bookings")
        ports.catalogue.delete_service(tenant, found)

    retry_conflicts(delete, message=BUSY)


def save_absence(
    ports: Ports, *, tenant: str, resource: str, absence: Absence, condition: Condition = NOTHING_DEMANDED
) -> SavedRecord[Absence]:
    """Create or replace an absence; its time is taken, and the old one free, in the same commit.

    Raises:
        UnknownResource: There is no such resource.
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """

    def write(version: str | None) -> Absence:
        of = ports.catalogue.resource(tenant, resource)
        record = replace(absence, version=version)
        return ports.catalogue.save_absence(tenant, resource, record, new=version is None, of=of)

    return create_or_replace(
        absence, condition, read=lambda: ports.catalogue.absence(tenant, resource, absence.id), write=write
    )


def delete_absence(
    ports: Ports, *, tenant: str, resource: str, absence: str, condition: Condition = NOTHING_DEMANDED
) -> None:
    """Remove an absence; its time is free in the same commit.

    Raises:
        UnknownResource: There is no such absence.
        StaleVersion: It is not at a version that the caller saw.
        Conflict: Others keep changing it.
    """

    def delete() -> None:
        found = ports.catalogue.absence(tenant, resource, absence)
        condition.insist(found.version)
        ports.catalogue.delete_absence(tenant, resource, absence, version=found.version)

    retry_conflicts(delete, message=BUSY)


def create_or_replace(
    wanted: R, condition: Condition, *, read: Callable[[], R], write: Callable[[str | None], R]
) -> SavedRecord[R]:
    """Store a record if the stored one is as the caller demands.

    A replacement that would change nothing is a success, whatever was seen: its answer may have been lost
    (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1).

    Args:
        wanted: The record as it shall be.
        condition: What the caller demands of the stored one.
        read: The stored record; raises UnknownResource where there is none.
        write: Stores ``wanted`` in place of the version that it is given; with None it creates the record.

    Raises:
        StaleVersion: It is not at a version that the caller saw, or not there, or there already.
        PreconditionRequired: It is there, and the caller did not say which version it saw.
        Conflict: Others keep changing it.
    """

    def save() -> SavedRecord[R]:
        current: R | None
        try:
            current = read()
        except UnknownResource:
            current = None
        if current is None:
            condition.check_create()
        elif current == wanted and not condition.absent:
            return SavedRecord(current, created=False)
        else:
            condition.check_replace(current.version)
        try:
            return SavedRecord(write(current.version if current else None), created=current is None)
        except AlreadyExists as faster:
            # Somebody else created it meanwhile: what is there now decides.
            raise Conflict(BUSY) from faster

    return retry_conflicts(save, message=BUSY)
