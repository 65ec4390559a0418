"""Stores what can be booked only as the caller saw it, and removes what nothing needs any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from common.domain.catalogue.records import Absence, Resource, Service, Tenant
from common.domain.shared.conflicts import retry_conflicts
from common.domain.shared.preconditions import NOTHING_DEMANDED, Condition
from common.errors import (
    AlreadyExists,
    Conflict,
    InUse,
    InvalidRequest,
    PreconditionRequired,
    StaleVersion,
    UnknownResource,
)
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class SaveTenant:
    """The record to create or replace, and what the caller demands of the stored one."""

    tenant: Tenant
    condition: Condition = NOTHING_DEMANDED


def save_tenant(ports: Ports, command: SaveTenant) -> Stored[Tenant]:
    """Create or replace the tenant's record.

    Raises:
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    wanted, catalogue = command.tenant, ports.catalogue
    return put(
        command.condition,
        wanted,
        find=lambda: catalogue.tenant(wanted.id),
        write=lambda seen: catalogue.save_tenant(replace(wanted, version=seen), new=seen is None),
    )


@dataclass(frozen=True, slots=True)
class SaveResource:
    """A resource to create or replace, and what the caller demands of the stored one."""

    tenant: str
    resource: Resource
    condition: Condition = NOTHING_DEMANDED


def save_resource(ports: Ports, command: SaveResource) -> Stored[Resource]:
    """Create or replace a resource.

    Raises:
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    tenant, wanted, catalogue = command.tenant, command.resource, ports.catalogue
    return put(
        command.condition,
        wanted,
        find=lambda: catalogue.resource(tenant, wanted.id),
        write=lambda seen: catalogue.save_resource(tenant, replace(wanted, version=seen), new=seen is None),
    )


@dataclass(frozen=True, slots=True)
class SaveService:
    """A service to create or replace, and what the caller demands of the stored one."""

    tenant: str
    service: Service
    condition: Condition = NOTHING_DEMANDED


def save_service(ports: Ports, command: SaveService) -> Stored[Service]:
    """Create or replace a service; the commit demands that none of its resources went meanwhile.

    Raises:
        InvalidRequest: It names a resource that does not exist.
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it, or its resources.
    """
    tenant, wanted, catalogue = command.tenant, command.service, ports.catalogue

    def write(seen: str | None) -> Service:
        try:
            offered_by = [catalogue.resource(tenant, name) for name in wanted.resources]
        except UnknownResource:
            raise InvalidRequest(
                "the service names a resource that does not exist", code="unknown_resource"
            ) from None
        record = replace(wanted, version=seen)
        return catalogue.save_service(tenant, record, new=seen is None, offered_by=offered_by)

    return put(command.condition, wanted, find=lambda: catalogue.service(tenant, wanted.id), write=write)


@dataclass(frozen=True, slots=True)
class DeleteService:
    """Which service, and what the caller demands of it."""

    tenant: str
    service: str
    condition: Condition = NOTHING_DEMANDED


def delete_service(ports: Ports, command: DeleteService) -> None:
    """Remove a service that is switched off and was never booked.

    What was booked names its service, in calendars and in records, and has to be erased with a customer.

    Raises:
        UnknownResource: There is no such service.
        StaleVersion: It is not at a version that the caller saw.
        InUse: It can be booked (``still_active``), or has been (``has_bookings``).
        Conflict: Others keep changing it.
    """

    def delete(found: Service) -> None:
        if found.active:
            raise InUse("switch the service off first, so that nobody books it now", code="still_active")
        if ports.bookings.ever_booked(command.tenant, found.id):
            raise InUse("it has been booked; what is switched off is offered to nobody", code="has_bookings")
        ports.catalogue.delete_service(command.tenant, found)

    remove(
        command.condition,
        find=lambda: ports.catalogue.service(command.tenant, command.service),
        delete=delete,
    )


@dataclass(frozen=True, slots=True)
class SaveAbsence:
    """An absence to create or replace, and what the caller demands of the stored one."""

    tenant: str
    resource: str
    absence: Absence
    condition: Condition = NOTHING_DEMANDED


def save_absence(ports: Ports, command: SaveAbsence) -> Stored[Absence]:
    """Create or replace an absence; its time is taken, and the old one free, in the same commit.

    Raises:
        UnknownResource: There is no such resource.
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    tenant, resource, wanted, catalogue = command.tenant, command.resource, command.absence, ports.catalogue

    def write(seen: str | None) -> Absence:
        of = catalogue.resource(tenant, resource)
        record = replace(wanted, version=seen)
        return catalogue.save_absence(tenant, resource, record, new=seen is None, of=of)

    return put(
        command.condition,
        wanted,
        find=lambda: catalogue.absence(tenant, resource, wanted.id),
        write=write,
    )


@dataclass(frozen=True, slots=True)
class DeleteAbsence:
    """Which absence, and what the caller demands of it."""

    tenant: str
    resource: str
    absence: str
    condition: Condition = NOTHING_DEMANDED


def delete_absence(ports: Ports, command: DeleteAbsence) -> None:
    """Remove it.

    Raises:
        UnknownResource: There is no such absence.
        StaleVersion: It is not at a version that the caller saw.
        Conflict: Others keep changing it.
    """
    named, catalogue = (command.tenant, command.resource, command.absence), ports.catalogue
    remove(
        command.condition,
        find=lambda: catalogue.absence(*named),
        delete=lambda seen: catalogue.delete_absence(*named, version=seen.version),
    )


class Versioned(Protocol):
    """A record that knows its stored version."""

    @property
    def version(self) -> str | None:
        """The version; None where it was never stored."""


R = TypeVar("R", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """The record as it is stored now, and whether it is new."""

    record: R
    created: bool


def put(
    condition: Condition, wanted: R, *, find: Callable[[], R], write: Callable[[str | None], R]
) -> Stored[R]:
    """Create or replace a record; ``write`` is given the version to replace, None to create.

    A replacement that would change nothing is a success, whatever was seen: its answer may have been lost
    (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1).

    Raises:
        StaleVersion: It is not at a version that the caller saw, or not there, or there already.
        PreconditionRequired: It is there, and the caller did not say which version it saw.
        Conflict: Others keep changing it.
    """

    def change() -> Stored[R]:
        current = _found(find)
        if current is not None and current == wanted and not condition.absent:
            return Stored(current, created=False)
        _demand(condition, current)
        try:
            return Stored(write(current.version if current else None), created=current is None)
        except AlreadyExists as faster:
            # Somebody else made it meanwhile: what is there now decides.
            raise Conflict("somebody else made this record") from faster

    return retry_conflicts(change, message="others keep changing this record")


def remove(condition: Condition, *, find: Callable[[], R], delete: Callable[[R], None]) -> None:
    """Remove a record; a caller who demands nothing removes whatever is there.

    Raises:
        UnknownResource: It is not there.
        StaleVersion: It is not at a version that the caller saw.
        Conflict: Others keep changing it.
    """

    def change() -> None:
        current = find()
        condition.insist(current.version)
        delete(current)

    retry_conflicts(change, message="others keep changing this record")


def _found(find: Callable[[], R]) -> R | None:
    try:
        return find()
    except UnknownResource:
        return None


def _demand(condition: Condition, current: Versioned | None) -> None:
    if current is None:
        if condition.replaces:
            raise StaleVersion("there is no such record (any more)")
        return
    if condition.absent:
        raise StaleVersion("there is such a record already", code="already_exists")
    if not condition.replaces:
        raise PreconditionRequired("send the record's ETag as If-Match to replace it")
    if not condition.met(current.version):
        raise _stale()


def _stale() -> StaleVersion:
    return StaleVersion("the record was changed meanwhile; read it again")
