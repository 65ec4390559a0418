"""Removes a service that nothing depends on any more."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.catalogue import Service
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.errors import InUse
from common.flows.steps.conditional import remove
from common.ports import Ports


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
