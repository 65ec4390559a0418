"""Half-open ranges of instants, and the algebra that slots and busy times need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import overload

from common.errors import InvalidRequest

# (start, end) in whole seconds since 1970: what the hot paths compute with.
Seconds = tuple[int, int]
_by_start = attrgetter("start")
# What an event says beyond these counts as the edge. Providers take dates from year 1 to 9999, where an
# offset or a buffer leads to no instant any more; long ago offsets had seconds, which RFC 3339 cannot say.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def aware(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: ``moment`` has no zone; a naive time is nobody's time.
    """
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a naive datetime is not an instant")
    return moment.astimezone(UTC)


def clamped(moment: datetime) -> datetime:
    """An instant between ``EARLIEST`` and ``LATEST``: itself, or the edge that it lies beyond."""
    return min(max(moment, EARLIEST), LATEST)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From ``start`` (inside) to ``end`` (outside), both kept in UTC; never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            object.__setattr__(self, "start", aware(self.start))
            object.__setattr__(self, "end", aware(self.end))
        if self.end <= self.start:
            raise ValueError("an interval ends after it starts")

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share an instant: ``end > from and start < to``."""
        return self.end > other.start and self.start < other.end

    def contains(self, other: Interval) -> bool:
        """Whether ``other`` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def clip(self, bounds: Interval) -> Interval | None:
        """The part inside ``bounds``, or None where there is none."""
        start, end = max(self.start, bounds.start), min(self.end, bounds.end)
        return Interval(start, end) if start < end else None

    def pad(self, before: timedelta, after: timedelta) -> Interval:
        """The range widened by a buffer on each side."""
        return Interval(self.start - before, self.end + after)

    def seconds_around(self) -> Seconds:
        """The smallest whole seconds that cover it."""
        return math.floor(self.start.timestamp()), math.ceil(self.end.timestamp())

    def seconds_inside(self) -> Seconds:
        """The largest whole seconds that it covers; empty where it is shorter than a second."""
        return math.ceil(self.start.timestamp()), math.floor(self.end.timestamp())


class Spans(Sequence[Interval]):
    """Ranges kept as numbers, ``[start, end, start, end, ...]``, that become intervals when looked at.

    Most of what is stored is only ever compared; building datetimes from it would be most of the work.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: Sequence[int] = ()) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return len(self.seconds) // 2

    @overload
    def __getitem__(self, at: int) -> Interval: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Interval, ...]: ...

    def __getitem__(self, at: int | slice) -> Interval | tuple[Interval, ...]:
        if isinstance(at, slice):
            return tuple(self)[at]
        first = range(0, len(self.seconds), 2)[at]
        return interval_of((self.seconds[first], self.seconds[first + 1]))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Spans):
            return list(self.seconds) == list(other.seconds)
        return tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self))


class NamedSpans(Mapping[str, Interval]):
    """Ranges by name, kept as numbers like ``Spans``."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: Mapping[str, Sequence[int]]) -> None:
        self.seconds = seconds

    def __getitem__(self, name: str) -> Interval:
        return interval_of(self.seconds[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.seconds)

    def __len__(self) -> int:
        return len(self.seconds)


def interval_of(times: Sequence[int]) -> Interval:
    """The interval between two instants in seconds since 1970."""
    return Interval(datetime.fromtimestamp(times[0], UTC), datetime.fromtimestamp(times[1], UTC))


def numbers(intervals: Iterable[Interval]) -> Iterable[Seconds]:
    """The smallest whole seconds around each."""
    if isinstance(intervals, Spans):
        return zip(intervals.seconds[::2], intervals.seconds[1::2], strict=True)
    return map(Interval.seconds_around, intervals)


def named_numbers(intervals: Mapping[str, Interval]) -> Mapping[str, Sequence[int]]:
    """The smallest whole seconds around each, by name."""
    if isinstance(intervals, NamedSpans):
        return intervals.seconds
    return {name: item.seconds_around() for name, item in intervals.items()}


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same instants as few sorted, disjoint ranges; touching ones are joined."""
    merged: list[Interval] = []
    for item in sorted(intervals, key=_by_start):
        if merged and item.start <= merged[-1].end:
            if item.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, item.end)
        else:
            merged.append(item)
    return tuple(merged)


def subtract(whole: Iterable[Interval], taken: Iterable[Interval]) -> tuple[Interval, ...]:
    """What is left of ``whole`` without ``taken``; one pass over both."""
    return tuple(_remainders(merge(whole), merge(taken)))


def _remainders(whole: tuple[Interval, ...], taken: tuple[Interval, ...]) -> Iterator[Interval]:
    first = 0
    for item in whole:
        while first < len(taken) and taken[first].end <= item.start:
            first += 1
        at, position = first, item.start
        while at < len(taken) and taken[at].start < item.end:
            if taken[at].start > position:
                yield Interval(position, taken[at].start)
            position = max(position, taken[at].end)
            at += 1
        if position < item.end:
            yield Interval(position, item.end)


LONGEST_RANGE = timedelta(days=62)


def asked_range(start: datetime, end: datetime, *, longest: timedelta = LONGEST_RANGE) -> Interval:
    """The range of an overview, or of a list of events.

    Raises:
        InvalidRequest: It is empty, too long or without an offset.
    """
    try:
        asked = Interval(start, end)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("a range ends after it starts, both with an offset", code="window") from wrong
    if asked.start < EARLIEST or asked.end > LATEST:
        raise InvalidRequest("there is nothing at the end of time", code="window")
    if asked.length > longest:
        raise InvalidRequest(f"a range has at most {longest.days} days", code="window_too_long")
    return asked
