"""Webhooks: the CPU of a push message that is verified and queued, beside the bare handler's."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.functions.function_server import (
    RunningFunction,
    Target,
    bare,
    first_answer,
    running_function,
    send,
)
from bench.functions.tasks_stub import running_tasks_stub
from bench.functions.webhook_setup import NAMES, webhook
from bench.report import Row, at_most

TOPIC = "webhooks"
CONNECTIONS = 16
TIMES_BARE = 2.2
MEGABYTES = 45
# Requests before the measurement: the first ones open connections and import what is imported late.
WARM_UP = 300


@dataclass(frozen=True, slots=True)
class RequestCost:
    """CPU seconds of a request, one number for each round, and the memory in use."""

    cpu: tuple[float, ...]
    megabytes: float


def measure(*, rounds: int, requests: int) -> Mapping[str, RequestCost]:
    """The cost of each webhook and of the bare handler, measured in turn."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        tasks = running.enter_context(running_tasks_stub())
        targets = [bare(Path(folder) / "bare"), *(webhook(name, Path(folder), tasks) for name in NAMES)]
        runs = {
            target.name: running.enter_context(running_function(target, threads=CONNECTIONS))
            for target in targets
        }
        for target in targets:
            _expect(first_answer(target, runs[target.name]))
            _load(target, runs[target.name], WARM_UP)
        cpu: dict[str, list[float]] = {target.name: [] for target in targets}
        for turn in range(rounds):
            for target in targets[turn % 3 :] + targets[: turn % 3]:
                cpu[target.name].append(_load(target, runs[target.name], requests))
        return {name: RequestCost(tuple(spent), runs[name].megabytes()) for name, spent in cpu.items()}


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure both webhooks; a row for each target."""
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


def _load(target: Target, run: RunningFunction, requests: int) -> float:
    """The server's CPU seconds for a request, with all connections busy."""
    share = requests // CONNECTIONS
    before = run.cpu()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda _: _send_share(target, run, share), range(CONNECTIONS)))
    return (run.cpu() - before) / (share * CONNECTIONS)


def _send_share(target: Target, run: RunningFunction, share: int) -> None:
    with socket.create_connection(("127.0.0.1", run.port)) as line:
        for _ in range(share):
            _expect(send(line, target.request))


def _expect(status: int) -> None:
    if status not in {202, 204}:
        message = f"a push message was answered {status}"
        raise AssertionError(message)
