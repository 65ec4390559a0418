"""The integer arithmetic under the slots: one pass over openings and blocks, a whole free run at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.domain.interval import Seconds

CELL = 300


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Starts that are not possible, as sorted, disjoint ranges ``[starts[i], ends[i])``."""

    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, ranges: Iterable[Seconds]) -> Forbidden:
        """Sort and merge ranges that may overlap in any way."""
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(ranges):
            if not ends or start > ends[-1]:
                starts.append(start)
                ends.append(end)
            elif end > ends[-1]:
                ends[-1] = end
        return cls(starts, ends)


def run_ends(openings: Sequence[Seconds]) -> list[int]:
    """For each of the openings, sorted by start, where the run of availability ends that it is a part of."""
    ends: list[int] = []
    furthest, members = openings[0][1] if openings else 0, 0
    for opens, closes in openings:
        if opens > furthest:
            ends += [furthest] * members
            members = 0
        furthest, members = max(furthest, closes), members + 1
    return ends + [furthest] * members


def sweep(forbidden: Forbidden, *, anchor: int, first: int, limit: int, step: int) -> list[range]:
    """Runs of possible starts in ``[first, limit)`` on the grid laid from the cell at or after ``anchor``."""
    starts, ends = forbidden.starts, forbidden.ends
    runs: list[range] = []
    time = -(-anchor // CELL) * CELL
    if time < first:
        time -= (time - first) // step * step
    block = bisect_right(ends, time)
    while time < limit:
        if block == len(starts):
            runs.append(range(time, limit, step))
            break
        if time < starts[block]:
            runs.append(range(time, min(starts[block], limit), step))
        time -= (time - ends[block]) // step * step
        block += 1
    return runs
