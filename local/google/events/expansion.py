"""Expands a series into the instances that a listing shows, with exceptions in place of what they replace."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from local.google.errors import Json
from local.google.events import event_resource
from local.google.events.recurrence import EXPANSION_LIMIT, instances
from local.google.model import Calendar, StoredEvent
from local.google.state import State
from local.google.times import to_moment

# For how long ahead the cancelled instances of a deleted series are listed (G138).
SERIES_TOMBSTONE_PERIOD = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Window:
    """The time range of a listing: a lower bound for ends, an upper bound for starts; None means no bound.

    An event that ends exactly at the lower bound counts only if `inclusive` is set.
    """

    lower: datetime | None = None
    upper: datetime | None = None
    inclusive: bool = False

    @property
    def everything(self) -> bool:
        """Whether the range has no bound at all."""
        return self.lower is None and self.upper is None

    def includes(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether an event with these times lies in the range."""
        if self.upper is not None and starts_at >= self.upper:
            return False
        return self.lower is None or ends_at > self.lower or (self.inclusive and ends_at == self.lower)


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An event or instance in a listing, with the facts that decide whether it is shown."""

    shown: Json
    cancelled: bool
    exception: bool
    starts_at: datetime | None

    @property
    def master_cancelled(self) -> bool:
        """Whether this is a deleted event that is not an instance of a series."""
        return self.cancelled and not self.exception

    @classmethod
    def of(cls, state: State, calendar: Calendar, event: StoredEvent, viewer: event_resource.Viewer) -> Self:
        """Make the item of a stored event."""
        starts_at = None if event.raw else event_span(calendar, event)[0]
        shown = event_resource.render_event(state, calendar, event, viewer)
        return cls(shown, event.cancelled, bool(event.series), starts_at)


def event_span(calendar: Calendar, event: StoredEvent) -> tuple[datetime, datetime]:
    """The start and end of a stored event; a cancelled exception without times has its original start."""
    body = event.body
    start = body.get("start") or body.get("originalStartTime")
    if not start:
        return unknown_time(), unknown_time()
    end = body.get("end") or start
    return to_moment(start, calendar.time_zone), to_moment(end, calendar.time_zone)


def unknown_time() -> datetime:
    """The time that stands for an event without times: the beginning of 1970."""
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def overlaps(calendar: Calendar, event: StoredEvent, window: Window) -> bool:
    """Whether a single event lies in the time range."""
    return window.includes(*event_span(calendar, event))


def series_overlaps(calendar: Calendar, master: StoredEvent, window: Window) -> bool:
    """Whether any instance of a series lies in the time range."""
    for instance in instances(master.body, calendar.time_zone, after=window.lower):
        if window.upper is not None and instance.starts_at >= window.upper:
            return False
        if window.includes(instance.starts_at, instance.ends_at):
            return True
    return False


def exceptions_by_series(calendar: Calendar) -> dict[str, list[StoredEvent]]:
    """The stored exceptions of a calendar, by the id of their series."""
    found: defaultdict[str, list[StoredEvent]] = defaultdict(list)
    for event in calendar.events.values():
        if event.series:
            found[event.series].append(event)
    return found


def expand(
    state: State,
    calendar: Calendar,
    master: StoredEvent,
    exceptions: list[StoredEvent],
    window: Window,
    *,
    viewer: event_resource.Viewer,
) -> Iterator[ListedItem]:
    """Yield the instances of a series in a time range.

    Exceptions count with their own times; for a deleted series, the instances of the coming half year are
    yielded as cancelled.
    """
    if master.cancelled:
        yield from _tombstones(state, calendar, master, viewer)
        return
    replaced = {event.id for event in exceptions}
    for event in exceptions:
        if overlaps(calendar, event, window):
            yield ListedItem.of(state, calendar, event, viewer)
    count = 0
    after = window.lower - timedelta(microseconds=1) if window.lower and window.inclusive else window.lower
    for instance in instances(master.body, calendar.time_zone, after=after):
        if (window.upper is not None and instance.starts_at >= window.upper) or count >= EXPANSION_LIMIT:
            return
        if instance.id in replaced or not window.includes(instance.starts_at, instance.ends_at):
            continue
        count += 1
        shown = event_resource.render_instance(state, calendar, master, instance, viewer)
        yield ListedItem(shown, cancelled=False, exception=True, starts_at=instance.starts_at)


def _tombstones(
    state: State, calendar: Calendar, master: StoredEvent, viewer: event_resource.Viewer
) -> Iterator[ListedItem]:
    now = state.now()
    for instance in instances(master.body, calendar.time_zone, after=now):
        if instance.starts_at > now + SERIES_TOMBSTONE_PERIOD:
            return
        shown = event_resource.render_cancelled_instance(state, calendar, master, instance, viewer)
        yield ListedItem(shown, cancelled=True, exception=True, starts_at=instance.starts_at)
