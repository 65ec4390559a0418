"""Decides what the story is about: a shop with three people, their bookings and their calendars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from local.demo.calendars import Entry

ZONE, OUTLOOK_ZONE = "Europe/Zurich", "W. Europe Standard Time"
TENANT, SERVICE = "demo", "consultation"
CLASS, CLASS_NAME = "class", "Class"
RETURN_TO = "http://console.example/connected"
SERIES_WEEKS = 40
"""Long enough to cross a change of daylight-saving time whenever the story is told."""
CANCELLED = "Clash 0"
"""The event that its owner deletes while the sync tokens are dead; another is entered instead."""

_LENGTH = timedelta(minutes=30)
_HALF_HOURS_BOOKED = (time(8), time(9), time(10), time(11), time(13), time(14))
_EVENT_TIMES = ((time(12), time(18, 15)), (time(6, 30), time(19)), (time(17), time(20)))
_SERIES_TIMES = (time(16), time(7), time(16, 30))
_COUNTED = {2: ("two", "both"), 3: ("three", "all three")}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes appointments, and how many there are before anything is connected."""

    id: str
    name: str
    bookings: int

    @property
    def email(self) -> str:
        """The address that the shop knows."""
        return f"{self.id}@example.com"


@dataclass(frozen=True, slots=True)
class Account:
    """A calendar account, and how full it is; the last calendar holds the events that clash with bookings."""

    address: str
    calendars: tuple[str, ...]
    singles: int
    series: int
    clashes: int
    personal: bool = False

    @property
    def events(self) -> int:
        """How many events there are, a series counted once."""
        return len(self.calendars) * (self.singles + self.series)

    @property
    def counted(self) -> str:
        """How many calendars, in a word."""
        return _COUNTED[len(self.calendars)][0]

    @property
    def every(self) -> str:
        """All of the calendars, in words."""
        return _COUNTED[len(self.calendars)][1]


ANNA, BEA, CLARA = Person("anna", "Anna", 300), Person("bea", "Bea", 60), Person("clara", "Clara", 12)
ANNAS = Account(ANNA.email, (ANNA.email, "Family", "Projects"), singles=396, series=4, clashes=5)
BEAS = Account(BEA.email, ("Calendar", "Family"), singles=98, series=2, clashes=2)
CLARAS = Account(CLARA.email, (CLARA.email, "Family"), singles=19, series=1, clashes=1)
CLARAS_OTHER = Account(
    "clara@outlook.example", ("Calendar", "Choir"), singles=19, series=1, clashes=1, personal=True
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything on the wall clock of the shop, counted from the Monday after today."""

    monday: date
    person: Person
    account: Account

    @staticmethod
    def of(now: datetime, person: Person, account: Account) -> Plan:
        """The plan of a story that is told now."""
        today = now.astimezone(ZoneInfo(ZONE)).date()
        return Plan(today + timedelta(days=7 - today.weekday()), person, account)

    def at(self, day: int, clock: time) -> datetime:
        """A time some days after that Monday."""
        return datetime.combine(self.monday + timedelta(days=day), clock, ZoneInfo(ZONE))

    def bookings(self) -> tuple[datetime, ...]:
        """The starts of the appointments that there are before anything is connected: six a weekday."""
        starts = (self.at(day, clock) for day in count() if day % 7 < 5 for clock in _HALF_HOURS_BOOKED)
        return tuple(islice(starts, self.person.bookings))

    @property
    def own(self) -> str:
        """The calendar that the account began with, where bookings go."""
        return self.account.calendars[0]

    @property
    def family(self) -> str:
        """The calendar of the family."""
        return self.account.calendars[1]

    @property
    def clashing(self) -> str:
        """The calendar with the events that collide with bookings."""
        return self.account.calendars[-1]

    def calendars(self) -> Mapping[str, Sequence[Entry]]:
        """The account's calendars with their events; the first one is its own."""
        return {
            name: [*self._series(number), *self._singles(number)]
            for number, name in enumerate(self.account.calendars)
        }

    def _series(self, number: int) -> list[Entry]:
        return [
            Entry(f"Every week {day}", self.at(day, _SERIES_TIMES[number]), _LENGTH, SERIES_WEEKS)
            for day in range(self.account.series)
        ]

    def _singles(self, number: int) -> list[Entry]:
        clocks = _EVENT_TIMES[number]
        clashes = self.account.clashes if self.account.calendars[number] == self.clashing else 0
        # From last week on, several on most days, every tenth marked free.
        found = [
            Entry(
                f"Event {index}",
                self.at(index // 2 - 6, clocks[index % 2]),
                _LENGTH,
                free=index % 10 == 9,
            )
            for index in range(self.account.singles - clashes)
        ]
        found += [
            Entry(f"Clash {index}", self.at(7 * index + 1, time(9, 15)), _LENGTH) for index in range(clashes)
        ]
        return found

    @property
    def window(self) -> tuple[datetime, datetime]:
        """A range that holds everything of the story."""
        return self.at(-14, time()).astimezone(UTC), self.at(7 * (SERIES_WEEKS + 8), time()).astimezone(UTC)

    @property
    def copies(self) -> int:
        """How many imported events each calendar makes: a series one for each week."""
        return self.account.singles + self.account.series * SERIES_WEEKS
