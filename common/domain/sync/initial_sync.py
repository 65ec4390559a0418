"""Rules of the first synchronisation: its order, whom it would mail, what collides, how long it takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.interval import Interval, merge
from common.domain.catalogue.records import Service
from common.domain.connect.settings import ExportSettings

# A question for slots covers four weeks; a preview looks about half a year ahead where bookings are dense.
MAX_CHECKED_RANGE = timedelta(weeks=4)
MAX_CHECKED_RANGES = 6
Position = tuple[datetime, str]
"""Start and id of the last booking that was exported."""


def encode_position(booking: Booking) -> str:
    """How far a run has come with this booking; holds the start, so that moving it later skips nothing."""
    return f"{booking.interval.start.isoformat()}|{booking.id}"


def decode_position(text: str) -> Position:
    """The start and id that ``encode_position`` wrote."""
    start, _, booking = text.partition("|")
    return datetime.fromisoformat(start), booking


def bookings_after(bookings: Iterable[Booking], after: Position | None) -> tuple[Booking, ...]:
    """The bookings that a run has still to export, in its order: by start, then by id."""
    ordered = sorted(bookings, key=lambda booking: (booking.interval.start, booking.id))
    return tuple(item for item in ordered if after is None or (item.interval.start, item.id) > after)


def invited_bookings(
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


def ranges_to_check(bookings: Iterable[Booking], *, now: datetime) -> tuple[Interval, ...]:
    """A few ranges of at most four weeks that hold the bookings to come, the nearest first."""
    found: list[Interval] = []
    for booking in sorted(bookings, key=lambda booking: booking.interval.start):
        if booking.interval.end <= now:
            continue
        start = max(booking.interval.start, now)
        if found and booking.interval.end <= found[-1].start + MAX_CHECKED_RANGE:
            found[-1] = Interval(found[-1].start, max(found[-1].end, booking.interval.end))
        elif len(found) < MAX_CHECKED_RANGES:
            found.append(Interval(start, booking.interval.end))
        else:
            break
    return tuple(found)


def count_conflicts(
    bookings: Sequence[Booking], busy: Iterable[Interval], checked: Iterable[Interval]
) -> int:
    """How many bookings in the ``checked`` ranges overlap a ``busy`` time of an external calendar."""
    busy_times, ranges = merge(busy), merge(checked)
    return sum(
        any(booking.interval.overlaps(time) for time in busy_times)
        for booking in bookings
        if any(booking.interval.overlaps(part) for part in ranges)
    )


EVENTS_A_PAGE = 250
# Counting, opening the channel, and the empty page that closes a listing.
CALLS_A_CALENDAR = 3
# Chunks run one after the other; this is a provider's ordinary time to answer one call.
SECONDS_A_CALL = 0.25


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a first synchronisation has to do: calendars to list, events to import, bookings to export."""

    calendars: int
    imports: int
    exports: int

    @property
    def requests(self) -> int:
        """Calls of the provider: every event is counted and listed by pages, every booking written once."""
        pages = math.ceil(self.imports / EVENTS_A_PAGE)
        return self.calendars * CALLS_A_CALENDAR + 2 * pages + self.exports

    def seconds(self, *, per_minute: float) -> int:
        """Whole seconds at ``per_minute`` calls, and no faster than one call after the other."""
        paced = self.requests * 60 / per_minute
        return math.ceil(max(paced, self.requests * SECONDS_A_CALL))


def backfill_rate(*, user_per_minute: int, project_per_minute: int, shards: int, share: float) -> float:
    """Calls a minute that the first synchronisation of one account may make, beside live work.

    Args:
        user_per_minute: The provider's limit for one account.
        project_per_minute: The provider's limit for the whole installation.
        shards: Into how many equal parts the installation's limit is divided.
        share: The part of both, from 0 to 1, that back-fills may use.
    """
    return max(1.0, min(user_per_minute, project_per_minute / shards) * share)
