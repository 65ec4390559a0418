"""When an event takes place and how much time it may take, however odd the dates of a provider are."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.domain.calendar.event import Flaw
from common.domain.calendar.interval import EARLIEST, clamped
from common.domain.calendar.zones import midnight

# Start and end as instants in UTC, the dates (end exclusive) of an all-day event, and what is wrong with it.
EventTimes = tuple[datetime, datetime, tuple[date, date] | None, Flaw | None]
_DAY = timedelta(days=1)
_LEAST = timedelta(microseconds=1)


def event_times(
    first: date | datetime | None,
    last: date | datetime | None,
    place: ZoneInfo,
    *,
    known: datetime | None = None,
) -> EventTimes:
    """The times of an event that begins with ``first`` and ends before ``last``.

    Either of them is a day, an instant in UTC, or None where there is none that could be read. A valid date
    that lies too far away counts as the edge of what is told apart. docs/what-blocks.md shows what is made of
    the others.

    Args:
        first: Its start.
        last: Its end, exclusive.
        place: The zone whose midnights all-day events have.
        known: Where an event lies that has neither start nor end.
    """
    if isinstance(first, datetime) and isinstance(last, datetime):
        return _between(first, last, None)
    if first is None:
        return _without_start(last, place, known)
    if last is None:
        return _without_end(first, place)
    if isinstance(first, datetime):
        return _between(first, _end_of_days(first, last, place), Flaw.MIXED_TIMES)
    if isinstance(last, datetime):
        return _between(midnight(first, place), last, Flaw.MIXED_TIMES)
    return _days(first, last, place)


def _between(start: datetime, end: datetime, flaw: Flaw | None) -> EventTimes:
    """A negative length takes no time, as in the providers' own answers about free and busy."""
    if end < start:
        return clamped(start), clamped(start), None, Flaw.ENDS_BEFORE_START
    return clamped(start), clamped(end), None, flaw


def _days(first: date, last: date, place: ZoneInfo) -> EventTimes:
    """RFC 5545 section 3.6.1: a date without a later end means that one day."""
    if last < first:
        return midnight(first, place), midnight(first, place), None, Flaw.ENDS_BEFORE_START
    last = _day_after(first) if last == first else last
    return midnight(first, place), midnight(last, place), (first, last), None


def _without_end(first: date | datetime, place: ZoneInfo) -> EventTimes:
    """RFC 5545 section 3.6.1: an event without an end takes its day where it has dates, and else no time."""
    if isinstance(first, datetime):
        return clamped(first), clamped(first), None, Flaw.NO_END
    start, end, days, _ = _days(first, first, place)
    return start, end, days, Flaw.NO_END


def _without_start(last: date | datetime | None, place: ZoneInfo, known: datetime | None) -> EventTimes:
    """It may take all of its last day."""
    if last is None:
        start = clamped(known or EARLIEST)
        return start, start, None, Flaw.NO_TIMES
    if isinstance(last, datetime):
        end = clamped(last)
        start = midnight((end - _LEAST).astimezone(place).date(), place)
        return min(start, end), end, None, Flaw.NO_START
    first = last - _DAY if last > date.min else last
    return midnight(first, place), midnight(last, place), (first, last), Flaw.NO_START


def _end_of_days(start: datetime, last: date, place: ZoneInfo) -> datetime:
    """Where an event ends that has an instant as its start and a day, exclusive, as its end.

    A day that is not later than the start's own means that one, as among dates alone.
    """
    end, begun = midnight(last, place), clamped(start).astimezone(place).date()
    return midnight(_day_after(begun), place) if last == begun else end


def _day_after(day: date) -> date:
    return day + _DAY if day < date.max else day
