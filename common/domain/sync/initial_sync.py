"""Decides what a first synchronisation does: in which order, whom it would mail, and what collides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.interval import Interval, merge
from common.domain.catalogue.records import Service
from common.domain.connect.settings import ExportSettings

# A live question covers four weeks; a preview looks about half a year ahead where bookings are that dense.
STRETCH = timedelta(weeks=4)
MOST_STRETCHES = 6
Position = tuple[datetime, str]


def position_of(booking: Booking) -> str:
    """Where a run stands after this booking; its own time, so that moving it later skips nothing."""
    return f"{booking.interval.start.isoformat()}|{booking.id}"


def position(text: str) -> Position:
    """The start and id behind ``position_of``."""
    start, _, booking = text.partition("|")
    return datetime.fromisoformat(start), booking


def behind(bookings: Iterable[Booking], after: Position | None) -> tuple[Booking, ...]:
    """The bookings that a run has still to come to, in its order."""
    ordered = sorted(bookings, key=lambda booking: (booking.interval.start, booking.id))
    return tuple(item for item in ordered if after is None or (item.interval.start, item.id) > after)


def invited(
    bookings: Iterable[Booking],
    services: Mapping[str, Service],
    exports: ExportSettings,
    *,
    now: datetime,
) -> tuple[Booking, ...]:
    """The bookings whose customers the provider would mail if their events were written with notifications.

    Only customers of single bookings to come; the same rule as for the attendee of an event.
    """
    if not (exports.on and exports.attendee and exports.notify):
        return ()
    return tuple(
        booking
        for booking in bookings
        if booking.interval.start > now
        and booking.customer.email
        and (service := services.get(booking.service)) is not None
        and service.capacity == 1
    )


def stretches(bookings: Iterable[Booking], *, now: datetime) -> tuple[Interval, ...]:
    """A few ranges of at most four weeks that hold the bookings to come, the nearest first."""
    found: list[Interval] = []
    for booking in sorted(bookings, key=lambda booking: booking.interval.start):
        if booking.interval.end <= now:
            continue
        start = max(booking.interval.start, now)
        if found and booking.interval.end <= found[-1].start + STRETCH:
            found[-1] = Interval(found[-1].start, max(found[-1].end, booking.interval.end))
        elif len(found) < MOST_STRETCHES:
            found.append(Interval(start, booking.interval.end))
        else:
            break
    return tuple(found)


def colliding(bookings: Sequence[Booking], taken: Iterable[Interval], within: Iterable[Interval]) -> int:
    """How many bookings share time with something that blocks, as far as was looked."""
    blocks, looked = merge(taken), merge(within)
    return sum(
        any(booking.interval.overlaps(block) for block in blocks)
        for booking in bookings
        if any(booking.interval.overlaps(part) for part in looked)
    )


EVENTS_A_PAGE = 250
# Counting, opening the channel, and the empty page that closes a listing.
CALLS_A_CALENDAR = 3
# Chunks run one after the other; this is a provider's ordinary time to answer one call.
SECONDS_A_CALL = 0.25


@dataclass(frozen=True, slots=True)
class Estimate:
    """What there is to do."""

    calendars: int
    imports: int
    exports: int

    @property
    def requests(self) -> int:
        """Calls of the provider: every event is counted and listed by pages, every booking written once."""
        pages = math.ceil(self.imports / EVENTS_A_PAGE)
        return self.calendars * CALLS_A_CALENDAR + 2 * pages + self.exports


def seconds(volume: Estimate, *, per_minute: float) -> int:
    """Whole seconds at ``per_minute`` calls, and no faster than one call after the other."""
    paced = volume.requests * 60 / per_minute
    return math.ceil(max(paced, volume.requests * SECONDS_A_CALL))


def paced_rate(*, user_per_minute: int, project_per_minute: int, shards: int, share: float) -> float:
    """Calls a minute that a back-fill of one account may make, beside live work."""
    return max(1.0, min(user_per_minute, project_per_minute / shards) * share)
