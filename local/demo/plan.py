"""Decides what the story is about: the shop, its 300 bookings, and 1,200 events in three calendars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from local.demo.calendars import Entry

ZONE = "Europe/Zurich"
TENANT, RESOURCE, SERVICE = "demo", "anna", "consultation"
ACCOUNT = "anna@example.com"
RETURN_TO = "http://console.example/connected"
OWN, FAMILY, PROJECTS = "anna@example.com", "Family", "Projects"
BOOKINGS, EVENTS = 300, 1_200
SERIES_WEEKS = 40
"""Long enough to cross a change of daylight-saving time whenever the story is told."""

_LENGTH = timedelta(minutes=30)
_HALF_HOURS_BOOKED = (time(8), time(9), time(10), time(11), time(13), time(14))
_SERIES = {OWN: 4, FAMILY: 4, PROJECTS: 4}
_SINGLES = {OWN: 396, FAMILY: 396, PROJECTS: 396}
_EVENT_TIMES = {
    OWN: (time(12), time(18, 15)),
    FAMILY: (time(6, 30), time(19)),
    PROJECTS: (time(17), time(20)),
}
_SERIES_TIMES = {OWN: time(16), FAMILY: time(7), PROJECTS: time(16, 30)}
_CONFLICTS = 5
CANCELLED = "Clash 0"
"""The event that its owner deletes while the sync tokens are dead; another is entered instead."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything on the wall clock of the shop, counted from the Monday after today."""

    monday: date

    @staticmethod
    def of(now: datetime) -> Plan:
        """The plan of a story that is told now."""
        today = now.astimezone(ZoneInfo(ZONE)).date()
        return Plan(today + timedelta(days=7 - today.weekday()))

    def at(self, day: int, clock: time) -> datetime:
        """A time some days after that Monday."""
        return datetime.combine(self.monday + timedelta(days=day), clock, ZoneInfo(ZONE))

    def bookings(self) -> tuple[datetime, ...]:
        """The starts of the appointments that there are before anything is connected: six a weekday."""
        starts = (self.at(day, clock) for day in count() if day % 7 < 5 for clock in _HALF_HOURS_BOOKED)
        return tuple(islice(starts, BOOKINGS))

    def calendars(self) -> Mapping[str, Sequence[Entry]]:
        """The account's calendars with their events; the first one is its own."""
        return {name: [*self._series(name), *self._singles(name)] for name in (OWN, FAMILY, PROJECTS)}

    def _series(self, name: str) -> list[Entry]:
        return [
            Entry(f"Every week {number}", self.at(number, _SERIES_TIMES[name]), _LENGTH, SERIES_WEEKS)
            for number in range(_SERIES[name])
        ]

    def _singles(self, name: str) -> list[Entry]:
        clocks = _EVENT_TIMES[name]
        # From last week on, several on most days, every tenth marked free.
        found = [
            Entry(
                f"Event {number}",
                self.at(number // 2 - 6, clocks[number % 2]),
                _LENGTH,
                free=number % 10 == 9,
            )
            for number in range(_SINGLES[name] - (_CONFLICTS if name == PROJECTS else 0))
        ]
        if name == PROJECTS:
            found += [
                Entry(f"Clash {number}", self.at(7 * number + 1, time(9, 15)), _LENGTH)
                for number in range(_CONFLICTS)
            ]
        return found

    @property
    def conflicts(self) -> int:
        """How many bookings collide with an event."""
        return _CONFLICTS

    @property
    def window(self) -> tuple[datetime, datetime]:
        """A range that holds everything of the story."""
        return self.at(-14, time()).astimezone(UTC), self.at(7 * (SERIES_WEEKS + 8), time()).astimezone(UTC)

    def copies(self, name: str) -> int:
        """How many imported events a calendar makes: a series one for each week."""
        return _SINGLES[name] + _SERIES[name] * SERIES_WEEKS
