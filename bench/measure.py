"""Measures several functions side by side: interleaved rounds, CPU time, medians."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Timing:
    """The CPU and wall seconds of one call, one number for each round."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    @property
    def ms(self) -> float:
        """The median CPU time of a call in milliseconds."""
        return median(self.cpu) * 1_000

    @property
    def wall_ms(self) -> float:
        """The median wall time of a call in milliseconds."""
        return median(self.wall) * 1_000


def side_by_side(
    candidates: Mapping[str, Callable[[], object]], *, rounds: int, calls: int | Mapping[str, int] = 1
) -> dict[str, Timing]:
    """Time the candidates in rounds: each runs once in every round, and another one begins each time.

    Whatever disturbs the machine for a while disturbs all of them alike. ``calls`` is how often a candidate
    is called in its turn: CPU clocks are too coarse for a single short call.
    """
    names = list(candidates)
    cpu: dict[str, list[float]] = {name: [] for name in names}
    wall: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            count = calls if isinstance(calls, int) else calls[name]
            with _without_gc():
                before_cpu, before_wall = time.process_time(), time.perf_counter()
                for _ in range(count):
                    candidates[name]()
                cpu[name].append((time.process_time() - before_cpu) / count)
                wall[name].append((time.perf_counter() - before_wall) / count)
    return {name: Timing(tuple(cpu[name]), tuple(wall[name])) for name in names}


def ratio(slow: Timing, fast: Timing) -> float:
    """How many times as much CPU a call of ``slow`` takes as one of ``fast``: the median over the rounds.

    Both numbers of a ratio come from the same round, so that the machine was in the same state.
    """
    return median(left / right for left, right in zip(slow.cpu, fast.cpu, strict=True) if right > 0)


@contextmanager
def _without_gc() -> Iterator[None]:
    """Keep the garbage of one candidate from being collected in the turn of another."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
