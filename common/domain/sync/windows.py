"""Which times are synchronised: the windows for export and import, and how far series are expanded."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.domain.calendar.interval import Interval, aware

if TYPE_CHECKING:
    from common.domain.sync.imported_events import ImportedEvent


PAST = timedelta(days=7)
# Series are expanded a little further than asked for, so that the range is covered until the next listing.
AHEAD = timedelta(days=14)
ROLL = timedelta(days=7)
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
# An event longer than this is kept as its next stretch: each week that it touches is a document.
LONGEST = timedelta(weeks=400)
_MONTHS = 12


def shifted(moment: datetime, months: int) -> datetime:
    """The same time of day some calendar months away; the day is clamped to the month's last."""
    moment = aware(moment)
    year, month = divmod(moment.year * _MONTHS + moment.month - 1 + months, _MONTHS)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def export_start(now: datetime) -> datetime:
    """Bookings that end after this are exported: one calendar month back, and the whole future."""
    return shifted(now, -1)


def import_window(now: datetime) -> Interval:
    """Events that overlap this are imported: what ended in the past week, and the whole future."""
    return Interval(aware(now) - PAST, FOREVER)


def covered(now: datetime, *, months: int, halvings: int = 0) -> Interval:
    """The range over which series are expanded, from the past week to ``months`` ahead and some slack.

    What lies ahead is halved ``halvings`` times, for a provider that cannot answer a longer range.
    """
    ahead = shifted(now, months) + AHEAD - aware(now)
    return Interval(aware(now) - PAST, aware(now) + ahead / 2**halvings)


def rolled(present: Interval | None, now: datetime, *, months: int, halvings: int = 0) -> bool:
    """Whether the covered range must be moved on by a fresh listing.

    Deltas never report occurrences that only come into range as time passes.
    """
    return present is None or present.end < covered(now, months=months, halvings=halvings).end - ROLL


def beyond(event: ImportedEvent, present: Interval | None) -> bool:
    """Whether an imported event begins after the covered range, of which nothing is known there."""
    return present is not None and event.interval.start >= present.end


def outdated(present: Interval | None, now: datetime, *, every: timedelta | None) -> bool:
    """Whether a listing is so old that what deltas never report has to be looked for by another one."""
    return present is not None and every is not None and present.start + PAST + every <= now


def aged(event: ImportedEvent, now: datetime) -> bool:
    """Whether an imported event ended before the import window."""
    return event.interval.end <= aware(now) - PAST


def kept(span: Interval, window: Interval) -> Interval | None:
    """The stretch of an event that is stored; None where it lies outside the window."""
    if not span.overlaps(window):
        return None
    if span.length <= LONGEST:
        return span
    # Its start stays: free times lay their booking grid from there.
    return Interval(span.start, min(span.end, max(span.start, window.start) + LONGEST))
