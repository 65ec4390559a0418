"""Expands series into occurrences and exceptions, and lists what a calendar has in a time range.

https://learn.microsoft.com/graph/api/calendar-list-calendarview
The order of a view that is not sorted is not documented.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.microsoft.errors import Json
from local.microsoft.events.recurrence import occurrence_wall_times
from local.microsoft.model import Item
from local.microsoft.times import from_wall_time, parse_wall_time, to_moment, to_wall_time


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open time range."""

    start: datetime
    end: datetime

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether a time span overlaps the range.

        One without length counts as a moment, which is not documented.
        """
        return start < self.end and (end > self.start or start == end == self.start)


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """A single event, a series or one occurrence of a series, with its times.

    `day` is the original date of an occurrence, `original_start` its original moment.
    """

    item: Item
    body: Json
    kind: str
    start: datetime
    end: datetime
    day: str = ""
    original_start: datetime | None = None


def zone_of(item: Item) -> str:
    """The time zone whose wall time a series repeats, or in which a single event was written."""
    recurrence = item.body.get("recurrence")
    named = recurrence["range"].get("recurrenceTimeZone") if recurrence else ""
    return str(named or item.body["start"].get("timeZone") or "UTC")


def listed_event(item: Item) -> ListedEvent:
    """A single event or a series, with its own times."""
    kind = "seriesMaster" if item.is_series else "singleInstance"
    return ListedEvent(item, item.body, kind, to_moment(item.body["start"]), to_moment(item.body["end"]))


def occurrence_times(
    master: Item, *, since: datetime | None = None, keep: set[str] | frozenset[str] = frozenset()
) -> Iterator[tuple[str, datetime, datetime]]:
    """Yield the day, start and end of every occurrence of a series, deleted and changed ones included.

    `since` leaves out days that ended long before, except those in `keep`.
    """
    name = zone_of(master)
    begin, finish = to_moment(master.body["start"]), to_moment(master.body["end"])
    nights = (
        parse_wall_time(master.body["end"]["dateTime"]) - parse_wall_time(master.body["start"]["dateTime"])
    ).days
    # Two days more than the difference between any two zones.
    early = since - (finish - begin) - timedelta(days=2) if since is not None else None
    limit = early.replace(tzinfo=None) if early is not None else datetime.min  # noqa: DTZ901 - a wall time
    for moment in occurrence_wall_times(master.body["recurrence"], to_wall_time(begin, name).time()):
        if moment < limit and moment.date().isoformat() not in keep:
            continue
        start = from_wall_time(moment, name)
        end = (
            from_wall_time(moment + timedelta(days=nights), name)
            if master.all_day
            else start + (finish - begin)
        )
        yield moment.date().isoformat(), start, end


def _listed_exception(master: Item, exception: Item, start: datetime, end: datetime) -> ListedEvent:
    body = {name: value for name, value in master.body.items() if name != "recurrence"} | exception.body
    begins = to_moment(exception.body["start"]) if "start" in exception.body else start
    ends = to_moment(exception.body["end"]) if "end" in exception.body else end
    return ListedEvent(exception, body, "exception", begins, ends, exception.original, start)


def occurrence(items: dict[str, Item], master: Item, day: str) -> ListedEvent | None:
    """Return the occurrence of a series on a day; None if it was deleted or never existed."""
    if day in master.deleted_days:
        return None
    for name, start, end in occurrence_times(master):
        if name == day:
            return _occurrence_on(items, master, name, start, end)
        if name > day:
            return None
    return None


def _occurrence_on(
    items: dict[str, Item], master: Item, day: str, start: datetime, end: datetime
) -> ListedEvent:
    exception = items.get(f"{master.key}:{day}")
    if exception is not None:
        return _listed_exception(master, exception, start, end)
    body = {name: value for name, value in master.body.items() if name != "recurrence"}
    return ListedEvent(master, body, "occurrence", start, end, day, start)


def exceptions(items: dict[str, Item]) -> dict[str, list[Item]]:
    """The exceptions in a calendar, by the key of their series."""
    found: dict[str, list[Item]] = {}
    for item in items.values():
        if item.series:
            found.setdefault(item.series, []).append(item)
    return found


def occurrences(
    items: dict[str, Item], master: Item, window: Window, changed: list[Item]
) -> Iterator[ListedEvent]:
    """Yield the occurrences of a series in a time range; exceptions count where they were moved to."""
    moved = {each.original for each in changed}
    last = max(moved, default="")
    for day, start, end in occurrence_times(master, since=window.start, keep=moved):
        if start >= window.end and day > last:
            return
        if day in master.deleted_days or not (day in moved or window.overlaps(start, end)):
            continue
        found = _occurrence_on(items, master, day, start, end)
        if window.overlaps(found.start, found.end):
            yield found


def listed_events(items: dict[str, Item], window: Window) -> Iterator[ListedEvent]:
    """Yield what a calendar has in a time range, series expanded; single events come first, as with Graph."""
    for item in items.values():
        if not item.series and not item.is_series:
            found = listed_event(item)
            if window.overlaps(found.start, found.end):
                yield found
    changed = exceptions(items)
    for item in items.values():
        if item.is_series:
            yield from occurrences(items, item, window, changed.get(item.key, []))
