"""Seats in sessions: what has to change in a session when somebody takes, moves or gives up seats.

A session is one start of a service that several customers share. Nothing is committed here: these functions
read the session and return the changes that are committed together with the seat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.domain.booking import sessions
from common.domain.booking.booking import Booking, Seat, without_time
from common.domain.booking.booking_change import BookingChange, SeatTaken, SessionChange
from common.domain.calendar.connection import Connection
from common.domain.shared.outbox import OutboxEntry, export_entries
from common.domain.slots.agenda import Agenda
from common.errors import SlotTaken
from common.flows.booking.idempotency import random_booking_id
from common.ports import Ports

if TYPE_CHECKING:
    from common.flows.booking.commit import TimeClaim


def change_with_session(ports: Ports, claim: TimeClaim, agenda: Agenda) -> BookingChange | None:
    """The change that gives a booking its seats.

    They are in the session of its start; or in its own session, which moves along; or in a new one.

    None means that the agenda is out of date: the session that it names has ended.

    Raises:
        SlotTaken: Somebody else has that time, or there are not so many seats.
    """
    before, after = claim.before, claim.after
    there = sessions.session_at(agenda, claim.service, after.interval.start)
    if there is not None:
        return _join(ports, claim, ports.bookings.get(after.tenant, there))
    own = _session_of_one(ports, before)
    others = sessions.without_bookings(agenda, {own.id}) if own else agenda
    if any(span.overlaps(after.claimed) for span in others.bookings.values()):
        raise SlotTaken("somebody else has that time")
    if own:
        moved = replace(
            own,
            interval=after.interval,
            claimed=after.claimed,
            revision=own.revision + 1,
            updated_at=after.updated_at,
            proposal=without_time(own.proposal),
            conflict=None,
        )
        return _change(ports, claim, after, SessionChange(own, moved), LeftSession())
    left = leave_session(ports, before, claim.connections) if before else LeftSession()
    places = sessions.free_places(None, capacity=claim.service.capacity, seats=after.seats, who=after.id)
    if places is None:
        raise SlotTaken("there are not so many seats")
    opened = sessions.open_session(replace(after, places=places), random_booking_id(ports.keys))
    seat = replace(after, places=places, session=opened.id)
    return _change(ports, claim, seat, SessionChange(None, opened), left)


def _join(ports: Ports, claim: TimeClaim, session: Booking) -> BookingChange | None:
    """The change that takes places in an open session; None where it has ended."""
    before, after = claim.before, claim.after
    if not session.active:
        return None
    left = LeftSession()
    if before is not None and before.session == session.id:
        places: tuple[int, ...] | None = before.places
    else:
        places = sessions.free_places(
            session, capacity=claim.service.capacity, seats=after.seats, who=after.id
        )
        left = leave_session(ports, before, claim.connections) if before else left
    if places is None:
        raise SlotTaken("no seat is left")
    seat = replace(after, places=places, session=session.id, interval=session.interval)
    taken = SeatTaken(session, seat.id, Seat(places, seat.held_until), seat.updated_at)
    return _change(ports, claim, seat, taken, left)


def _session_of_one(ports: Ports, seat: Booking | None) -> Booking | None:
    """The session in which nobody else sits: it moves along with its only seat, and so do its events."""
    if seat is None:
        return None
    session = ports.bookings.get(seat.tenant, seat.session or "")
    return session if session.active and sessions.sits_alone(session, seat.id) else None


def _change(
    ports: Ports, claim: TimeClaim, seat: Booking, step: SessionChange | SeatTaken, left: LeftSession
) -> BookingChange:
    """The seat, the session that it sits in now, and the session that it left, as one change."""
    shown: tuple[OutboxEntry, ...] = ()
    # A seat that is only held is not shown in any calendar yet.
    if seat.active:
        session = step.after if isinstance(step, SessionChange) else step.session
        cause = f"{seat.id}-{seat.revision}"
        shown = export_entries(session, claim.connections, now=ports.clock.now(), cause=cause)
    return BookingChange(
        before=claim.before,
        after=seat,
        outbox=(*left.outbox, *shown),
        idempotency=claim.idempotency,
        words=claim.words,
        sessions=(*left.sessions, step),
    )


@dataclass(frozen=True, slots=True)
class LeftSession:
    """A session without one of its seats, and the outbox entries that show that in the calendars."""

    sessions: tuple[SessionChange, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()


def leave_session(
    ports: Ports, seat: Booking, connections: Sequence[Connection] | None = None
) -> LeftSession:
    """What has to change when a booking gives up its seats; nothing for a booking that is no seat."""
    if not seat.is_seat:
        return LeftSession()
    session = ports.bookings.get(seat.tenant, seat.session or "")
    if not session.active:
        return LeftSession()
    now = ports.clock.now()
    after = sessions.leave_seat(session, seat.id, now)
    change = SessionChange(session, after)
    if seat.held_until is not None and after.active:
        return LeftSession((change,))
    targets = connections or ports.connections.of_resource(seat.tenant, seat.resource)
    return LeftSession((change,), export_entries(after, targets, now=now, cause=seat.id))
