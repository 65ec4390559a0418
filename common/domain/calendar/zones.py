"""Wall clocks and instants: what a local time means in a zone, gaps and repeated hours included."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from common.domain.calendar.interval import EARLIEST, LATEST, Seconds, clamped

_DAY = 86_400
_NEVER = 1 << 62
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
# Files beside the zones: leap-second variants, copies, and the machine's own idea of local time.
_NOT_ZONES = frozenset({"right", "posix", "posixrules", "localtime", "Factory"})


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of this name.

    Raises:
        ValueError: There is no such zone; the name never reaches the file system as a path.
    """
    if _NAME.fullmatch(name) and name.partition("/")[0] not in _NOT_ZONES:
        try:
            return ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError("unknown time zone") from error
    raise ValueError("unknown time zone")


@dataclass(frozen=True, slots=True)
class Offsets:
    """The UTC offsets of a zone over some years.

    ``offset[i]`` holds from the instant ``since[i]`` until the clock shows ``until[i]``; the last has no end.
    """

    since: tuple[int, ...]
    offset: tuple[int, ...]
    until: tuple[int, ...]

    def epoch(self, wall: int) -> int:
        """The instant at which the clock shows ``wall``, both in seconds since 1970.

        A repeated time is its first occurrence; a skipped one is the first instant after the gap.
        """
        at = bisect_right(self.until, wall)
        return max(wall - self.offset[at], self.since[at])

    def ranges(self, opens: int, closes: int) -> list[Seconds]:
        """When it is between the first ``opens`` and the first ``closes`` and the clock shows a time between.

        That is one range, or several where a clock that was set back shows once more what comes before
        ``opens``: on the night in which 02:00 to 03:00 is there twice, "02:30 to 03:30" is closed while the
        clock shows 02:00 to 02:30 again. What a gap skips leaves nothing.
        """
        start, end = self.epoch(opens), self.epoch(closes)
        first, last = bisect_right(self.since, start) - 1, bisect_right(self.since, end) - 1
        found: list[Seconds] = []
        for at in range(first, last + 1):
            low = max(start, self.since[at], opens - self.offset[at])
            high = min([end, closes - self.offset[at], *self.since[at + 1 : at + 2]])
            if found and found[-1][1] == low < high:
                found[-1] = (found[-1][0], high)
            elif low < high:
                found.append((low, high))
        return found

    def calm(self, wall: int) -> tuple[int, int]:
        """The offset at a wall time, and before which wall time it is the only one.

        Up to there the instant is the wall time less the offset; a skipped time is calm for no time at all.
        """
        at = bisect_right(self.until, wall)
        offset = self.offset[at]
        if wall - offset < self.since[at]:
            return offset, wall
        return offset, self.until[at] if at < len(self.until) else _NEVER


@lru_cache(maxsize=4096)
def offsets(place: ZoneInfo, first_year: int, last_year: int) -> Offsets:
    """The offset table for these years, both inside; the changes are found by bisection, once.

    A year before 1970 or after 9000 is taken for that one: no event is told apart beyond.
    """
    first_year, last_year = (min(max(year, EARLIEST.year), LATEST.year) for year in (first_year, last_year))
    start = wall_seconds(date(first_year, 1, 1).toordinal() - 2)
    end = wall_seconds(date(last_year, 12, 31).toordinal() + 3)
    changes = tuple(_changes(place, start, end))
    since = (start, *(moment for moment, _ in changes))
    offset = (_offset(place, start), *(after for _, after in changes))
    until = tuple(moment + before for (moment, _), before in zip(changes, offset, strict=False))
    return Offsets(since, offset, until)


def _offset(place: ZoneInfo, epoch: int) -> int:
    shift = datetime.fromtimestamp(epoch, place).utcoffset()
    return shift.days * _DAY + shift.seconds if shift else 0


def _changes(place: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Every change as (instant, new offset); no zone ever changed twice within a day."""
    before = _offset(place, start)
    for low in range(start, end, _DAY):
        after = _offset(place, low + _DAY)
        if after != before:
            early, late = low, low + _DAY
            while late - early > 1:
                middle = (early + late) // 2
                early, late = (middle, late) if _offset(place, middle) == before else (early, middle)
            yield late, after
            before = after


def wall_seconds(ordinal: int) -> int:
    """The midnight of a date, given as its ordinal, on a wall clock in seconds since 1970."""
    return (ordinal - _EPOCH_DAY) * _DAY


def instant(day: date, minutes: int, place: ZoneInfo) -> datetime:
    """The UTC instant at which the clock shows ``minutes`` after midnight; 1440 is the next midnight.

    A skipped time is the first instant after the gap, a repeated one its first occurrence.
    """
    epoch = offsets(place, day.year, day.year).epoch(wall_seconds(day.toordinal()) + minutes * 60)
    return datetime.fromtimestamp(epoch, UTC)


def midnight(day: date, place: ZoneInfo) -> datetime:
    """The UTC instant at which a day begins in a zone, between ``EARLIEST`` and ``LATEST``."""
    return clamped(instant(day, 0, place))


def local_days(start: int, end: int, place: ZoneInfo) -> tuple[date, date]:
    """The first and last date whose hours can overlap ``[start, end)``, with a day to spare on each side.

    To spare, because a clock set back across midnight shows yesterday's date again.
    """
    first = datetime.fromtimestamp(start, place).toordinal() - 1
    last = datetime.fromtimestamp(end, place).toordinal() + 1
    return date.fromordinal(first), date.fromordinal(last)
