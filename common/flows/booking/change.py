"""Shows one booking to its customer or to staff; reading changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.booking.access import Authority
from common.domain.booking.booking import Booking, BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import claimed_time
from common.domain.booking.proposal import without_time
from common.domain.calendar.interval import Interval
from common.domain.shared.preconditions import NOTHING_DEMANDED, Condition
from common.domain.slots.refusals import kindest_refusal
from common.errors import Conflict, InvalidRequest
from common.flows.booking.commit import commit_change
from common.flows.booking.seats import TRIES, TimeClaim, claim_time, leave_session, what_moves
from common.flows.shared.booking_access import author_of, authorized_booking, changeable_booking
from common.flows.shared.outbox import promises
from common.flows.slots.availability import RequestedSlot, check_slot
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ReadBooking:
    """Which booking, and who asks."""

    tenant: str
    booking: str
    by: Authority


def read_booking(ports: Ports, command: ReadBooking) -> Booking:
    """The booking as it is now.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
    """
    return authorized_booking(ports, tenant=command.tenant, booking=command.booking, by=command.by)


@dataclass(frozen=True, slots=True)
class Reschedule:
    """Which booking, to when, and by whom; ``revision`` and ``condition`` say what was seen."""

    tenant: str
    booking: str
    start: datetime
    by: Authority
    revision: int | None = None
    condition: Condition = NOTHING_DEMANDED


def reschedule(ports: Ports, command: Reschedule) -> Booking:
    """The booking at its new time; asking for the time that it has changes nothing.

    Raises:
        InvalidRequest: The booking is cancelled or past, or the new time breaks a rule.
        UnknownResource: There is no such booking, or not for this caller.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked.
        StaleVersion: The booking is not the one that the caller saw.
        Conflict: Somebody else changed the booking at the same moment.
    """
    booking = changeable_booking(
        ports, tenant=command.tenant, booking=command.booking, by=command.by, revision=command.revision
    )
    if not booking.active:
        raise InvalidRequest("a cancelled booking cannot be moved", code="cancelled")
    if command.start == booking.interval.start:
        return booking
    command.condition.insist(booking.version)
    wish = RequestedSlot(
        booking.tenant,
        booking.service,
        booking.resource,
        command.start,
        moving=what_moves(ports, booking),
        seats=1 if booking.is_session else booking.seats,
    )
    found = check_slot(ports, wish)
    if not found.takers:
        raise kindest_refusal(found.refusals)
    service, now = found.scene.service, ports.clock.now()
    moved = replace(
        booking,
        interval=Interval(command.start, command.start + service.duration),
        claimed=claimed_time(wish.window.start, service),
        revision=booking.revision + 1,
        updated_at=now,
        source=author_of(command.by),
        conflict=None,
        proposal=without_time(booking.proposal),
    )
    agenda, connections = found.scene.agendas[booking.resource], found.scene.connections
    return claim_time(
        ports, TimeClaim(booking, moved, service, agenda, connections.get(booking.resource, ()))
    )


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
        booking = changeable_booking(
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
            source=author_of(command.by),
            proposal=None,
        )
        connections = ports.connections.of_resource(booking.tenant, booking.resource)
        gone = leave_session(ports, booking, connections)
        shown = () if booking.is_seat else promises(cancelled, connections, now=now)
        change = BookingChange(booking, cancelled, outbox=(*gone.outbox, *shown), sessions=gone.sessions)
        try:
            return commit_change(ports, change)
        except Conflict:
            # An owner's edit or another seat came between; cancelling still means the same.
            continue
    raise Conflict("the booking is being changed at the moment")
