"""Moves and cancels bookings, and lets the seats of a session follow it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.booking import sessions
from common.domain.booking.access import Authority
from common.domain.booking.booking import Booking, BookingStatus, without_time
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import claimed_time
from common.domain.calendar.interval import Interval
from common.domain.shared.concurrency import NOTHING_DEMANDED, Condition, retry_conflicts
from common.domain.shared.outbox import export_entries
from common.domain.shared.task_records import FollowSession
from common.domain.slots.slot_answers import kindest_refusal
from common.errors import UnknownResource
from common.flows.booking.commit import MOST_TRIES, claim_time, commit_change, end_expired_holds, end_hold
from common.flows.booking.seats import leave_session
from common.flows.shared.booking_access import author_of, changeable_booking
from common.flows.shared.booking_move import movable_booking, move_of
from common.flows.shared.outbox import nothing_to_do
from common.flows.slots.check_slot import RequestedSlot, check_slot
from common.ports import Ports


def reschedule(
    ports: Ports,
    *,
    tenant: str,
    booking: str,
    start: datetime,
    by: Authority,
    revision: int | None = None,
    condition: Condition = NOTHING_DEMANDED,
) -> Booking:
    """The booking at its new time, with the same resource; asking for the time that it has changes nothing.

    What the list of times shows the same caller for this booking is taken, and nothing else. The resource
    need not offer the service any more: whoever was booked keeps the appointment.

    Args:
        ports: Everything outside.
        tenant: Whose booking it is.
        booking: Its id.
        start: The new start, with an offset.
        by: Who asks.
        revision: The revision that the caller saw, if they say so.
        condition: The precondition of the request (If-Match).

    Raises:
        InvalidRequest: The booking is cancelled or past, or the new time breaks a rule.
        UnknownResource: There is no such booking, or not for this caller.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked.
        StaleVersion: The booking is not the one that the caller saw.
        Conflict: Somebody else changed the booking at the same moment.
    """
    found = movable_booking(ports, tenant=tenant, booking=booking, by=by, revision=revision)
    if start == found.interval.start:
        return found
    condition.insist(found.version)
    _end_expired_seats(ports, found)
    move = move_of(ports, found)
    slot = RequestedSlot(found.tenant, found.service, found.resource, start, seats=move.seats, move=move)
    checked = check_slot(ports, slot)
    if not checked.free:
        raise kindest_refusal(checked.refusals)
    service = checked.snapshot.service
    moved = replace(
        found,
        interval=Interval(start, start + service.duration),
        claimed=claimed_time(slot.window.start, service),
        revision=found.revision + 1,
        updated_at=ports.clock.now(),
        source=author_of(by),
        conflict=None,
        proposal=without_time(found.proposal),
    )
    return claim_time(ports, checked, before=found, after=moved)


def _end_expired_seats(ports: Ports, booking: Booking) -> None:
    """Remove held seats whose time is over, so that they keep no session from moving with its one guest."""
    if booking.is_seat:
        session = ports.bookings.get(booking.tenant, booking.session or "")
        end_expired_holds(ports, booking.tenant, sessions.expired_seats(session, ports.clock.now()))


def cancel_booking(
    ports: Ports,
    *,
    tenant: str,
    booking: str,
    by: Authority,
    revision: int | None = None,
    condition: Condition = NOTHING_DEMANDED,
) -> Booking:
    """The cancelled booking; cancelling twice is fine. With its last seat a session ends.

    Args:
        ports: Everything outside.
        tenant: Whose booking it is.
        booking: Its id.
        by: Who asks.
        revision: The revision that the caller saw, if they say so.
        condition: The precondition of the request (If-Match).

    Raises:
        InvalidRequest: It is past.
        UnknownResource: There is no such booking, or not for this caller.
        StaleVersion: The booking is not the one that the caller saw.
        Conflict: Others keep changing the booking.
    """

    def cancel() -> Booking:
        found = changeable_booking(ports, tenant=tenant, booking=booking, by=by, revision=revision)
        if not found.active:
            return found
        condition.insist(found.version)
        now = ports.clock.now()
        cancelled = replace(
            found,
            status=BookingStatus.CANCELLED,
            revision=found.revision + 1,
            updated_at=now,
            source=author_of(by),
            proposal=None,
        )
        connections = ports.connections.of_resource(found.tenant, found.resource)
        left = leave_session(ports, found, connections)
        # A seat is shown in calendars by its session alone.
        shown = () if found.is_seat else export_entries(cancelled, connections, now=now)
        change = BookingChange(found, cancelled, outbox=(*left.outbox, *shown), sessions=left.sessions)
        return commit_change(ports, change)

    # An owner's edit or another seat may come between; cancelling still means the same.
    return retry_conflicts(cancel, message="the booking is being changed at the moment", tries=MOST_TRIES)


def follow_session(ports: Ports, command: FollowSession) -> int:
    """Give every seat the time and the status of its session; how many that changed.

    Raises:
        Conflict: A seat keeps being changed; the outbox entry stays, so the task is repeated.
    """
    try:
        session = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        nothing_to_do(ports, command, why="erased")
        return 0
    changed = sum(_follow(ports, session, seat) for seat in sorted(session.roster))
    ports.ledger.done(command.entry)
    return changed


def _follow(ports: Ports, session: Booking, name: str) -> bool:
    """Change one seat, if it still sits in this session and differs; whether it did."""

    def follow() -> bool:
        try:
            seat = ports.bookings.get(session.tenant, name)
        except UnknownResource:
            return False
        if seat.session != session.id or not seat.takes_time:
            return False
        return _change_like(ports, session, seat)

    # Its customer may change the seat meanwhile, perhaps to another session.
    return retry_conflicts(follow, message="a seat of the session keeps changing", code="seat_busy")


def _change_like(ports: Ports, session: Booking, seat: Booking) -> bool:
    if seat.status is BookingStatus.HELD and not session.active:
        end_hold(ports, seat)
        return True
    after = replace(
        seat,
        interval=session.interval,
        claimed=session.claimed,
        status=seat.status if session.active else BookingStatus.CANCELLED,
    )
    if after == seat:
        return False
    after = replace(
        after,
        revision=seat.revision + 1,
        updated_at=ports.clock.now(),
        source=session.source,
        proposal=None,
    )
    commit_change(ports, BookingChange(seat, after))
    return True
