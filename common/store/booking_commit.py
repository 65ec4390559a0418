"""A change of a booking as one atomic commit, and what it means when that commit is refused.

Cells are only ever created, so two bookings can never hold the same one, and no transaction is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from common.domain.booking import Booking, BookingStatus, ExportLink
from common.domain.work import IdempotencyRecord
from common.errors import AlreadyExists, Conflict, SlotTaken
from common.ports.bookings import BookingChange
from common.store import notices, paths
from common.store.claims import claim_writes, wanted
from common.store.documents import Create, Delete, Documents, Put, Replace, Snapshot, Write
from common.store.work_records import BOOKING, IDEMPOTENCY, LINK, OUTBOX

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
    booking, *_ = documents.commit([_booking_write(change), *_around(change, replaced)])
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


def _around(change: BookingChange, replaced: str | None) -> Iterable[Write]:
    yield from claim_writes(change)
    for entry in change.outbox:
        yield Put(paths.outbox(entry.id), OUTBOX.write(entry))
    for link in change.links:
        yield link_write(link)
    for notice in change.notices:
        yield from notices.repeated(notice)
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
    """What was in the way: this very change (returned), an expired record (its version), a rival (raised)."""
    after, record = change.after, change.idempotency
    booking_path = paths.booking(after.tenant, after.id)
    claims = wanted(change)
    asked = [booking_path, *([_record_path(record)] if record else []), *sorted(claims)]
    found = {snapshot.path: snapshot for snapshot in documents.get(asked)}
    booking, first = found[booking_path], found[_record_path(record)] if record else None
    if _is_this(booking, after) and (record is None or _same_request(first, record)):
        return replace(after, version=booking.version)
    expired = _expired(first, change)
    if first is not None and first.data is not None and expired is None:
        raise AlreadyExists("this request was made before") from refusal
    rivals = (found[path].data for path in claims)
    held = any(data["booking"] != owner for data, owner in zip(rivals, claims.values(), strict=True) if data)
    _refuse_rival(change, booking, refusal, held=held)
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


def _refuse_rival(change: BookingChange, booking: Snapshot, refusal: Exception, *, held: bool) -> None:
    if change.before is None and booking.data is not None:
        raise AlreadyExists("a booking of this id exists") from refusal
    if change.before is not None and booking.version != change.before.version:
        raise Conflict("the booking changed meanwhile") from refusal
    if held:
        raise SlotTaken("somebody else has that time") from refusal
