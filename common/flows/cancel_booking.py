"""Cancels a booking: its time is free again in the same commit, its events are removed in seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.booking import Booking, BookingStatus
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.domain.manage import Authority
from common.errors import Conflict
from common.flows.steps.changing import changeable
from common.flows.steps.entrusted import changed_by
from common.flows.steps.leaving import TRIES, leave
from common.flows.steps.outbox import promises
from common.flows.steps.settled import settle
from common.ports import BookingChange, Ports


@dataclass(frozen=True, slots=True)
class CancelBooking:
    """Which booking, and by whom; ``revision`` and ``condition`` say what was seen."""

    tenant: str
    booking: str
    by: Authority
    revision: int | None = None
    condition: Condition = NOTHING_DEMANDED


def cancel_booking(ports: Ports, command: CancelBooking) -> Booking:
    """The cancelled booking; cancelling twice is fine. With its last seat a session ends.

    Raises:
        InvalidRequest: It is past.
        UnknownResource: There is no such booking, or not for this caller.
        StaleVersion: The booking is not the one that the caller saw.
        Conflict: Others keep changing the booking.
    """
    for _ in range(TRIES):
        booking = changeable(
            ports, tenant=command.tenant, booking=command.booking, by=command.by, revision=command.revision
        )
        if not booking.active:
            return booking
        command.condition.insist(booking.version)
        now = ports.clock.now()
        cancelled = replace(
            booking,
            status=BookingStatus.CANCELLED,
            revision=booking.revision + 1,
            updated_at=now,
            source=changed_by(command.by),
            proposal=None,
        )
        connections = ports.connections.of_resource(booking.tenant, booking.resource)
        gone = leave(ports, booking, connections)
        shown = () if booking.is_seat else promises(cancelled, connections, now=now)
        change = BookingChange(booking, cancelled, outbox=(*gone.outbox, *shown), sessions=gone.sessions)
        try:
            return settle(ports, change)
        except Conflict:
            # An owner's edit or another seat came between; cancelling still means the same.
            continue
    raise Conflict("the booking is being changed at the moment")
