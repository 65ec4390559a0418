"""The sweep line of the slot engine: one pass over openings and taken times yields whole runs of free starts.

Everything here is whole seconds since 1970 in UTC: no zones, no datetimes, no rounding. What costs time is
what was taken and what is free again, never the number of possible starts.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import ge, itemgetter

from common.domain.calendar.interval import Seconds

CELL = 300
# Where the zone begins in 2027-03-15T08:00:00Z, the form in which texts sort like instants.
_LAST = len("2027-03-15T08:00:00")
_first = itemgetter(0)
_instant = datetime.fromisoformat


@dataclass(frozen=True, slots=True)
class TakenTimes:
    """Times that nobody can book, as ranges ``[starts[i], ends[i])``.

    Both columns ascend, no range is empty, and between two of them there is always a gap:
    ``starts[i] < ends[i] < starts[i + 1]``. The sweep rests on that.
    """

    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    @classmethod
    def of(cls, ranges: Iterable[Seconds]) -> TakenTimes:
        """Ranges that may overlap in any way."""
        starts: list[int] = []
        ends: list[int] = []
        latest = None
        for start, end in sorted(ranges):
            if latest is None or start > latest:
                starts.append(start)
                ends.append(end)
                latest = end
            elif end > latest:
                ends[-1] = latest = end
        return cls(starts, ends)

    @classmethod
    def of_texts(cls, pairs: Collection[tuple[str, str]]) -> TakenTimes:
        """Ranges as pairs of ISO 8601 instants.

        Texts of one form in UTC sort like their instants, so they are merged as they are and only what is
        left becomes numbers. Mixed forms become numbers first.

        Raises:
            ValueError: A text is no instant, or has no offset.
        """
        starts: list[str] = []
        ends: list[str] = []
        latest = ""
        for start, end in sorted(pairs, key=_first):
            if start[_LAST:] != "Z" or end[_LAST:] != "Z" or end <= start:
                return cls.of(map(_seconds, pairs))
            if start > latest:
                starts.append(start)
                ends.append(end)
                latest = end
            elif end > latest:
                ends[-1] = latest = end
        return cls(
            [int(_instant(text).timestamp()) for text in starts],
            [int(_instant(text).timestamp()) for text in ends],
        )

    def __iter__(self) -> Iterator[Seconds]:
        return zip(self.starts, self.ends, strict=True)

    def near(self, first: int, last: int) -> TakenTimes:
        """The ranges that touch ``[first, last]``, whole."""
        low, high = bisect_left(self.ends, first), bisect_right(self.starts, last)
        return TakenTimes(self.starts[low:high], self.ends[low:high])


@dataclass(frozen=True, slots=True)
class Grid:
    """How appointments lie: a start every ``step``, ``duration`` long, with time kept free around them."""

    step: int
    duration: int
    before: int
    after: int


def run_ends(openings: Sequence[Seconds]) -> Sequence[int]:
    """For each of the openings, sorted by start, where the run of availability ends that it is a part of."""
    closing = [closes for _, closes in openings]
    if not any(map(ge, closing, [opens for opens, _ in openings[1:]])):
        return closing
    ends: list[int] = []
    furthest, members = closing[0], 0
    for opens, closes in openings:
        if opens > furthest:
            ends += [furthest] * members
            members = 0
        furthest, members = max(furthest, closes), members + 1
    return ends + [furthest] * members


def free_runs(
    openings: Sequence[Seconds], taken: TakenTimes, grid: Grid, *, first: int, last: int
) -> list[range]:
    """The possible starts in ``[first, last)``, as runs; each opening lays the grid from its first cell.

    A taken range from s to e forbids every start t with ``t - before < e`` and ``s < t + duration + after``:
    all of ``[s - reach, e + before)``. Free runs are emitted whole; a taken range is left behind in one step
    to the first grid time after it.
    """
    starts, ends, count = taken.starts, taken.ends, len(taken.starts)
    step, duration, before = grid.step, grid.duration, grid.before
    reach = duration + grid.after - 1
    runs: list[range] = []
    for (opens, closes), run_end in zip(openings, run_ends(openings), strict=True):
        limit = run_end - duration + 1
        if limit > closes or limit > last:
            limit = min(closes, last)
        time = opens + -opens % CELL
        if time < first:
            time -= (time - first) // step * step
        block = bisect_right(ends, time - before)
        while time < limit:
            stop = starts[block] - reach if block < count else limit
            if stop >= limit:
                runs.append(range(time, limit, step))
                break
            if time < stop:
                runs.append(range(time, stop, step))
            time -= (time - before - ends[block]) // step * step
            block += 1
    return runs


def _seconds(pair: tuple[str, str]) -> Seconds:
    """The smallest whole seconds around a range.

    Raises:
        ValueError: It is empty, no range of instants, or has no offset.
    """
    start, end = map(_instant, pair)
    if start.tzinfo is None or end.tzinfo is None or end <= start:
        raise ValueError("a range of instants ends after it starts, both with an offset")
    return math.floor(start.timestamp()), math.ceil(end.timestamp())
