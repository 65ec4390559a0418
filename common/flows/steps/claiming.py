"""Takes a time for a booking or a hold: alone, or as seats in a session that several customers share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.domain import sessions
from common.domain.account import Connection
from common.domain.agenda import Agenda
from common.domain.booking import Booking, Seat
from common.domain.catalogue import Service
from common.domain.proposals import without_time
from common.domain.work import IdempotencyRecord, OutboxEntry
from common.errors import Conflict, SlotTaken, UnknownResource
from common.flows.steps.leaving import TRIES, Leave, leave, release_ended
from common.flows.steps.outbox import promises
from common.flows.steps.settled import settle
from common.ports import Amended, BookingChange, Joined, Ports

_NAME_BYTES = 15


@dataclass(frozen=True, slots=True)
class Claim:
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


def claim(ports: Ports, wanted: Claim) -> Booking:
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
                return settle(ports, change)
        except SlotTaken:
            if not wanted.shared and not _afresh(ports, wanted).expired:
                raise
        except Conflict:
            if not wanted.shared or _overtaken(ports, wanted):
                raise
        agenda = _afresh(ports, wanted)
    raise Conflict("others keep interfering; try again")


def _afresh(ports: Ports, wanted: Claim) -> Agenda:
    after = wanted.after
    found = ports.catalogue.agenda(after.tenant, after.resource, after.claimed)
    return sessions.living(found, ports.clock.now())


def _clear(ports: Ports, wanted: Claim, agenda: Agenda) -> None:
    here = [name for name, span in agenda.expired.items() if span.overlaps(wanted.after.claimed)]
    release_ended(ports, wanted.after.tenant, here)


def _overtaken(ports: Ports, wanted: Claim) -> bool:
    """Whether the booking itself is another one than was read: then its session is not the reason."""
    before = wanted.before
    if before is None:
        return False
    try:
        return ports.bookings.get(before.tenant, before.id).version != before.version
    except UnknownResource:
        return True


def _alone(ports: Ports, wanted: Claim) -> BookingChange:
    after = wanted.after
    return BookingChange(
        before=wanted.before,
        after=after,
        outbox=promises(after, wanted.connections, now=ports.clock.now()) if after.active else (),
        idempotency=wanted.idempotency,
    )


def _shared(ports: Ports, wanted: Claim, agenda: Agenda) -> BookingChange | None:
    """Join the session of this start, or move or open one; None where the agenda is out of date."""
    before, after = wanted.before, wanted.after
    name = sessions.session_at(agenda, wanted.service, after.interval.start)
    if name is not None:
        return _join(ports, wanted, ports.bookings.get(after.tenant, name))
    own = _left_alone(ports, before)
    rest = sessions.without(agenda, {own.id}) if own else agenda
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
        return _change(ports, wanted, after, Amended(own, moved), Leave())
    gone = leave(ports, before, wanted.connections) if before else Leave()
    places = sessions.free_places(None, capacity=wanted.service.capacity, seats=after.seats, who=after.id)
    if places is None:
        raise SlotTaken("there are not so many seats")
    opened = sessions.opened(replace(after, places=places), _name(ports))
    seat = replace(after, places=places, session=opened.id)
    return _change(ports, wanted, seat, Amended(None, opened), gone)


def _left_alone(ports: Ports, seat: Booking | None) -> Booking | None:
    """The session that would be empty without this seat: it moves along, and so do its events."""
    if seat is None:
        return None
    session = ports.bookings.get(seat.tenant, seat.session or "")
    return session if session.active and sessions.alone(session, seat.id) else None


def _join(ports: Ports, wanted: Claim, session: Booking) -> BookingChange | None:
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
        gone = leave(ports, before, wanted.connections) if before else gone
    if places is None:
        raise SlotTaken("no seat is left")
    seat = replace(after, places=places, session=session.id, interval=session.interval)
    step = Joined(session, seat.id, Seat(places, seat.held_until), seat.updated_at)
    return _change(ports, wanted, seat, step, gone)


def _change(ports: Ports, wanted: Claim, seat: Booking, step: Amended | Joined, gone: Leave) -> BookingChange:
    return BookingChange(
        before=wanted.before,
        after=seat,
        outbox=(*gone.outbox, *_shown(ports, wanted, seat, step)),
        idempotency=wanted.idempotency,
        sessions=(*gone.sessions, step),
    )


def _shown(ports: Ports, wanted: Claim, seat: Booking, step: Amended | Joined) -> tuple[OutboxEntry, ...]:
    """The promises to show the session in the calendars; one that is only held is nobody's business yet."""
    if not seat.active:
        return ()
    session = step.after if isinstance(step, Amended) else step.session
    cause = f"{seat.id}-{seat.revision}"
    return promises(session, wanted.connections, now=ports.clock.now(), cause=cause)


def _name(ports: Ports) -> str:
    """The id of a session: of its own, so that nobody joins another one by mistake."""
    seed = hashlib.sha256(ports.keys.token().encode()).digest()[:_NAME_BYTES]
    return base64.b32hexencode(seed).decode().lower()
