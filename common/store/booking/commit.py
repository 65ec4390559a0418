"""Commits a change of a booking at once with all that belongs to it, and finds out why a commit is refused.

Cells are only ever created, so two bookings can never hold the same one, and no transaction is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from common.domain.booking.booking import Booking, BookingStatus, Customer, Proposal, Seat, Source
from common.domain.booking.booking_change import BookingChange, IdempotencyRecord, SeatTaken, SessionChange
from common.domain.booking.cells import cells
from common.domain.export.exported_event import ExportLink, LinkState, Refusal
from common.domain.slots.agenda import weeks_of
from common.errors import AlreadyExists, Conflict, SlotTaken
from common.store import notify, paths
from common.store.firestore.codec import INTERVAL, PLAIN, array_of, enum_value, map_of, record
from common.store.firestore.documents import (
    REMOVE,
    Create,
    Delete,
    Documents,
    FieldPath,
    Increment,
    Merge,
    Put,
    Replace,
    Snapshot,
    Write,
)
from common.store.notify import OUTBOX
from common.store.slots.agenda import booking_fields, booking_fields_removed, stored_hold

PLACES = array_of(PLAIN)
SEAT = record(Seat, places=PLACES, until=PLAIN)
BOOKING = record(
    Booking,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    service=PLAIN,
    interval=INTERVAL,
    claimed=INTERVAL,
    status=enum_value(BookingStatus),
    customer=record(Customer, name=PLAIN, email=PLAIN, phone=PLAIN, zone=PLAIN),
    created_at=PLAIN,
    updated_at=PLAIN,
    source=enum_value(Source),
    revision=PLAIN,
    note=PLAIN,
    title=PLAIN,
    description=PLAIN,
    conflict=PLAIN,
    proposal=record(
        Proposal,
        connection=PLAIN,
        proposed_at=PLAIN,
        expires_at=PLAIN,
        interval=INTERVAL,
        title=PLAIN,
        description=PLAIN,
        deletion=PLAIN,
    ),
    edited_in=PLAIN,
    seats=PLAIN,
    session=PLAIN,
    places=PLACES,
    roster=map_of(SEAT),
    held_until=PLAIN,
)
LINK = record(
    ExportLink,
    tenant=PLAIN,
    connection=PLAIN,
    booking=PLAIN,
    calendar=PLAIN,
    calendar_id=PLAIN,
    event_id=PLAIN,
    epoch=PLAIN,
    state=enum_value(LinkState),
    revision=PLAIN,
    written=map_of(PLAIN),
    etag=PLAIN,
    updated=PLAIN,
    missing_since=PLAIN,
    absent_at=PLAIN,
    attempts=PLAIN,
    error=PLAIN,
    series_id=PLAIN,
    original_start=PLAIN,
    ical_uid=PLAIN,
    sequence=PLAIN,
    owner_guest=PLAIN,
    others=PLAIN,
    mailed=PLAIN,
    shown=map_of(PLAIN),
    sending=map_of(PLAIN),
    left_out=map_of(PLAIN),
    unseen_since=PLAIN,
    refused=record(Refusal, code=PLAIN, since=PLAIN, revision=PLAIN, tries=PLAIN, entry=PLAIN),
)
IDEMPOTENCY = record(
    IdempotencyRecord, id=PLAIN, tenant=PLAIN, fingerprint=PLAIN, booking=PLAIN, expires_at=PLAIN
)


_TRIES = 3


def commit(documents: Documents, change: BookingChange) -> Booking:
    """Commit a change; a repeat of one that went through already is a success."""
    expired: str | None = None
    for _ in range(_TRIES):
        try:
            return _commit(documents, change, replaced=expired)
        except (AlreadyExists, Conflict) as refusal:
            explained = _explain(documents, change, refusal)
        if isinstance(explained, Booking):
            return explained
        expired = explained
    raise Conflict("others keep interfering; try again")


def _commit(documents: Documents, change: BookingChange, *, replaced: str | None) -> Booking:
    booking, *_ = documents.commit([_booking_write(change), *_other_writes(change, replaced)])
    return replace(change.after, version=booking.version)


def _booking_write(change: BookingChange) -> Write:
    path, data = paths.booking(change.after.tenant, change.after.id), BOOKING.write(change.after)
    if change.before is None:
        return Create(path, data)
    if change.before.version is None:
        raise Conflict("a booking that was never read cannot be changed")
    if change.after.status is BookingStatus.RELEASED:
        return Delete(path, version=change.before.version)
    return Replace(path, data, version=change.before.version)


def _other_writes(change: BookingChange, replaced: str | None) -> Iterable[Write]:
    """Everything that is committed together with the booking itself."""
    yield from claim_writes(change)
    for waiting in change.outbox:
        yield Put(paths.outbox(waiting.id), OUTBOX.write(waiting))
    for link in change.links:
        yield link_write(link)
    for notice in change.notices:
        yield from notify.repeatable_notice_writes(notice)
    if change.idempotency is not None:
        path, data = _record_path(change.idempotency), IDEMPOTENCY.write(change.idempotency)
        yield Create(path, data) if replaced is None else Replace(path, data, version=replaced)


def link_write(link: ExportLink) -> Write:
    """A link that must be new, or still of the version that was read."""
    path, data = paths.export(link.tenant, link.connection, link.booking), LINK.write(link)
    return Create(path, data) if link.version is None else Replace(path, data, version=link.version)


def _record_path(record: IdempotencyRecord) -> str:
    return paths.idempotency(record.tenant, record.id)


def _explain(documents: Documents, change: BookingChange, refusal: AlreadyExists | Conflict) -> Booking | str:
    """In the way: this very change (returned), an old record (its version), another booking (raised)."""
    after, record = change.after, change.idempotency
    booking_path = paths.booking(after.tenant, after.id)
    claims = documents_to_create(change)
    asked = [booking_path, *([_record_path(record)] if record else []), *sorted(claims)]
    found = {snapshot.path: snapshot for snapshot in documents.get(asked)}
    booking, first = found[booking_path], found[_record_path(record)] if record else None
    if _is_this(booking, after) and (record is None or _same_request(first, record)):
        return replace(after, version=booking.version)
    expired = _expired(first, change)
    if first is not None and first.data is not None and expired is None:
        raise AlreadyExists("this request was made before") from refusal
    others = (found[path].data for path in claims)
    held = any(data["booking"] != owner for data, owner in zip(others, claims.values(), strict=True) if data)
    _raise_for_other(change, booking, refusal, held=held)
    if expired is None:
        raise Conflict("others interfered; try again") from refusal
    return expired


def _is_this(booking: Snapshot, after: Booking) -> bool:
    return booking.data is not None and BOOKING.read(booking.data) == replace(after, version=None)


def _same_request(first: Snapshot | None, record: IdempotencyRecord) -> bool:
    return first is not None and first.data is not None and IDEMPOTENCY.read(first.data) == record


def _expired(first: Snapshot | None, change: BookingChange) -> str | None:
    if first is None or first.data is None:
        return None
    return first.version if IDEMPOTENCY.read(first.data).expires_at <= change.after.updated_at else None


def _raise_for_other(change: BookingChange, booking: Snapshot, refusal: Exception, *, held: bool) -> None:
    if change.before is None and booking.data is not None:
        raise AlreadyExists("a booking of this id exists") from refusal
    if change.before is not None and booking.version != change.before.version:
        raise Conflict("the booking changed meanwhile") from refusal
    if held:
        raise SlotTaken("somebody else has that time") from refusal


# Cells of the past have no use; the database removes them some time after this.
CELLS_KEPT = timedelta(days=7)
_Pair = tuple[Booking | None, Booking]


def documents_to_create(change: BookingChange) -> Mapping[str, str]:
    """The documents that the change creates for itself, each with the booking that will hold it."""
    return {path: after.id for before, after in _pairs(change) for path in _claimed(after) - _claimed(before)}


def claim_writes(change: BookingChange) -> Iterator[Write]:
    """The writes that claim and give up time: cells, places and session starts, sessions, and the agenda."""
    for before, after in _pairs(change):
        had, needs = _claimed(before), _claimed(after)
        expires = after.claimed.end + CELLS_KEPT
        for path in sorted(needs - had):
            yield Create(path, {"booking": after.id, "expires_at": expires})
        for path in sorted(had - needs):
            yield Delete(path)
    for step in change.sessions:
        yield _roster_write(step) if isinstance(step, SeatTaken) else _session_write(step)
        if isinstance(step, SeatTaken):
            yield Merge(_session_start(step.session), {("joined",): Increment(1)}, must_exist=True)
    agenda: dict[str, dict[FieldPath, Any]] = {}
    for path, fields in _agenda_fields(change):
        agenda.setdefault(path, {}).update(fields)
    for path in sorted(agenda):
        yield Merge(path, agenda[path])


def _pairs(change: BookingChange) -> Iterator[_Pair]:
    """The booking and every session that changes with it, before and after."""
    yield change.before, change.after
    for step in change.sessions:
        if isinstance(step, SessionChange):
            yield step.before, step.after


def _claimed(booking: Booking | None) -> set[str]:
    """The documents that a booking holds alone: its cells, or a seat its places in the session."""
    if booking is None or not booking.takes_time:
        return set()
    tenant, resource = booking.tenant, booking.resource
    if booking.is_seat:
        return {paths.place(tenant, resource, booking.session or "", number) for number in booking.places}
    taken = {paths.cell(tenant, resource, key) for key in cells(booking.claimed)}
    return taken | {_session_start(booking)} if booking.is_session else taken


def _session_start(session: Booking) -> str:
    """The document that exists while the session starts at its time; whoever joins demands that it exists."""
    start = f"{session.interval.start.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    return paths.session_start(session.tenant, session.resource, session.id, start)


def _roster_write(step: SeatTaken) -> Merge:
    session = step.session
    fields: dict[FieldPath, Any] = {
        ("roster", step.name): SEAT.write(step.seat),
        ("revision",): Increment(1),
        ("updated_at",): step.at,
    }
    return Merge(paths.booking(session.tenant, session.id), fields, must_exist=True)


def _session_write(step: SessionChange) -> Write:
    after = step.after
    path, data = paths.booking(after.tenant, after.id), BOOKING.write(after)
    if step.before is None:
        return Create(path, data)
    return Replace(path, data, version=step.before.version or "")


def _agenda_fields(change: BookingChange) -> Iterable[tuple[str, dict[FieldPath, Any]]]:
    for before, after in _pairs(change):
        entered, gone = _weeks(after), _weeks(before) - _weeks(after)
        yield from ((path, booking_fields_removed(after)) for path in sorted(gone))
        yield from ((path, booking_fields(after)) for path in sorted(entered))
    for step in change.sessions:
        if isinstance(step, SeatTaken):
            fields = _seat_fields(step)
            yield from ((path, fields) for path in sorted(_weeks(step.session)))


def _seat_fields(step: SeatTaken) -> dict[FieldPath, Any]:
    session = step.session.id
    if step.seat.until is not None:
        return {("sessions", session, "holds", step.name): stored_hold(step.seat)}
    return {
        ("sessions", session, "booked"): Increment(len(step.seat.places)),
        ("sessions", session, "holds", step.name): REMOVE,
    }


def _weeks(booking: Booking | None) -> set[str]:
    if booking is None or not booking.takes_time or booking.is_seat:
        return set()
    return {paths.agenda(booking.tenant, booking.resource, week) for week in weeks_of(booking.claimed)}
