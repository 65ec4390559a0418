"""The store of bookings, their cells and their export links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from common.domain.booking import (
    Booking,
    BookingStatus,
    ExportLink,
    Seat,
)

if TYPE_CHECKING:
    from common.domain.interval import Interval
    from common.domain.work import (
        IdempotencyRecord,
        Notice,
        OutboxEntry,
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody takes places in a session as it was read, or turns a hold of them into a booking.

    Others may join at the same moment; only one of them gets each place. It fails where the session has
    moved or ended meanwhile.
    """

    session: Booking
    name: str
    seat: Seat
    at: datetime


@dataclass(frozen=True, slots=True)
class Amended:
    """A session that opens (``before`` is None), moves, loses a seat or ends, exactly as it was read."""

    before: Booking | None
    after: Booking


@dataclass(frozen=True, slots=True)
class BookingChange:
    """A booking before and after, with everything that must be committed in the same breath."""

    before: Booking | None
    after: Booking
    outbox: tuple[OutboxEntry, ...] = ()
    links: tuple[ExportLink, ...] = ()
    notices: tuple[Notice, ...] = ()
    idempotency: IdempotencyRecord | None = None
    sessions: tuple[Joined | Amended, ...] = ()


class Bookings(Protocol):
    """Bookings, their cells, and their export links."""

    def get(self, tenant: str, booking: str) -> Booking:
        """Raises UnknownResource where there is none."""

    def commit(self, change: BookingChange) -> Booking:
        """One atomic commit: cells, booking, sessions, agenda, outbox, links, notices, idempotency.

        Raises:
            SlotTaken: another booking holds one of the new cells or places.
            Conflict: ``before.version`` (or a link's, or a session's) is not the stored one.
            AlreadyExists: the idempotency record or the booking id is there already.
        """

    def idempotency(self, tenant: str, record: str) -> IdempotencyRecord | None:
        """The first request under this key, while it lives."""

    def starting_from(
        self, tenant: str, resource: str, start: datetime, *, after: str | None, limit: int
    ) -> tuple[Booking, ...]:
        """Active bookings that end after ``start``, in order of (start, id), from ``after`` (exclusive).

        A session stands for all of its seats.
        """

    def overlapping(
        self,
        tenant: str,
        resource: str,
        window: Interval,
        *,
        status: BookingStatus = BookingStatus.CONFIRMED,
        seats: bool = False,
    ) -> tuple[Booking, ...]:
        """Bookings of a status (active ones) that overlap ``window``; ``seats`` of sessions only if asked."""

    def ended_holds(self, now: datetime, limit: int) -> tuple[Booking, ...]:
        """Holds of all tenants that ended at or before ``now``, the oldest first."""

    def ever_booked(self, tenant: str, service: str) -> bool:
        """Whether any booking names the service, past or to come, whatever became of it."""

    def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[Booking, ...]:
        """All of a tenant's bookings, whatever became of them, by id from ``after`` (exclusive)."""

    def link(self, tenant: str, connection: str, booking: str) -> ExportLink | None:
        """The export link of a booking in one connection."""

    def links_by_event(
        self, tenant: str, connection: str, event_ids: Sequence[str]
    ) -> Mapping[str, ExportLink]:
        """Links by provider event id; ids that are not ours are left out."""

    def links(self, tenant: str, connection: str, *, after: str | None, limit: int) -> tuple[ExportLink, ...]:
        """The connection's links in order of booking id, from ``after`` (exclusive)."""

    def save_link(self, link: ExportLink) -> ExportLink:
        """Store a link if ``link.version`` is still the stored one (None: must be new); else Conflict."""

    def delete_link(self, link: ExportLink) -> None:
        """Forget a link."""
