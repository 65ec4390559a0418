"""The week documents that a slot query reads, and how several of them become one picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from common.domain.interval import Interval, aware, merge

MOST_WEEKS = 600

_WEEK = timedelta(days=7)
_LEAST = timedelta(microseconds=1)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def week(moment: datetime) -> str:
    """The ISO week of an instant in UTC, such as ``2027-W12``; the keys sort like time."""
    return _name((aware(moment) - _MONDAY) // _WEEK)


def weeks(span: Interval) -> tuple[str, ...]:
    """Every week that ``span`` touches, in order, without a gap.

    Raises:
        ValueError: There are more than 600.
    """
    first, last = (span.start - _MONDAY) // _WEEK, (span.end - _LEAST - _MONDAY) // _WEEK
    if first == last:
        return (_name(first),)
    if last - first >= MOST_WEEKS:
        raise ValueError(f"a range touches at most {MOST_WEEKS} weeks")
    return tuple(map(_name, range(first, last + 1)))


@lru_cache(maxsize=8192)
def _name(number: int) -> str:
    """The week that begins so many weeks after the first Monday of 1970."""
    year, week_of_year, _ = (_MONDAY + number * _WEEK).isocalendar()
    return f"{year:04}-W{week_of_year:02}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What one external calendar says about a week."""

    busy: tuple[Interval, ...] = ()
    free: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Agenda:
    """What takes a resource's time: bookings (buffers included), absences, and imports by calendar."""

    bookings: Mapping[str, Interval] = field(default_factory=dict, hash=False)
    absences: Mapping[str, Interval] = field(default_factory=dict, hash=False)
    imports: Mapping[str, Imported] = field(default_factory=dict, hash=False)


def joined(agendas: Iterable[Agenda]) -> Agenda:
    """Several weeks as one; what is stored in more than one of them counts once.

    Weeks are documents that may be read while one moves. Where two tell different times of the same booking,
    the range around both is kept: that never sells a time twice.
    """
    parts = tuple(agendas)
    imports: dict[str, list[Imported]] = {}
    for part in parts:
        for calendar, imported in part.imports.items():
            imports.setdefault(calendar, []).append(imported)
    return Agenda(
        bookings=_united(part.bookings for part in parts),
        absences=_united(part.absences for part in parts),
        imports={calendar: _one(items) for calendar, items in imports.items()},
    )


def _united(parts: Iterable[Mapping[str, Interval]]) -> dict[str, Interval]:
    found: dict[str, Interval] = {}
    for part in parts:
        for key, item in part.items():
            seen = found.get(key, item)
            found[key] = Interval(min(seen.start, item.start), max(seen.end, item.end))
    return found


def _one(items: Iterable[Imported]) -> Imported:
    parts = tuple(items)
    return Imported(
        busy=merge(item for part in parts for item in part.busy),
        # Not merged: each free time starts the booking grid anew, however it touches another.
        free=tuple(sorted({item for part in parts for item in part.free})),
    )
