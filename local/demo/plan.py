"""The demonstration's data: a shop with three people, their bookings, and their calendars with events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from local.demo.provider_account import Entry

ZONE, OUTLOOK_ZONE = "Europe/Zurich", "W. Europe Standard Time"
TENANT, SERVICE = "demo", "consultation"
CLASS, CLASS_NAME = "class", "Class"
RETURN_TO = "http://console.example/connected"
SERIES_WEEKS = 40
"""Long enough to cross a change of daylight-saving time whenever the demonstration runs."""
DELETED_EVENT = "Clash 0"
"""The event that its owner deletes while the sync tokens are expired; another is entered instead."""

_LENGTH = timedelta(minutes=30)
_HALF_HOURS_BOOKED = (time(8), time(9), time(10), time(11), time(13), time(14))
_EVENT_TIMES = ((time(12), time(18, 15)), (time(6, 30), time(19)), (time(17), time(20)))
_SERIES_TIMES = (time(16), time(7), time(16, 30))
_IN_WORDS = {2: ("two", "both"), 3: ("three", "all three")}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes appointments, and how many bookings there are before a calendar is connected."""

    id: str
    name: str
    bookings: int

    @property
    def email(self) -> str:
        """The e-mail address of the resource."""
        return f"{self.id}@example.com"


@dataclass(frozen=True, slots=True)
class Account:
    """A calendar account and its number of events; the last calendar holds those that clash with bookings."""

    address: str
    calendars: tuple[str, ...]
    singles: int
    series: int
    clashes: int
    personal: bool = False

    @property
    def events(self) -> int:
        """The number of events; a series counts once."""
        return len(self.calendars) * (self.singles + self.series)

    @property
    def count_in_words(self) -> str:
        """The number of calendars as a word."""
        return _IN_WORDS[len(self.calendars)][0]

    @property
    def all_in_words(self) -> str:
        """``both`` or ``all three``, by the number of calendars."""
        return _IN_WORDS[len(self.calendars)][1]


ANNA, BEA, CLARA = Person("anna", "Anna", 300), Person("bea", "Bea", 60), Person("clara", "Clara", 12)
ANNAS = Account(ANNA.email, (ANNA.email, "Family", "Projects"), singles=396, series=4, clashes=5)
BEAS = Account(BEA.email, ("Calendar", "Family"), singles=98, series=2, clashes=2)
CLARAS = Account(CLARA.email, (CLARA.email, "Family"), singles=19, series=1, clashes=1)
CLARAS_OTHER = Account(
    "clara@outlook.example", ("Calendar", "Choir"), singles=19, series=1, clashes=1, personal=True
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One person's and account's data; all times are local times of the shop, from next Monday on."""

    monday: date
    person: Person
    account: Account

    @staticmethod
    def of(now: datetime, person: Person, account: Account) -> Plan:
        """The data of a demonstration that runs at ``now``."""
        today = now.astimezone(ZoneInfo(ZONE)).date()
        return Plan(today + timedelta(days=7 - today.weekday()), person, account)

    def at(self, day: int, clock: time) -> datetime:
        """A local time some days after that Monday."""
        return datetime.combine(self.monday + timedelta(days=day), clock, ZoneInfo(ZONE))

    def bookings(self) -> tuple[datetime, ...]:
        """The starts of the bookings that exist before a calendar is connected: six a weekday."""
        starts = (self.at(day, clock) for day in count() if day % 7 < 5 for clock in _HALF_HOURS_BOOKED)
        return tuple(islice(starts, self.person.bookings))

    @property
    def own(self) -> str:
        """The account's default calendar, to which bookings are exported."""
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
        """A range of time that contains all events and bookings."""
        return self.at(-14, time()).astimezone(UTC), self.at(7 * (SERIES_WEEKS + 8), time()).astimezone(UTC)

    @property
    def copies(self) -> int:
        """The number of imported events of each calendar: one for each week of a series."""
        return self.account.singles + self.account.series * SERIES_WEEKS
