"""Decides which instances of a series a listing shows, with exceptions in place of what they replace."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from local.google.errors import Json
from local.google.events import event_resource
from local.google.events.recurrence import EXPANSION_LIMIT, slots
from local.google.model import Calendar, Stored
from local.google.state import World
from local.google.times import instant

# https://github.com/googleapis/google-api-ruby-client/issues/860
TOMBSTONES_OF_A_SERIES = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Window:
    """Lower bound on ends, upper bound on starts; the lower one excludes unless told otherwise."""

    lower: datetime | None = None
    upper: datetime | None = None
    inclusive: bool = False

    @property
    def everything(self) -> bool:
        """Whether there is no bound at all."""
        return self.lower is None and self.upper is None

    def holds(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether a span is inside."""
        if self.upper is not None and starts_at >= self.upper:
            return False
        return self.lower is None or ends_at > self.lower or (self.inclusive and ends_at == self.lower)


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a listing, and what decides about showing it."""

    shown: Json
    cancelled: bool
    exception: bool
    starts_at: datetime | None

    @property
    def master_cancelled(self) -> bool:
        """Whether this is a deleted event that is not an instance."""
        return self.cancelled and not self.exception

    @classmethod
    def of(cls, world: World, calendar: Calendar, event: Stored, viewer: event_resource.Viewer) -> Self:
        """A stored event as an item."""
        starts_at = None if event.poison else span(calendar, event)[0]
        shown = event_resource.render(world, calendar, event, viewer)
        return cls(shown, event.cancelled, bool(event.series), starts_at)


def span(calendar: Calendar, event: Stored) -> tuple[datetime, datetime]:
    """The times of a stored event; a tombstone without times has its original start."""
    body = event.body
    start = body.get("start") or body.get("originalStartTime")
    if not start:
        return calendar_epoch(), calendar_epoch()
    end = body.get("end") or start
    return instant(start, calendar.time_zone), instant(end, calendar.time_zone)


def calendar_epoch() -> datetime:
    """The moment of an event that has none."""
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def overlaps(calendar: Calendar, event: Stored, window: Window) -> bool:
    """Whether a single event is inside a window."""
    return window.holds(*span(calendar, event))


def series_meets(calendar: Calendar, master: Stored, window: Window) -> bool:
    """Whether any instance of a series is inside a window."""
    for slot in slots(master.body, calendar.time_zone, after=window.lower):
        if window.upper is not None and slot.starts_at >= window.upper:
            return False
        if window.holds(slot.starts_at, slot.ends_at):
            return True
    return False


def families(calendar: Calendar) -> dict[str, list[Stored]]:
    """The exceptions of every series."""
    found: defaultdict[str, list[Stored]] = defaultdict(list)
    for event in calendar.events.values():
        if event.series:
            found[event.series].append(event)
    return found


def expand(
    world: World,
    calendar: Calendar,
    master: Stored,
    family: list[Stored],
    window: Window,
    *,
    viewer: event_resource.Viewer,
) -> Iterator[Found]:
    """The instances of a series in a window: exceptions by their own times, the others by the rule."""
    if master.cancelled:
        yield from _tombstones(world, calendar, master, viewer)
        return
    replaced = {event.id for event in family}
    for event in family:
        if overlaps(calendar, event, window):
            yield Found.of(world, calendar, event, viewer)
    count = 0
    after = window.lower - timedelta(microseconds=1) if window.lower and window.inclusive else window.lower
    for slot in slots(master.body, calendar.time_zone, after=after):
        if (window.upper is not None and slot.starts_at >= window.upper) or count >= EXPANSION_LIMIT:
            return
        if slot.id in replaced or not window.holds(slot.starts_at, slot.ends_at):
            continue
        count += 1
        shown = event_resource.instance(world, calendar, master, slot, viewer)
        yield Found(shown, cancelled=False, exception=True, starts_at=slot.starts_at)


def _tombstones(
    world: World, calendar: Calendar, master: Stored, viewer: event_resource.Viewer
) -> Iterator[Found]:
    now = world.now()
    for slot in slots(master.body, calendar.time_zone, after=now):
        if slot.starts_at > now + TOMBSTONES_OF_A_SERIES:
            return
        shown = event_resource.cancelled_instance(world, calendar, master, slot, viewer)
        yield Found(shown, cancelled=True, exception=True, starts_at=slot.starts_at)
