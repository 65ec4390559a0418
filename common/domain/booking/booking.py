"""A booking, its customer, its seat in a session, and what its owner proposes to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.calendar.interval import Interval


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an owner did to an exported event, and nobody has decided about yet; kept with its booking.

    Only what was changed is set. ``connection`` names the calendar account in which the event looks like
    this; ``deletion`` says that the event is gone from there.
    """

    connection: str
    proposed_at: datetime
    expires_at: datetime
    interval: Interval | None = None
    title: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)
    deletion: bool = False


# A week is enough for holidays' deputies; the appointment itself ends the question earlier.
PROPOSAL_KEPT = timedelta(days=7)


def proposal_expiry(start: datetime, now: datetime) -> datetime:
    """When a proposal lapses: after a week, at the latest at the ``start`` of the appointment."""
    return min(now + PROPOSAL_KEPT, start) if start > now else now + PROPOSAL_KEPT


def kept_proposal(before: Proposal | None, wanted: Proposal | None) -> Proposal | None:
    """The proposal that is kept: the one that is known, where the same is proposed once more."""
    if before is None or wanted is None:
        return wanted
    same = replace(wanted, proposed_at=before.proposed_at, expires_at=before.expires_at)
    return before if same == before else wanted


def without_time(proposal: Proposal | None) -> Proposal | None:
    """What is left of a proposal once the booking has another time: words stay in question, times do not."""
    if proposal is None or proposal.deletion:
        return None
    left = replace(proposal, interval=None)
    return None if left.title is None and left.description is None else left


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
