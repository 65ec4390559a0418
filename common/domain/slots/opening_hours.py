"""When a resource can be booked at all: opening hours by wall clock, or the free times of its calendars."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from common.domain.calendar.interval import Interval, Seconds
from common.domain.calendar.zones import local_days, offsets, wall_seconds, zone
from common.domain.catalogue.records import DAYS_A_WEEK, DayHours, Resource

_DAY = 86_400


def opening_seconds(resource: Resource, *, start: int, end: int, free: Iterable[Interval]) -> list[Seconds]:
    """Every opening that overlaps ``[start, end)``, whole and in order, as (start, end) in epoch seconds.

    Openings stay apart where they touch, and are not cut at the question's edges, because each lays its own
    booking grid from where it starts. Those of a resource that uses external free times may overlap.
    """
    if resource.use_external_free:
        spans = {item.seconds_inside() for item in free}
        return sorted(span for span in spans if span[0] < span[1] and span[1] > start and span[0] < end)
    return _opening_hours(resource, start=start, end=end)


def _opening_hours(resource: Resource, *, start: int, end: int) -> list[Seconds]:
    place = zone(resource.zone)
    first, last = local_days(start, end, place)
    clock = offsets(place, first.year, last.year)
    weekdays = [_in_seconds(day) for day in resource.hours.days]
    overrides = {day.toordinal(): _in_seconds(hours) for day, hours in resource.overrides.items()}
    found: list[Seconds] = []
    calm_before = offset = -1
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        hours = overrides.get(ordinal, weekdays[(ordinal - 1) % DAYS_A_WEEK])
        midnight = wall_seconds(ordinal)
        if midnight + _DAY >= calm_before:
            offset, calm_before = clock.calm(midnight)
        if midnight + _DAY < calm_before:
            base = midnight - offset
            found += [(base + opens, base + closes) for opens, closes in hours]
        else:
            # Hours that fall into a clock change may vanish, or fall into two parts.
            found += [
                span for opens, closes in hours for span in clock.ranges(midnight + opens, midnight + closes)
            ]
    return [span for span in found if span[1] > start and span[0] < end]


def _in_seconds(hours: DayHours) -> list[Seconds]:
    return [(part.start * 60, part.end * 60) for part in hours]


def openings(resource: Resource, bounds: Interval, free: Iterable[Interval] = ()) -> tuple[Interval, ...]:
    """Every opening that overlaps ``bounds``, whole and in order; ``free`` are the external free times."""
    start, end = bounds.seconds_around()
    found = opening_seconds(resource, start=start, end=end, free=free)
    return tuple(Interval(_moment(opens), _moment(closes)) for opens, closes in found)


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
