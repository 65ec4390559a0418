"""Removes a resource that nothing depends on any more, and has all that hangs on it cleaned up."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.catalogue.records import Resource
from common.domain.privacy.erasure import Erasure, Scope
from common.domain.privacy.support import Action
from common.domain.shared.preconditions import NOTHING_DEMANDED, Condition
from common.errors import InUse
from common.flows.catalogue.records import remove
from common.flows.privacy.erasure import SECOND_LOOK, go_on
from common.flows.shared.audit import entry
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class DeleteResource:
    """Which resource, by whom, and what the caller demands of it."""

    tenant: str
    resource: str
    subject: str
    condition: Condition = NOTHING_DEMANDED


def delete_resource(ports: Ports, command: DeleteResource) -> Erasure:
    """Remove a resource that is switched off, connected to nothing and not booked; its past bookings stay.

    The record goes at once; absences, agenda, feed, invitations and the receipts of former connections go
    with a job like that of an erasure, which is handed out. An erasure takes the bookings as well.

    Raises:
        UnknownResource: There is no such resource.
        StaleVersion: It is not at a version that the caller saw.
        InUse: ``still_active``, ``offered_by_services``, ``has_connections`` or ``has_bookings``.
        Conflict: Others keep changing it.
    """
    started: list[Erasure] = []

    def delete(found: Resource) -> None:
        _demand_unused(ports, command.tenant, found)
        started.append(_clean_up(ports, command, found))

    remove(
        command.condition,
        find=lambda: ports.catalogue.resource(command.tenant, command.resource),
        delete=delete,
    )
    go_on(ports, started[0])
    return started[0]


def _demand_unused(ports: Ports, tenant: str, resource: Resource) -> None:
    name = resource.id
    if resource.active:
        raise InUse("switch the resource off first, so that nobody books it now", code="still_active")
    if any(name in service.resources for service in ports.catalogue.services(tenant)):
        raise InUse("take the resource out of the services that name it", code="offered_by_services")
    if ports.connections.of_resource(tenant, name):
        raise InUse("disconnect its calendars first", code="has_connections")
    if ports.bookings.starting_from(tenant, name, ports.clock.now(), after=None, limit=1):
        raise InUse(
            "it has bookings to come: cancel them, or order an erasure (POST /tenant/erasures)",
            code="has_bookings",
        )


def _clean_up(ports: Ports, command: DeleteResource, resource: Resource) -> Erasure:
    erasure = Erasure(
        id=ports.keys.token().replace("-", "").replace("_", "")[:20],
        tenant=command.tenant,
        scope=Scope.RESOURCE,
        subject=resource.id,
        requested_by=command.subject,
        started_at=ports.clock.now(),
        resource=resource.id,
        bookings_kept=True,
    )
    # Queued before it is written as well: a task without a job does nothing.
    go_on(ports, erasure, cause="later", not_before=erasure.started_at + SECOND_LOOK)
    target = f"{Scope.RESOURCE.value}/{resource.id}/{erasure.id}"
    told = entry(
        ports, tenant=command.tenant, who=command.subject, action=Action.RESOURCE_DELETED, target=target
    )
    return ports.archive.create(erasure, told, removing=resource)
