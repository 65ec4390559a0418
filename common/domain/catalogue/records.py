"""Tenants, resources, services and absences; every record refuses to be inconsistent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import zone


class Language(StrEnum):
    """The languages that mails are written in."""

    ENGLISH = "en"
    GERMAN = "de"


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """``customers`` mails them about their bookings; answers and notices go to ``owner``.

    ``reminders`` repeats once a day that a calendar must be connected again.
    """

    customers: bool = True
    language: Language = Language.ENGLISH
    owner: str | None = field(default=None, repr=False)
    reminders: bool = True


GRID = timedelta(minutes=5)
LONGEST_DURATION = timedelta(hours=24)
# A day and both buffers are 432 cells: one commit with room for the booking, its agenda and its outbox entry.
LONGEST_BUFFER = timedelta(hours=6)
LONGEST_HORIZON = timedelta(days=731)
LARGEST_GROUP = 500
SHORTEST_HOLD, LONGEST_HOLD = timedelta(minutes=1), timedelta(hours=1)
DAY_MINUTES = 24 * 60
DAYS_A_WEEK = 7
_GRID_MINUTES = 5
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


def minutes(clock: str) -> int:
    """Minutes after midnight of ``HH:MM``; ``24:00`` is the end of the day.

    Raises:
        ValueError: It is not such a time.
    """
    match = _CLOCK.fullmatch(clock)
    value = int(match[1]) * 60 + int(match[2]) if match else DAY_MINUTES + 1
    if value > DAY_MINUTES:
        raise ValueError("a wall-clock time is HH:MM from 00:00 to 24:00")
    return value


@dataclass(frozen=True, slots=True, order=True)
class WallRange:
    """From ``start`` to ``end`` on a wall clock, in minutes after midnight; 1440 is 24:00."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY_MINUTES:
            raise ValueError("opening hours end after they start, within one day")
        if self.start % _GRID_MINUTES or self.end % _GRID_MINUTES:
            raise ValueError("opening hours start and end on a multiple of 5 minutes")

    @classmethod
    def parse(cls, text: str) -> WallRange:
        """Read ``09:00-17:30``."""
        start, separator, end = text.partition("-")
        if not separator:
            raise ValueError("opening hours are written HH:MM-HH:MM")
        return cls(minutes(start), minutes(end))

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


DayHours = tuple[WallRange, ...]


def day_hours(ranges: Iterable[WallRange]) -> DayHours:
    """The opening hours of one day; ranges may touch, and each starts the booking grid anew.

    Raises:
        ValueError: They are not in order or overlap.
    """
    day = tuple(ranges)
    if any(later.start < earlier.end for earlier, later in pairwise(day)):
        raise ValueError("the opening hours of a day are in order and do not overlap")
    return day


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Opening hours by weekday, Monday first."""

    days: tuple[DayHours, ...] = ((),) * DAYS_A_WEEK

    def __post_init__(self) -> None:
        if len(self.days) != DAYS_A_WEEK:
            raise ValueError("weekly hours name seven days, Monday first")
        object.__setattr__(self, "days", tuple(day_hours(day) for day in self.days))

    @classmethod
    def of(cls, hours: Mapping[int, Iterable[str]]) -> WeeklyHours:
        """Read ``{0: ["09:00-12:00", "13:00-17:00"]}``; 0 is Monday, a day left out is closed."""
        if not set(hours) <= set(range(DAYS_A_WEEK)):
            raise ValueError("weekdays are 0 (Monday) to 6 (Sunday)")
        return cls(tuple(tuple(map(WallRange.parse, hours.get(day, ()))) for day in range(DAYS_A_WEEK)))


@dataclass(frozen=True, slots=True)
class Resource:
    """A bookable person or room; an override replaces the weekly hours of its date, none means closed."""

    id: str
    name: str
    email: str | None
    zone: str
    hours: WeeklyHours
    overrides: Mapping[date, DayHours] = field(default_factory=dict, hash=False)
    use_external_free: bool = False
    active: bool = True
    version: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        zone(self.zone)
        checked = {day: day_hours(ranges) for day, ranges in self.overrides.items()}
        object.__setattr__(self, "overrides", checked)


@dataclass(frozen=True, slots=True)
class Service:
    """What a customer books: how long, how far apart, how soon and how far ahead, with whom.

    ``capacity`` customers share one appointment. ``hold`` is how long a time can be kept for somebody who
    is still deciding. ``show_seats`` tells customers how many seats are left.
    """

    id: str
    name: str
    duration: timedelta
    buffer_before: timedelta
    buffer_after: timedelta
    step: timedelta
    notice: timedelta
    horizon: timedelta
    resources: tuple[str, ...]
    capacity: int = 1
    active: bool = True
    hold: timedelta = timedelta(minutes=10)
    show_seats: bool = False
    version: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _on_grid("the duration", self.duration, least=GRID, most=LONGEST_DURATION)
        _on_grid("the buffer before", self.buffer_before, least=timedelta(), most=LONGEST_BUFFER)
        _on_grid("the buffer after", self.buffer_after, least=timedelta(), most=LONGEST_BUFFER)
        _on_grid("the booking interval", self.step, least=GRID, most=LONGEST_DURATION)
        _within("the notice", self.notice, least=timedelta(), most=LONGEST_HORIZON)
        _within("the horizon", self.horizon, least=GRID, most=LONGEST_HORIZON)
        _within("the hold", self.hold, least=SHORTEST_HOLD, most=LONGEST_HOLD)
        if not 1 <= self.capacity <= LARGEST_GROUP:
            raise ValueError(f"the capacity is between 1 and {LARGEST_GROUP}")


def _within(name: str, value: timedelta, *, least: timedelta, most: timedelta) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} is between {_text(least)} and {_text(most)}")


def _on_grid(name: str, value: timedelta, *, least: timedelta, most: timedelta) -> None:
    _within(name, value, least=least, most=most)
    if value % GRID:
        raise ValueError(f"{name} is a multiple of 5 minutes")


def _text(length: timedelta) -> str:
    return f"{length.days} days" if length.days > 1 else f"{length // timedelta(minutes=1)} minutes"


@dataclass(frozen=True, slots=True)
class Absence:
    """A time at which a resource is away."""

    id: str
    interval: Interval
    version: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UnreachablePolicy:
    """How old a last known busy time may be when its calendar cannot be asked; None offers nothing at all."""

    grace: timedelta | None = None

    def __post_init__(self) -> None:
        if self.grace is not None and self.grace <= timedelta():
            raise ValueError("the grace is longer than nothing")


class EditPolicy(StrEnum):
    """What becomes of a change that the owner made to an exported event."""

    APPLY = "apply"
    PROPOSE = "propose"
    REVERT = "revert"


@dataclass(frozen=True, slots=True)
class OwnerEditPolicy:
    """The policy for each kind of change."""

    time: EditPolicy = EditPolicy.APPLY
    text: EditPolicy = EditPolicy.APPLY
    deletion: EditPolicy = EditPolicy.APPLY


@dataclass(frozen=True, slots=True)
class Tenant:
    """A business: its zone, its policies, and the addresses that may call and be returned to."""

    id: str
    name: str
    zone: str
    unreachable: UnreachablePolicy = UnreachablePolicy()
    owner_edits: OwnerEditPolicy = OwnerEditPolicy()
    allowed_origins: tuple[str, ...] = ()
    return_addresses: tuple[str, ...] = ()
    mail: MailPolicy = field(default_factory=MailPolicy)
    version: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        zone(self.zone)
