"""Removes a resource that nothing depends on any more, and has all that belongs to it cleaned up."""

from __future__ import annotations

from common.domain.catalogue.records import Resource
from common.domain.privacy.erasure import Erasure, Scope
from common.domain.privacy.support import Action
from common.domain.shared.concurrency import NOTHING_DEMANDED, Condition, retry_conflicts
from common.errors import InUse
from common.flows.privacy.erasure import order_erasure
from common.ports import Ports

# Apart from records.py, because it loads the whole erasure, which a function that only saves never needs.


def delete_resource(
    ports: Ports, *, tenant: str, resource: str, subject: str, condition: Condition = NOTHING_DEMANDED
) -> Erasure:
    """Remove a resource that is switched off, connected to nothing and not booked; its past bookings stay.

    The record goes at once; absences, agenda, iCalendar feed, invitations and the receipts of former
    connections go with a job like that of an erasure, which is returned. An erasure takes the bookings too.

    Args:
        ports: The outside.
        tenant: Whose resource it is.
        resource: The id of the resource.
        subject: Who removes it, for the audit trail.
        condition: What the caller demands of the stored record.

    Raises:
        UnknownResource: There is no such resource.
        StaleVersion: It is not at a version that the caller saw.
        InUse: ``still_active``, ``offered_by_services``, ``has_connections`` or ``has_bookings``.
        Conflict: Others keep changing it.
    """

    def delete() -> Erasure:
        found = ports.catalogue.resource(tenant, resource)
        condition.insist(found.version)
        _check_unused(ports, tenant, found)
        return order_erasure(
            ports,
            tenant=tenant,
            scope=Scope.RESOURCE,
            subject=found.id,
            requested_by=subject,
            action=Action.RESOURCE_DELETED,
            resource=found.id,
            removing=found,
        )

    return retry_conflicts(delete, message="others keep changing this record")


def _check_unused(ports: Ports, tenant: str, resource: Resource) -> None:
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
