"""A change of a booking with everything that must be committed together with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from common.domain.booking.booking import Booking, Seat
from common.domain.export.exported_event import ExportLink

if TYPE_CHECKING:
    from common.domain.notify import Notice
    from common.domain.shared.outbox import OutboxEntry


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """Somebody takes places in a session as it was read, or turns a hold of them into a booking.

    Others may join at the same moment; only one of them gets each place. It fails where the session has
    moved or ended meanwhile.
    """

    session: Booking
    name: str
    seat: Seat
    at: datetime


@dataclass(frozen=True, slots=True)
class SessionChange:
    """A session that opens (``before`` is None), moves, loses a seat or ends, exactly as it was read."""

    before: Booking | None
    after: Booking


@dataclass(frozen=True, slots=True)
class BookingChange:
    """A booking before and after, with everything that must be committed together with it.

    ``words`` are the names of its service and resource, where they are known (`booking_words`).
    """

    before: Booking | None
    after: Booking
    outbox: tuple[OutboxEntry, ...] = ()
    links: tuple[ExportLink, ...] = ()
    notices: tuple[Notice, ...] = ()
    idempotency: IdempotencyRecord | None = None
    sessions: tuple[SeatTaken | SessionChange, ...] = ()
    words: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The first request under an idempotency key; ``fingerprint`` tells its repeats from other requests."""

    id: str
    tenant: str
    fingerprint: str
    booking: str
    expires_at: datetime
