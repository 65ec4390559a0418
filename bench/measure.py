"""Measures rivals side by side: interleaved rounds, CPU time, medians."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Timing:
    """The CPU and wall seconds of one call, a number a round."""

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
    rivals: Mapping[str, Callable[[], object]], *, rounds: int, calls: int | Mapping[str, int] = 1
) -> dict[str, Timing]:
    """The time of a call of each rival: in every round each of them runs once, in a turning order.

    What disturbs the machine for a while disturbs all of them alike. ``calls`` is how often a rival is
    called in its turn: CPU clocks are too coarse for a single short call.
    """
    names = list(rivals)
    cpu: dict[str, list[float]] = {name: [] for name in names}
    wall: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            count = calls if isinstance(calls, int) else calls[name]
            with _undisturbed():
                before_cpu, before_wall = time.process_time(), time.perf_counter()
                for _ in range(count):
                    rivals[name]()
                cpu[name].append((time.process_time() - before_cpu) / count)
                wall[name].append((time.perf_counter() - before_wall) / count)
    return {name: Timing(tuple(cpu[name]), tuple(wall[name])) for name in names}


def ratio(slow: Timing, fast: Timing) -> float:
    """How many times the CPU of ``fast`` one call of ``slow`` takes: the median over the rounds' ratios.

    Both numbers of a ratio come from the same round, so that they met the same machine.
    """
    return median(left / right for left, right in zip(slow.cpu, fast.cpu, strict=True) if right > 0)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the garbage of one rival being collected in the turn of another."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
