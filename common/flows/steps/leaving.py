"""Gives seats and held times back: the last seat that goes ends its session and frees the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from common.domain import sessions
from common.domain.account import Connection
from common.domain.booking import Booking, BookingStatus, Seat
from common.domain.work import OutboxEntry
from common.errors import Conflict, SlotTaken, UnknownResource
from common.flows.steps.outbox import promises
from common.flows.steps.settled import settle
from common.ports import Amended, BookingChange, Ports

# Each try that fails is one that somebody else's change of the same session won.
TRIES = 100


@dataclass(frozen=True, slots=True)
class Leave:
    """A session without one of its seats, and the promises to show that in the calendars."""

    sessions: tuple[Amended, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()


def leave(ports: Ports, seat: Booking, connections: Sequence[Connection] | None = None) -> Leave:
    """What leaving its session means for a booking; nothing for one that is no seat."""
    if not seat.is_seat:
        return Leave()
    session = ports.bookings.get(seat.tenant, seat.session or "")
    if not session.active:
        return Leave()
    now = ports.clock.now()
    after = sessions.left(session, seat.id, now)
    if seat.held_until is not None and after.active:
        return Leave((Amended(session, after),))
    targets = connections or ports.connections.of_resource(seat.tenant, seat.resource)
    return Leave((Amended(session, after),), promises(after, targets, now=now, cause=seat.id))


def vacating(ports: Ports, booking: Booking) -> str | None:
    """What is out of the way when a booking moves: itself, or its session where nobody else sits there."""
    if not booking.is_seat:
        return booking.id
    session = ports.bookings.get(booking.tenant, booking.session or "")
    ended_ones = [name for name, seat in session.roster.items() if _over(ports, seat)]
    if ended_ones and release_ended(ports, booking.tenant, ended_ones):
        session = ports.bookings.get(booking.tenant, session.id)
    return session.id if session.active and sessions.alone(session, booking.id) else None


def _over(ports: Ports, seat: Seat) -> bool:
    return seat.until is not None and seat.until <= ports.clock.now()


def release(ports: Ports, held: Booking) -> None:
    """End a hold; whoever held it has no claim any more.

    Raises:
        Conflict: It was booked, or released, at the same moment.
    """
    for _ in range(TRIES):
        gone = leave(ports, held)
        after = replace(
            held,
            status=BookingStatus.RELEASED,
            revision=held.revision + 1,
            updated_at=ports.clock.now(),
        )
        change = BookingChange(held, after, outbox=gone.outbox, sessions=gone.sessions)
        try:
            settle(ports, change)
        except Conflict:
            if _changed(ports, held):
                raise
            continue
        return
    raise Conflict("the session is being changed at the moment")


def release_ended(ports: Ports, tenant: str, names: Iterable[str]) -> int:
    """End those of the named holds whose time is over; how many that were."""
    released = 0
    for name in names:
        try:
            held = ports.bookings.get(tenant, name)
            if ended(ports, held):
                release(ports, held)
                released += 1
        except (UnknownResource, Conflict):
            # Somebody else released it, or its customer booked it in time.
            continue
    return released


def settle_clear(ports: Ports, change: BookingChange) -> Booking:
    """Commit a change; where only holds that have ended are in its way, they go first.

    Raises:
        SlotTaken: Another booking holds one of the new cells.
        Conflict: The booking was changed by somebody else meanwhile.
    """
    try:
        return settle(ports, change)
    except SlotTaken:
        after = change.after
        found = ports.catalogue.agenda(after.tenant, after.resource, after.claimed)
        if not release_ended(ports, after.tenant, sessions.living(found, ports.clock.now()).expired):
            raise
        return settle(ports, change)


def ended(ports: Ports, held: Booking) -> bool:
    """Whether a booking is a hold whose time is over; the clock decides, not its removal."""
    return (
        held.status is BookingStatus.HELD
        and held.held_until is not None
        and held.held_until <= ports.clock.now()
    )


def _changed(ports: Ports, held: Booking) -> bool:
    try:
        return ports.bookings.get(held.tenant, held.id).version != held.version
    except UnknownResource:
        return True
