"""Removes a service that nothing depends on any more."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.catalogue import Service
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.domain.windows import export_start
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
    """Remove a service that is switched off and has no bookings that calendars may still show.

    Bookings of the past month are exported to calendars too (B4), and an export names the service.

    Raises:
        UnknownResource: There is no such service.
        StaleVersion: It is not at a version that the caller saw.
        InUse: It can be booked (``still_active``), or has such bookings (``has_bookings``).
        Conflict: Others keep changing it.
    """

    def delete(found: Service) -> None:
        if found.active:
            raise InUse("switch the service off first, so that nobody books it now", code="still_active")
        since = export_start(ports.clock.now())
        if ports.bookings.of_service(command.tenant, found.id, since=since, limit=1):
            raise InUse("it has bookings of the past month or to come", code="has_bookings")
        ports.catalogue.delete_service(command.tenant, found)

    remove(
        command.condition,
        find=lambda: ports.catalogue.service(command.tenant, command.service),
        delete=delete,
    )
