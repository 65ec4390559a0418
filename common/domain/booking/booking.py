"""A booking, its customer, and its seats in a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from common.domain.booking.proposal import Proposal
from common.domain.calendar.interval import Interval


class BookingStatus(StrEnum):
    """Whether a booking takes its time; a hold takes it for some minutes and is removed when it ends."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    HELD = "held"
    RELEASED = "released"


class Source(StrEnum):
    """Who made the last change."""

    CUSTOMER = "customer"
    STAFF = "staff"
    EXTERNAL = "external"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Customer:
    """Who comes. Never logged, and never part of a task."""

    name: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """The places that one booking has in a session; ``until`` is when a hold of them ends."""

    places: tuple[int, ...]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment; ``claimed`` is its time with buffers, rounded outward to cells.

    A session is a booking of its own that takes the time for all of its seats: its ``session`` is its own
    id, it has no customer, and its ``roster`` names who sits on which places. A seat names its session
    and takes nothing but its ``places``.

    ``revision`` grows with every change and orders exports. ``title`` and ``description`` are set only
    where the owner wrote own words into the exported event. ``conflict`` names an external event's
    calendar that took the same time after the booking was made. ``edited_in`` is the connection in whose
    calendar the last ``EXTERNAL`` change was made.
    """

    id: str
    tenant: str
    resource: str
    service: str
    interval: Interval
    claimed: Interval
    status: BookingStatus
    customer: Customer
    created_at: datetime
    updated_at: datetime
    source: Source = Source.CUSTOMER
    revision: int = 1
    note: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)
    conflict: str | None = None
    proposal: Proposal | None = None
    edited_in: str | None = None
    seats: int = 1
    session: str | None = None
    places: tuple[int, ...] = ()
    roster: Mapping[str, Seat] = field(default_factory=dict, hash=False)
    held_until: datetime | None = None
    version: str | None = None

    @property
    def active(self) -> bool:
        """Whether it takes place."""
        return self.status is BookingStatus.CONFIRMED

    @property
    def takes_time(self) -> bool:
        """Whether nobody else can have its time, or its places in a session."""
        return self.status in {BookingStatus.CONFIRMED, BookingStatus.HELD}

    @property
    def is_session(self) -> bool:
        """Whether it stands for all of its seats."""
        return self.session == self.id

    @property
    def is_seat(self) -> bool:
        """Whether it is one of several in a session."""
        return self.session is not None and self.session != self.id
