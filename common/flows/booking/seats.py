"""Takes a time for a booking or a hold: alone, or as seats in a session that several customers share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from common.domain.booking import sessions
from common.domain.booking.booking import Booking, BookingStatus, Seat
from common.domain.booking.booking_change import BookingChange, IdempotencyRecord, SeatTaken, SessionChange
from common.domain.booking.proposal import without_time
from common.domain.calendar.connection import Connection
from common.domain.catalogue.records import Service
from common.domain.shared.conflicts import retry_conflicts
from common.domain.shared.task_records import FollowSession
from common.domain.shared.tasks import OutboxEntry
from common.domain.slots.agenda import Agenda
from common.errors import Conflict, SlotTaken, UnknownResource
from common.flows.booking.commit import commit_change
from common.flows.shared.outbox import promises
from common.ports import Ports

_NAME_BYTES = 15


@dataclass(frozen=True, slots=True)
class TimeClaim:
    """A booking that wants its time, as it was ``before``, and the agenda in which that time was free."""

    before: Booking | None
    after: Booking
    service: Service
    agenda: Agenda
    connections: Sequence[Connection]
    idempotency: IdempotencyRecord | None = None

    @property
    def shared(self) -> bool:
        """Whether it sits in a session; bookings keep the form in which they were made."""
        if self.before is not None:
            return self.before.is_seat
        return self.service.capacity > 1


def claim_time(ports: Ports, wanted: TimeClaim) -> Booking:
    """Take the time at once, or lose it to whoever was faster; ended holds are out of the way first.

    Raises:
        SlotTaken: Somebody else has that time, or there are not so many seats.
        Conflict: The booking was changed by somebody else meanwhile.
        AlreadyExists: The request was made before.
    """
    agenda = wanted.agenda
    for _ in range(TRIES):
        _clear(ports, wanted, agenda)
        change = _shared(ports, wanted, agenda) if wanted.shared else _alone(ports, wanted)
        try:
            if change is not None:
                return commit_change(ports, change)
        except SlotTaken:
            if not wanted.shared and not _afresh(ports, wanted).expired:
                raise
        except Conflict:
            if not wanted.shared or _overtaken(ports, wanted):
                raise
        agenda = _afresh(ports, wanted)
    raise Conflict("others keep interfering; try again")


def _afresh(ports: Ports, wanted: TimeClaim) -> Agenda:
    after = wanted.after
    found = ports.catalogue.agenda(after.tenant, after.resource, after.claimed)
    return sessions.without_expired_holds(found, ports.clock.now())


def _clear(ports: Ports, wanted: TimeClaim, agenda: Agenda) -> None:
    here = [name for name, span in agenda.expired.items() if span.overlaps(wanted.after.claimed)]
    end_expired_holds(ports, wanted.after.tenant, here)


def _overtaken(ports: Ports, wanted: TimeClaim) -> bool:
    """Whether the booking itself is another one than was read: then its session is not the reason."""
    before = wanted.before
    if before is None:
        return False
    try:
        return ports.bookings.get(before.tenant, before.id).version != before.version
    except UnknownResource:
        return True


def _alone(ports: Ports, wanted: TimeClaim) -> BookingChange:
    after = wanted.after
    return BookingChange(
        before=wanted.before,
        after=after,
        outbox=promises(after, wanted.connections, now=ports.clock.now()) if after.active else (),
        idempotency=wanted.idempotency,
    )


def _shared(ports: Ports, wanted: TimeClaim, agenda: Agenda) -> BookingChange | None:
    """Join the session of this start, or move or open one; None where the agenda is out of date."""
    before, after = wanted.before, wanted.after
    name = sessions.session_at(agenda, wanted.service, after.interval.start)
    if name is not None:
        return _join(ports, wanted, ports.bookings.get(after.tenant, name))
    own = _left_alone(ports, before)
    rest = sessions.without_bookings(agenda, {own.id}) if own else agenda
    if any(span.overlaps(after.claimed) for span in rest.bookings.values()):
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
        return _change(ports, wanted, after, SessionChange(own, moved), Leave())
    gone = leave_session(ports, before, wanted.connections) if before else Leave()
    places = sessions.free_places(None, capacity=wanted.service.capacity, seats=after.seats, who=after.id)
    if places is None:
        raise SlotTaken("there are not so many seats")
    opened = sessions.open_session(replace(after, places=places), _name(ports))
    seat = replace(after, places=places, session=opened.id)
    return _change(ports, wanted, seat, SessionChange(None, opened), gone)


def _left_alone(ports: Ports, seat: Booking | None) -> Booking | None:
    """The session that would be empty without this seat: it moves along, and so do its events."""
    if seat is None:
        return None
    session = ports.bookings.get(seat.tenant, seat.session or "")
    return session if session.active and sessions.sits_alone(session, seat.id) else None


def _join(ports: Ports, wanted: TimeClaim, session: Booking) -> BookingChange | None:
    before, after = wanted.before, wanted.after
    if not session.active:
        return None
    gone = Leave()
    if before is not None and before.session == session.id:
        places: tuple[int, ...] | None = before.places
    else:
        places = sessions.free_places(
            session, capacity=wanted.service.capacity, seats=after.seats, who=after.id
        )
        gone = leave_session(ports, before, wanted.connections) if before else gone
    if places is None:
        raise SlotTaken("no seat is left")
    seat = replace(after, places=places, session=session.id, interval=session.interval)
    step = SeatTaken(session, seat.id, Seat(places, seat.held_until), seat.updated_at)
    return _change(ports, wanted, seat, step, gone)


def _change(
    ports: Ports, wanted: TimeClaim, seat: Booking, step: SessionChange | SeatTaken, gone: Leave
) -> BookingChange:
    return BookingChange(
        before=wanted.before,
        after=seat,
        outbox=(*gone.outbox, *_shown(ports, wanted, seat, step)),
        idempotency=wanted.idempotency,
        sessions=(*gone.sessions, step),
    )


def _shown(
    ports: Ports, wanted: TimeClaim, seat: Booking, step: SessionChange | SeatTaken
) -> tuple[OutboxEntry, ...]:
    """The promises to show the session in the calendars; one that is only held is nobody's business yet."""
    if not seat.active:
        return ()
    session = step.after if isinstance(step, SessionChange) else step.session
    cause = f"{seat.id}-{seat.revision}"
    return promises(session, wanted.connections, now=ports.clock.now(), cause=cause)


def _name(ports: Ports) -> str:
    """The id of a session: of its own, so that nobody joins another one by mistake."""
    seed = hashlib.sha256(ports.keys.token().encode()).digest()[:_NAME_BYTES]
    return base64.b32hexencode(seed).decode().lower()


# Each try that fails is one that somebody else's change of the same session won.
TRIES = 100


@dataclass(frozen=True, slots=True)
class Leave:
    """A session without one of its seats, and the promises to show that in the calendars."""

    sessions: tuple[SessionChange, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()


def leave_session(ports: Ports, seat: Booking, connections: Sequence[Connection] | None = None) -> Leave:
    """What leaving its session means for a booking; nothing for one that is no seat."""
    if not seat.is_seat:
        return Leave()
    session = ports.bookings.get(seat.tenant, seat.session or "")
    if not session.active:
        return Leave()
    now = ports.clock.now()
    after = sessions.leave_seat(session, seat.id, now)
    if seat.held_until is not None and after.active:
        return Leave((SessionChange(session, after),))
    targets = connections or ports.connections.of_resource(seat.tenant, seat.resource)
    return Leave((SessionChange(session, after),), promises(after, targets, now=now, cause=seat.id))


def what_moves(ports: Ports, booking: Booking) -> str | None:
    """What is out of the way when a booking moves: itself, or its session where nobody else sits there."""
    if not booking.is_seat:
        return booking.id
    session = ports.bookings.get(booking.tenant, booking.session or "")
    ended_ones = [name for name, seat in session.roster.items() if _over(ports, seat)]
    if ended_ones and end_expired_holds(ports, booking.tenant, ended_ones):
        session = ports.bookings.get(booking.tenant, session.id)
    return session.id if session.active and sessions.sits_alone(session, booking.id) else None


def _over(ports: Ports, seat: Seat) -> bool:
    return seat.until is not None and seat.until <= ports.clock.now()


def end_hold(ports: Ports, held: Booking) -> None:
    """End a hold; whoever held it has no claim any more.

    Raises:
        Conflict: It was booked, or released, at the same moment.
    """
    for _ in range(TRIES):
        gone = leave_session(ports, held)
        after = replace(
            held,
            status=BookingStatus.RELEASED,
            revision=held.revision + 1,
            updated_at=ports.clock.now(),
        )
        change = BookingChange(held, after, outbox=gone.outbox, sessions=gone.sessions)
        try:
            commit_change(ports, change)
        except Conflict:
            if _changed(ports, held):
                raise
            continue
        return
    raise Conflict("the session is being changed at the moment")


def end_expired_holds(ports: Ports, tenant: str, names: Iterable[str]) -> int:
    """End those of the named holds whose time is over; how many that were."""
    released = 0
    for name in names:
        try:
            held = ports.bookings.get(tenant, name)
            if has_expired(ports, held):
                end_hold(ports, held)
                released += 1
        except (UnknownResource, Conflict):
            # Somebody else released it, or its customer booked it in time.
            continue
    return released


def commit_past_expired_holds(ports: Ports, change: BookingChange) -> Booking:
    """Commit a change; where only holds that have ended are in its way, they go first.

    Raises:
        SlotTaken: Another booking holds one of the new cells.
        Conflict: The booking was changed by somebody else meanwhile.
    """
    try:
        return commit_change(ports, change)
    except SlotTaken:
        after = change.after
        found = ports.catalogue.agenda(after.tenant, after.resource, after.claimed)
        if not end_expired_holds(
            ports, after.tenant, sessions.without_expired_holds(found, ports.clock.now()).expired
        ):
            raise
        return commit_change(ports, change)


def has_expired(ports: Ports, held: Booking) -> bool:
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


def follow_session(ports: Ports, command: FollowSession) -> int:
    """Bring every seat in line with the session as it is now; how many that changed.

    Raises:
        Conflict: A seat keeps being changed; the promise stays.
    """
    try:
        session = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return 0
    changed = sum(_follow(ports, session, name) for name in sorted(session.roster))
    ports.ledger.done(command.entry)
    return changed


def _follow(ports: Ports, session: Booking, name: str) -> bool:
    def bring_along() -> bool:
        try:
            seat = ports.bookings.get(session.tenant, name)
        except UnknownResource:
            return False
        if seat.session != session.id or not seat.takes_time:
            return False
        return _brought_along(ports, session, seat)

    # Its customer may change the seat meanwhile, perhaps to another session.
    return retry_conflicts(bring_along, message="a seat of the session keeps changing", code="seat_busy")


def _brought_along(ports: Ports, session: Booking, seat: Booking) -> bool:
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
