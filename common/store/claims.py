"""What a booking, a session and its seats hold: documents that are only ever created, and agenda entries.

A booking or a session creates its cells. A seat creates its places, and passes the session's door, which is
there for as long as the session has the start that the customer saw. So neither a time nor a place is ever
given twice, and nobody joins what has just ended or moved, without any transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, timedelta
from typing import Any

from common.domain.agenda import weeks
from common.domain.booking import Booking
from common.domain.cells import cells
from common.ports.bookings import Amended, BookingChange, Joined
from common.store import paths
from common.store.agenda import entry, held_seats, no_entry
from common.store.documents import REMOVE, Create, Delete, FieldPath, Increment, Merge, Replace, Write
from common.store.work_records import BOOKING, SEAT

# Cells of the past have no use; the database removes them some time after this.
CELLS_KEPT = timedelta(days=7)

_Pair = tuple[Booking | None, Booking]


def wanted(change: BookingChange) -> Mapping[str, str]:
    """The documents that the change creates for itself, each with the booking that will hold it."""
    return {path: after.id for before, after in _pairs(change) for path in _held(after) - _held(before)}


def claim_writes(change: BookingChange) -> Iterator[Write]:
    """Cells, places and doors; sessions and their agenda entries, each document once."""
    for before, after in _pairs(change):
        held, needed = _held(before), _held(after)
        expires = after.claimed.end + CELLS_KEPT
        for path in sorted(needed - held):
            yield Create(path, {"booking": after.id, "expires_at": expires})
        for path in sorted(held - needed):
            yield Delete(path)
    for step in change.sessions:
        yield _joined(step) if isinstance(step, Joined) else _amended(step)
        if isinstance(step, Joined):
            yield Merge(_door(step.session), {("joined",): Increment(1)}, must_exist=True)
    agenda: dict[str, dict[FieldPath, Any]] = {}
    for path, fields in _entries(change):
        agenda.setdefault(path, {}).update(fields)
    for path in sorted(agenda):
        yield Merge(path, agenda[path])


def _pairs(change: BookingChange) -> Iterator[_Pair]:
    yield change.before, change.after
    for step in change.sessions:
        if isinstance(step, Amended):
            yield step.before, step.after


def _held(booking: Booking | None) -> set[str]:
    if booking is None or not booking.takes_time:
        return set()
    tenant, resource = booking.tenant, booking.resource
    if booking.is_seat:
        return {paths.place(tenant, resource, booking.session or "", number) for number in booking.places}
    taken = {paths.cell(tenant, resource, key) for key in cells(booking.claimed)}
    return taken | {_door(booking)} if booking.is_session else taken


def _door(session: Booking) -> str:
    start = f"{session.interval.start.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    return paths.door(session.tenant, session.resource, session.id, start)


def _joined(step: Joined) -> Merge:
    session = step.session
    fields: dict[FieldPath, Any] = {
        ("roster", step.name): SEAT.write(step.seat),
        ("revision",): Increment(1),
        ("updated_at",): step.at,
    }
    return Merge(paths.booking(session.tenant, session.id), fields, must_exist=True)


def _amended(step: Amended) -> Write:
    after = step.after
    path, data = paths.booking(after.tenant, after.id), BOOKING.write(after)
    if step.before is None:
        return Create(path, data)
    return Replace(path, data, version=step.before.version or "")


def _entries(change: BookingChange) -> Iterable[tuple[str, dict[FieldPath, Any]]]:
    for before, after in _pairs(change):
        entered, gone = _weeks(after), _weeks(before) - _weeks(after)
        yield from ((path, no_entry(after)) for path in sorted(gone))
        yield from ((path, entry(after)) for path in sorted(entered))
    for step in change.sessions:
        if isinstance(step, Joined):
            fields = _counted(step)
            yield from ((path, fields) for path in sorted(_weeks(step.session)))


def _counted(step: Joined) -> dict[FieldPath, Any]:
    session = step.session.id
    if step.seat.until is not None:
        return {("sessions", session, "holds", step.name): held_seats(step.seat)}
    return {
        ("sessions", session, "booked"): Increment(len(step.seat.places)),
        ("sessions", session, "holds", step.name): REMOVE,
    }


def _weeks(booking: Booking | None) -> set[str]:
    if booking is None or not booking.takes_time or booking.is_seat:
        return set()
    return {paths.agenda(booking.tenant, booking.resource, week) for week in weeks(booking.claimed)}
