"""Webhooks: the CPU of a push message, verified and queued, beside the framework's least handler."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.pushed import NAMES, tasks_stub, webhook
from bench.report import Row, at_most, table
from bench.serving import Served, Target, ask, bare, first_answer, served

TOPIC = "webhooks"
LINES = 16
TIMES_BARE = 2.2
MEGABYTES = 45
# Requests that nobody counts: the first ones open connections and import what is imported late.
WARM = 300


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of a request, one number a round, and the memory behind it."""

    cpu: tuple[float, ...]
    megabytes: float


def measure(*, rounds: int, requests: int) -> Mapping[str, Cost]:
    """The cost of each webhook and of the bare handler, a round of each in turn."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        tasks = running.enter_context(tasks_stub())
        targets = [bare(Path(folder) / "bare"), *(webhook(name, Path(folder), tasks) for name in NAMES)]
        runs = {target.name: running.enter_context(served(target, threads=LINES)) for target in targets}
        for target in targets:
            _expect(first_answer(target, runs[target.name]))
            _load(target, runs[target.name], WARM)
        cpu: dict[str, list[float]] = {target.name: [] for target in targets}
        for turn in range(rounds):
            for target in targets[turn % 3 :] + targets[: turn % 3]:
                cpu[target.name].append(_load(target, runs[target.name], requests))
        return {name: Cost(tuple(spent), runs[name].megabytes()) for name, spent in cpu.items()}


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the form that every topic has
    """The rows of both webhooks."""
    found = measure(rounds=3 if quick else 9, requests=600 if quick else 4_000)
    plain = found["bare"]
    rows = []
    for name in NAMES:
        cost = found[name]
        times = median(own / base for own, base in zip(cost.cpu, plain.cpu, strict=True))
        beside = {"us_cpu": median(cost.cpu) * 1e6, "bare_us_cpu": median(plain.cpu) * 1e6}
        rows.append(at_most(TOPIC, f"{name}: CPU, times the bare handler", times, TIMES_BARE, **beside))
        rows.append(at_most(TOPIC, f"{name}: memory in MB", cost.megabytes, MEGABYTES))
    return rows


def _load(target: Target, run: Served, requests: int) -> float:
    """The server's CPU seconds of a request, with all lines busy."""
    share = requests // LINES
    before = run.cpu()
    with ThreadPoolExecutor(LINES) as pool:
        list(pool.map(lambda _: _line(target, run, share), range(LINES)))
    return (run.cpu() - before) / (share * LINES)


def _line(target: Target, run: Served, share: int) -> None:
    with socket.create_connection(("127.0.0.1", run.port)) as line:
        for _ in range(share):
            _expect(ask(line, target.request))


def _expect(status: int) -> None:
    if status not in {202, 204}:
        message = f"a push message was answered {status}"
        raise AssertionError(message)


if __name__ == "__main__":
    sys.stdout.write(table(run("--quick" in sys.argv)))
