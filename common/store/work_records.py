"""The stored forms of bookings, their export links, and the small records around delayed work."""

from __future__ import annotations

from common.domain.booking import (
    Booking,
    BookingStatus,
    Customer,
    ExportLink,
    LinkState,
    Proposal,
    Seat,
    Source,
)
from common.domain.work import (
    ConsentState,
    DeadLetter,
    IdempotencyRecord,
    Lane,
    Notice,
    NoticeKind,
    OutboxEntry,
    OutboxKind,
    Work,
)
from common.store.codec import INTERVAL, PLAIN, by_name, items, record, word

PLACES = items(PLAIN)
SEAT = record(Seat, places=PLACES, until=PLAIN)

BOOKING = record(
    Booking,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    service=PLAIN,
    interval=INTERVAL,
    claimed=INTERVAL,
    status=word(BookingStatus),
    customer=record(Customer, name=PLAIN, email=PLAIN, phone=PLAIN, zone=PLAIN),
    created_at=PLAIN,
    updated_at=PLAIN,
    source=word(Source),
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
    roster=by_name(SEAT),
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
    state=word(LinkState),
    revision=PLAIN,
    written=by_name(PLAIN),
    etag=PLAIN,
    updated=PLAIN,
    missing_since=PLAIN,
    attempts=PLAIN,
    error=PLAIN,
)

OUTBOX = record(
    OutboxEntry,
    id=PLAIN,
    tenant=PLAIN,
    kind=word(OutboxKind),
    booking=PLAIN,
    connection=PLAIN,
    revision=PLAIN,
    created_at=PLAIN,
    due_at=PLAIN,
    waiting_until=PLAIN,
    subject=PLAIN,
)

LETTER = record(
    DeadLetter,
    id=PLAIN,
    tenant=PLAIN,
    work=word(Work),
    lane=word(Lane),
    payload=by_name(PLAIN),
    code=PLAIN,
    attempts=PLAIN,
    died_at=PLAIN,
)

NOTICE = record(
    Notice, id=PLAIN, tenant=PLAIN, kind=word(NoticeKind), at=PLAIN, connection=PLAIN, booking=PLAIN
)

CONSENT = record(
    ConsentState,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    provider=PLAIN,
    subject=PLAIN,
    verifier=PLAIN,
    return_to=PLAIN,
    expires_at=PLAIN,
    connection=PLAIN,
    expected_account=PLAIN,
)

IDEMPOTENCY = record(
    IdempotencyRecord, id=PLAIN, tenant=PLAIN, fingerprint=PLAIN, booking=PLAIN, expires_at=PLAIN
)
