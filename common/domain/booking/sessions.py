"""Sessions and holds: who shares which start, how many seats are left, what a booking gives up when it moves.

A session is one start of a service that several customers share. The slot engine (``slots/engine.py``) knows
nothing of sessions: to it they are bookings that take time. What is different for customers of the same start
is added here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from common.domain.booking.booking import Booking, BookingStatus, Customer, Seat
from common.domain.booking.cells import claimed_time
from common.domain.calendar.interval import Interval, aware
from common.domain.catalogue.records import Service
from common.domain.slots.agenda import Agenda, Session
from common.domain.slots.engine import Availability, Reason, ReasonCode, SlotQuestion, free_starts, reasons

if TYPE_CHECKING:
    from common.domain.booking.access import Authority
    from common.domain.slots.slot_answers import SlotSnapshot

# A session takes place where it is, whatever the hours and the grid say meanwhile.
_HOURS = frozenset({ReasonCode.OUTSIDE_AVAILABILITY, ReasonCode.NO_FREE_EVENT, ReasonCode.OFF_GRID})
_TAKEN = frozenset({ReasonCode.BOOKING, ReasonCode.BUFFER})


def without_expired_holds(agenda: Agenda, now: datetime) -> Agenda:
    """The agenda without holds that have expired, and without sessions in which there is nothing else.

    What was left out is in ``expired``.
    """
    gone = {name for name, until in agenda.holds.items() if until <= now}
    ended = {
        name: session
        for session in agenda.sessions
        for name, held in agenda.sessions[session].holds.items()
        if held.until <= now
    }
    if not gone and not ended:
        return agenda
    spans = {name: agenda.bookings[name] for name in gone if name in agenda.bookings}
    spans |= {name: agenda.bookings[of] for name, of in ended.items() if of in agenda.bookings}
    return replace(without_bookings(agenda, gone | ended.keys()), expired=spans)


def without_bookings(agenda: Agenda, names: Collection[str]) -> Agenda:
    """The agenda as if these bookings, holds, seats that are held, or sessions were not there."""
    shrunk = {name: _without_held_seats(session, names) for name, session in agenda.sessions.items()}
    gone = {*names, *(name for name, session in shrunk.items() if not session.taken)}
    return replace(
        agenda,
        bookings={name: span for name, span in agenda.bookings.items() if name not in gone},
        holds={name: until for name, until in agenda.holds.items() if name not in gone},
        sessions={name: session for name, session in shrunk.items() if name not in gone},
    )


def _without_held_seats(session: Session, names: Collection[str]) -> Session:
    return replace(session, holds={name: held for name, held in session.holds.items() if name not in names})


def session_at(agenda: Agenda, service: Service, at: datetime) -> str | None:
    """The session of this service that starts then; one of another length is not this service's any more."""
    for name, session in agenda.sessions.items():
        if session.service == service.id and session.start == at:
            return name if agenda.bookings.get(name) == claimed_time(aware(at), service) else None
    return None


def bookable_starts(
    question: SlotQuestion, availability: Availability, agenda: Agenda, *, seats: int = 1
) -> Mapping[datetime, int]:
    """Every start in the window at which so many seats are left, in order, and how many those are.

    Where the agenda has sessions, the availability must name bookings one by one.
    """
    capacity = question.service.capacity
    if seats > capacity:
        return {}
    fresh = dict.fromkeys(free_starts(question, availability), capacity)
    if not agenda.sessions:
        return fresh
    return dict(sorted({**fresh, **dict(_open_sessions(question, availability, agenda, seats))}.items()))


def _open_sessions(
    question: SlotQuestion, availability: Availability, agenda: Agenda, seats: int
) -> Iterator[tuple[datetime, int]]:
    for session in agenda.sessions.values():
        inside = question.window.start <= session.start < question.window.end
        if inside and session.service == question.service.id:
            left = question.service.capacity - session.taken
            if not refusal_reasons(question, availability, agenda, session.start, seats=seats):
                yield session.start, left


def refusal_reasons(
    question: SlotQuestion, availability: Availability, agenda: Agenda, at: datetime, *, seats: int = 1
) -> tuple[Reason, ...]:
    """Everything in the way of so many seats at ``at``; empty exactly where ``starts`` offers it."""
    moment, service = aware(at), question.service
    name = session_at(agenda, service, moment)
    if name is None:
        found = reasons(question, availability, moment)
        full = Interval(moment, moment + service.duration) if seats > service.capacity else None
    else:
        span, left = agenda.bookings[name], service.capacity - agenda.sessions[name].taken
        rest = tuple(item for item in availability.bookings if item != span)
        others = reasons(question, replace(availability, bookings=rest), moment)
        found = tuple(reason for reason in others if reason.code not in _HOURS)
        full = span if seats > left else None
    named = tuple(_named(reason, agenda) for reason in found)
    return (*named, Reason(ReasonCode.CAPACITY, full, name)) if full else named


def _named(reason: Reason, agenda: Agenda) -> Reason:
    """A booking's range with the booking's id; a hold is called one."""
    if reason.code not in _TAKEN:
        return reason
    name = next((name for name, span in agenda.bookings.items() if span == reason.interval), None)
    return replace(reason, code=ReasonCode.HOLD if name in agenda.holds else reason.code, source=name)


def open_session(seat: Booking, name: str) -> Booking:
    """The session that begins with this seat."""
    return replace(
        seat,
        id=name,
        session=name,
        status=BookingStatus.CONFIRMED,
        customer=Customer(name=""),
        note=None,
        seats=0,
        places=(),
        held_until=None,
        revision=1,
        created_at=seat.updated_at,
        roster={seat.id: Seat(seat.places, seat.held_until)},
        version=None,
    )


def leave_seat(session: Booking, seat: str, now: datetime) -> Booking:
    """The session without one of its seats; with the last one it ends."""
    roster = {name: places for name, places in session.roster.items() if name != seat}
    status = session.status if roster else BookingStatus.CANCELLED
    return replace(session, roster=roster, status=status, revision=session.revision + 1, updated_at=now)


def sits_alone(session: Booking, seat: str, *, ignored: Collection[str] = ()) -> bool:
    """Whether nobody else sits there, or holds a seat; some may be ``ignored``."""
    return set(session.roster) <= {seat, *ignored}


def expired_seats(session: Booking, now: datetime) -> frozenset[str]:
    """The seats that were held, and for too long."""
    return frozenset(name for name, seat in session.roster.items() if seat.until and seat.until <= now)


def booked_seats(session: Booking) -> int:
    """How many seats are booked; what is only held does not count."""
    return sum(len(seat.places) for seat in session.roster.values() if seat.until is None)


def free_places(session: Booking | None, *, capacity: int, seats: int, who: str) -> tuple[int, ...] | None:
    """Places for so many, or None where there are too few.

    Customers of the same moment are sent to different places, so that few of them meet. Where the capacity
    was lowered, whoever sits beyond it takes one of the places that are left.
    """
    roster: Mapping[str, Seat] = session.roster if session else {}
    taken = {place for seat in roster.values() for place in seat.places}
    beyond = sum(place >= capacity for place in taken)
    free = [place for place in range(capacity - beyond) if place not in taken]
    if len(free) < seats or len(taken) + seats > capacity:
        return None
    drawn = sorted(free, key=lambda place: hashlib.sha256(f"{who}/{place}".encode()).digest())
    return tuple(sorted(drawn[:seats]))


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Somebody asks to which times a booking could move."""

    booking: str
    by: Authority


@dataclass(frozen=True, slots=True)
class Move:
    """A booking or hold that would take another time in place of the one that it has.

    Attributes:
        service: The service that was booked.
        resource: Its resource. It keeps it, whether or not the service is still offered there.
        seats: How many seats it takes along.
        gives_up: The booking, hold or session whose time is free once it has moved; None for a seat in a
            session where others stay.
        is_seat: Whether it is a seat, and so may join others; what was booked alone stays alone.
    """

    service: str
    resource: str
    seats: int
    gives_up: str | None
    is_seat: bool

    def seen_by(self, snapshot: SlotSnapshot) -> SlotSnapshot:
        """The snapshot as it looks to the one who moves: listing and moving both decide on this."""
        service, name = snapshot.service, self.resource
        if name not in service.resources:
            service = replace(service, resources=(*service.resources, name))
        agenda = snapshot.agendas[name]
        if self.gives_up is not None:
            agenda = without_bookings(agenda, {self.gives_up})
        if not self.is_seat:
            # Their time stays among the bookings, where nobody can share it.
            agenda = replace(agenda, sessions={})
        return replace(snapshot, service=service, agendas={**snapshot.agendas, name: agenda})
