"""Counts what is billed: reads and writes of the database, task operations; and the CPU beside them."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from bench.report import Row, at_most, shown
from common.domain.calendar.connection import ProviderKind

THOUSAND = 1_000
EVENTS = 2_500
# Weeks, agendas, index and state; importing events one by one would be 2,500 writes.
MOST_WRITES = 100


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure both providers; the operations are the same in every run, the CPU depends on the machine."""
    # The set-up of the tests, which is not typed.
    cost = import_module("tests.flows.setups.cost_setup")
    return [row for kind in ProviderKind for row in _rows(cost, kind, rounds=3 if quick else 20)]


def _rows(cost: Any, kind: ProviderKind, *, rounds: int) -> list[Row]:
    found = cost.first_sync(kind, EVENTS)
    return [
        _many(f"{kind.value}: 1,000 slot queries of four weeks, reads", *cost.repeated_queries(kind, rounds)),
        _many(f"{kind.value}: 1,000 pushes with a change each, reads", *cost.repeated_pushes(kind, rounds)),
        at_most(
            "cost",
            f"{kind.value}: first sync of {EVENTS:,} events, writes",
            found.writes,
            MOST_WRITES,
            reads=found.reads,
            deletes=found.deletes,
            task_operations=found.tasks,
            provider_calls=found.calls,
            writes_one_by_one=EVENTS,
        ),
    ]


def _many(name: str, work: Callable[[], Any], rounds: int) -> Row:
    """A piece of work a thousand times; its CPU includes the provider's simulator and a store in memory."""
    before = time.process_time()
    spent = [work() for _ in range(rounds)]
    cpu = (time.process_time() - before) / rounds
    each = THOUSAND / rounds
    return shown(
        "cost",
        name,
        sum(one.reads for one in spent) * each,
        writes=sum(one.writes for one in spent) * each,
        deletes=sum(one.deletes for one in spent) * each,
        task_operations=sum(one.tasks for one in spent) * each,
        provider_calls=sum(one.calls for one in spent) * each,
        cpu_ms_with_simulator=cpu * THOUSAND * THOUSAND,
    )
