"""A resource's agenda: what takes its time in a week, and how several weeks become one agenda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain

from common.domain.calendar.interval import Interval, NamedSpans, Spans, aware, named_numbers, numbers
from common.domain.slots.sweep_line import TakenTimes

MOST_WEEKS = 600
_WEEK = timedelta(days=7)
_LEAST = timedelta(microseconds=1)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def week_of(moment: datetime) -> str:
    """The ISO week of an instant in UTC, such as ``2027-W12``; the keys sort like time."""
    return week_numbered((aware(moment) - _MONDAY) // _WEEK)


def weeks_of(span: Interval) -> tuple[str, ...]:
    """Every week that ``span`` touches, in order, without a gap.

    Raises:
        ValueError: There are more than 600.
    """
    first, last = (span.start - _MONDAY) // _WEEK, (span.end - _LEAST - _MONDAY) // _WEEK
    if first == last:
        return (week_numbered(first),)
    if last - first >= MOST_WEEKS:
        raise ValueError(f"a range touches at most {MOST_WEEKS} weeks")
    return tuple(map(week_numbered, range(first, last + 1)))


@lru_cache(maxsize=8192)
def week_numbered(number: int) -> str:
    """The ISO week that begins so many weeks after the first Monday of 1970."""
    year, week_of_year, _ = (_MONDAY + number * _WEEK).isocalendar()
    return f"{year:04}-W{week_of_year:02}"


@dataclass(frozen=True, slots=True)
class ImportedTimes:
    """What one external calendar says about a week."""

    busy: Sequence[Interval] = ()
    free: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True)
class HeldSeats:
    """Seats that are kept for somebody who is still deciding."""

    seats: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One start of a service that several customers share: how many seats are booked, and which are held."""

    service: str
    start: datetime
    booked: int = 0
    holds: Mapping[str, HeldSeats] = field(default_factory=dict, hash=False)

    @property
    def taken(self) -> int:
        """How many seats nobody else can have."""
        return self.booked + sum(held.seats for held in self.holds.values())


@dataclass(frozen=True, slots=True)
class Agenda:
    """What takes a resource's time.

    Attributes:
        bookings: The ranges that bookings, holds and sessions claim, buffers included, by id.
        absences: The resource's absences, by id.
        imports: The imported times of its calendars, by calendar.
        holds: Which of the bookings are holds, and until when.
        sessions: Which of the bookings are sessions, and how full they are.
        expired: Holds that have ended and wait for their removal: they take nothing any more.
        assigned_at: When a booking was last given to this resource.
        version: Another one whenever anything in the agenda changed.
    """

    bookings: Mapping[str, Interval] = field(default_factory=dict, hash=False)
    absences: Mapping[str, Interval] = field(default_factory=dict, hash=False)
    imports: Mapping[str, ImportedTimes] = field(default_factory=dict, hash=False)
    holds: Mapping[str, datetime] = field(default_factory=dict, hash=False)
    sessions: Mapping[str, Session] = field(default_factory=dict, hash=False)
    expired: Mapping[str, Interval] = field(default_factory=dict, hash=False)
    assigned_at: datetime | None = None
    version: str = field(default="", compare=False)

    def taken(self) -> TakenTimes:
        """The times of all bookings and absences as one."""
        return TakenTimes.of(
            (start, end)
            for spans in (self.bookings, self.absences)
            for start, end in named_numbers(spans).values()
        )


def join_weeks(agendas: Iterable[Agenda]) -> Agenda:
    """Several weeks as one; what is stored in more than one of them counts once.

    Weeks are separate documents, which may be read while a booking moves. Where two of them name different
    times for the same booking, the range around both is kept, so that no time is sold twice.
    """
    parts = tuple(agendas)
    imports: dict[str, list[ImportedTimes]] = {}
    for part in parts:
        for calendar, imported in part.imports.items():
            imports.setdefault(calendar, []).append(imported)
    return Agenda(
        bookings=_joined_spans(part.bookings for part in parts),
        absences=_joined_spans(part.absences for part in parts),
        imports={calendar: _joined_imports(items) for calendar, items in imports.items()},
        holds={name: until for part in parts for name, until in part.holds.items()},
        sessions=_fullest_sessions(parts),
        assigned_at=max((part.assigned_at for part in parts if part.assigned_at), default=None),
        version="/".join(part.version for part in parts),
    )


def _fullest_sessions(parts: Iterable[Agenda]) -> dict[str, Session]:
    """Each session once; where two weeks count its seats differently, the count that leaves fewer seats."""
    found: dict[str, Session] = {}
    for part in parts:
        for name, session in part.sessions.items():
            if name not in found or session.taken > found[name].taken:
                found[name] = session
    return found


def _joined_spans(parts: Iterable[Mapping[str, Interval]]) -> NamedSpans:
    found: dict[str, Sequence[int]] = {}
    for part in map(named_numbers, parts):
        # Most weeks share nothing with the others.
        both = found.keys() & part.keys()
        around = {
            name: (min(found[name][0], part[name][0]), max(found[name][1], part[name][1])) for name in both
        }
        found.update(part)
        found.update(around)
    return NamedSpans(found)


def _joined_imports(items: Iterable[ImportedTimes]) -> ImportedTimes:
    parts = tuple(items)
    busy = TakenTimes.of(pair for part in parts for pair in numbers(part.busy))
    # Not merged: each free time starts the booking grid anew, however it touches another.
    free = sorted({pair for part in parts for pair in numbers(part.free)})
    return ImportedTimes(
        busy=Spans(tuple(chain.from_iterable(busy))), free=Spans(tuple(chain.from_iterable(free)))
    )
