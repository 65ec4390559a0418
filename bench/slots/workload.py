"""The questions of the benchmark: opening hours, busy times as text, and the brute-force answer to each.

Monday to Friday 09:00-12:00 and 13:00-18:00 in Zurich, a start every 15 minutes, 30 minutes long, 5 minutes
kept free before and 10 after, two absences. Busy times overlap heavily, and meet the working hours only in
fixed clusters, the way that several calendars repeat one meeting: so the answer does not become empty as
their number grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from random import Random
from zoneinfo import ZoneInfo

ZONE = "Europe/Zurich"
HOURS = ((time(9), time(12)), (time(13), time(18)))
STEP, DURATION = timedelta(minutes=15), timedelta(minutes=30)
BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=10)
FORM = "%Y-%m-%dT%H:%M:%SZ"

FOUR_WEEKS = (date(2027, 3, 15), 28)
YEAR = (date(2027, 1, 4), 364)

_SATURDAY = 5
_IN_CLUSTERS = 0.6
_MINUTE = timedelta(minutes=1)

Pairs = list[tuple[str, str]]
Windows = list[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Case:
    """A question about one resource: the days, and the busy times as pairs of texts in UTC."""

    name: str
    first: date
    days: int
    busy: Pairs

    @property
    def start(self) -> datetime:
        """The local midnight at which the days begin."""
        return datetime.combine(self.first, time(), ZoneInfo(ZONE)).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The local midnight at which they end."""
        last = self.first + timedelta(days=self.days)
        return datetime.combine(last, time(), ZoneInfo(ZONE)).astimezone(UTC)

    def windows(self) -> Windows:
        """The working hours as instants, computed in the simplest way."""
        zone = ZoneInfo(ZONE)
        found: Windows = []
        for number in range(self.days):
            day = self.first + timedelta(days=number)
            if day.weekday() < _SATURDAY:
                found += (
                    (
                        datetime.combine(day, opens, zone).astimezone(UTC),
                        datetime.combine(day, closes, zone).astimezone(UTC),
                    )
                    for opens, closes in HOURS
                )
        return found

    @cached_property
    def answer(self) -> frozenset[datetime]:
        """All free starts by brute force: a flag for each minute, and all minutes of a candidate checked."""
        base = self.start - timedelta(days=1)
        taken = bytearray((self.days + 3) * 24 * 60)
        for start, end in self.busy:
            first = (datetime.fromisoformat(start) - base) // _MINUTE
            last = (datetime.fromisoformat(end) - base) // _MINUTE
            for minute in range(first, last):
                taken[minute] = 1
        return frozenset(
            start
            for start in self._candidates()
            if not any(
                taken[(start - BEFORE - base) // _MINUTE : (start + DURATION + AFTER - base) // _MINUTE]
            )
        )

    def _candidates(self) -> Iterator[datetime]:
        for opens, closes in self.windows():
            start = opens
            while start + DURATION <= closes:
                yield start
                start += STEP


def case(name: str, days: tuple[date, int], busy: int, *, seed: int = 1) -> Case:
    """A case with ``busy`` busy times, two of them absences."""
    first, count = days
    rng = Random(f"{name}/{seed}")
    bare = Case(name, first, count, [])
    clusters = list(_clusters(bare.windows(), rng))
    blocks = [_absence(bare, rng, hours=5), _absence(bare, rng, hours=26)]
    while len(blocks) < busy:
        inside = rng.random() < _IN_CLUSTERS
        blocks.append(_within(rng.choice(clusters), rng) if inside else _outside(bare, rng))
    rng.shuffle(blocks)
    return Case(name, first, count, [(start.strftime(FORM), end.strftime(FORM)) for start, end in blocks])


def _clusters(windows: Windows, rng: Random) -> Iterator[tuple[datetime, datetime]]:
    """One meeting time in each morning, two in each afternoon."""
    for opens, closes in windows:
        for part in range(1 if closes - opens <= timedelta(hours=3) else 2):
            start = opens + timedelta(minutes=5 * rng.randrange(12, 24) + 140 * part)
            yield start, start + timedelta(minutes=rng.choice((45, 50, 60)))


def _within(cluster: tuple[datetime, datetime], rng: Random) -> tuple[datetime, datetime]:
    start, end = cluster
    length = (end - start) // _MINUTE
    first = rng.randrange(length - 10)
    return start + first * _MINUTE, start + rng.randrange(first + 10, length + 1) * _MINUTE


def _outside(bare: Case, rng: Random) -> tuple[datetime, datetime]:
    """A busy time in the evening, after the working hours."""
    day = bare.first + timedelta(days=rng.randrange(bare.days))
    start = datetime.combine(day, time(19, rng.randrange(60)), ZoneInfo(ZONE)).astimezone(UTC)
    return start, start + rng.randrange(10, 240) * _MINUTE


def _absence(bare: Case, rng: Random, *, hours: int) -> tuple[datetime, datetime]:
    opens, _ = rng.choice(bare.windows())
    return opens, opens + timedelta(hours=hours)
