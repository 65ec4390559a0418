"""Measures the time of a change in the local stack: from the provider's notification to slots that show it.

Everything runs on this machine and speaks HTTP or gRPC: simulated providers, functions, task queue, store.
The networks and the container starts of the cloud are not in it. Before each change the slots of its day are
requested, so that the answers of the live calendars are shared and only the stored copy can change the slots.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from statistics import median
from threading import Event
from typing import Any

from bench.report import Row, at_most, shown
from local.demo.connect import connect
from local.demo.connection import DemoConnection
from local.demo.front_end import FrontEnd
from local.demo.google_account import GoogleAccount
from local.demo.outlook_account import OutlookAccount
from local.demo.plan import OUTLOOK_ZONE, TENANT, ZONE, Account, Person, Plan
from local.demo.provider_account import Entry, ProviderAccount
from local.demo.setup import set_up
from local.demo.simulator_client import SimulatorClient
from local.demo.terminal import Terminal
from local.stack import Options, Stack
from local.staff_tokens import staff_token

CHANGES, FEW_CHANGES = 100, 12
CALENDARS = 3
# Calendars change seldom: between two changes the time bucket of its pushes passes.
PAUSE = 1.2
MOST_SECONDS = 30.0
MEDIAN_SECONDS, WORST_SECONDS = 1.0, 5.0
PERCENT = 99
_HALF_HOURS = 18
_TUNING = {"GOOGLE_USER_PER_MINUTE": "60000", "GOOGLE_PROJECT_PER_MINUTE": "1000000"}


class RequestLog(io.StringIO):
    """The functions' log: the begin and the end of every request."""

    def __init__(self) -> None:
        """Begin without any request."""
        super().__init__()
        self.requests: list[tuple[str, float, float]] = []

    def write(self, line: str) -> int:
        """Read one line of the log."""
        now = time.time()
        entry = json.loads(line)
        if entry.get("message") == "request":
            self.requests.append((entry["function"], now - entry["milliseconds"] / 1_000, now))
        return len(line)

    def first(self, function: str, after: float) -> tuple[float, float] | None:
        """The begin and end of the first request to a function that began after ``after``."""
        found = (span for name, *span in self.requests if name == function and span[0] >= after)
        return next(((begun, ended) for begun, ended in found), None)


@dataclass(frozen=True, slots=True)
class ChangeTimes:
    """The times of one change, in seconds from the receipt of its notification."""

    answered: float
    started: float
    committed: float
    shown: float


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure both providers, one after the other in the same stack."""
    log, number = RequestLog(), FEW_CHANGES if quick else CHANGES
    with (
        Stack(Options(log=log, extra=_TUNING, say=lambda _: None)) as stack,
        _connections(stack) as connections,
    ):
        rows: list[Row] = []
        for connection in connections:
            rows += _rows(connection.provider.kind, _measured(connection, log, number))
    return rows


def _rows(kind: str, changes: Sequence[ChangeTimes]) -> list[Row]:
    totals = sorted(change.shown for change in changes)
    worst = totals[min(len(totals) - 1, len(totals) * PERCENT // 100)]
    middle = replace(
        changes[0],
        **{name: median(getattr(change, name) for change in changes) for name in ChangeTimes.__slots__},
    )
    stages: Mapping[str, float] = {
        "verified_and_queued_ms": middle.answered * 1_000,
        "waited_in_the_queue_ms": (middle.started - middle.answered) * 1_000,
        "page_fetched_and_committed_ms": (middle.committed - middle.started) * 1_000,
    }
    return [
        at_most("end to end", f"{kind}: notification to slots, median s", median(totals), MEDIAN_SECONDS),
        at_most("end to end", f"{kind}: notification to slots, 99 % s", worst, WORST_SECONDS),
        shown("end to end", f"{kind}: stages of {len(changes)} changes, medians", middle.committed, **stages),
    ]


def _measured(connection: DemoConnection, log: RequestLog, number: int) -> list[ChangeTimes]:
    webhook = {"google": "webhook_google", "microsoft": "webhook_graph"}[connection.provider.kind]
    changes = []
    for index in range(number):
        start = connection.plan.at(index // _HALF_HOURS % 5 + 7 * (index // (5 * _HALF_HOURS)), clock(8))
        start += timedelta(minutes=30 * (index % _HALF_HOURS))
        label = f"{start:%H:%M}"
        if label not in connection.slots(start):
            raise AssertionError("the time to be taken is not offered")
        begun = time.time()
        connection.provider.enter(
            connection.plan.account.calendars[index % CALENDARS], Entry("x", start, timedelta(minutes=30))
        )
        shown_at = _wait_until(lambda: label not in connection.slots(start))  # noqa: B023 - used within the iteration
        _wait_until(lambda: log.first("delta_sync", begun))  # noqa: B023 - used within the iteration
        received, answered = log.first(webhook, begun) or (begun, begun)
        started, committed = log.first("delta_sync", received) or (begun, begun)
        changes.append(
            ChangeTimes(
                answered=answered - received,
                started=started - received,
                committed=committed - received,
                shown=shown_at - received,
            )
        )
        _wait(max(0.0, PAUSE - (time.time() - begun)))
    return changes


def _wait_until(true: Callable[[], object]) -> float:
    """Wait until ``true`` returns something true; returns the time."""
    end = time.time() + MOST_SECONDS
    while time.time() < end:
        if true():
            return time.time()
        _wait(0.01)
    raise AssertionError("the change did not arrive")


def _wait(seconds: float) -> None:
    Event().wait(seconds)


@contextmanager
def _connections(stack: Stack) -> Iterator[list[DemoConnection]]:
    """Connect and synchronise the empty calendars of two people, one at each provider."""
    where, now = stack.addresses, datetime.now(UTC)
    token = staff_token(where.issuer, tenant=TENANT, role="owner")
    terminal = Terminal(io.StringIO())
    with (
        FrontEnd(where.functions, token=token) as owner,
        FrontEnd(where.functions) as customer,
        SimulatorClient(where.google, "Google") as google,
        SimulatorClient(where.microsoft, "Microsoft") as microsoft,
    ):

        def connection(name: str, provider: ProviderAccount, first: str) -> DemoConnection:
            account = Account(provider.account, (first, "Family", "Projects"), singles=0, series=0, clashes=0)
            plan = Plan.of(now, Person(name.lower(), name, 0), account)
            return DemoConnection(terminal, plan, where.functions, owner, customer, provider)

        connections = [
            connection(
                "Gina", GoogleAccount(google, account="gina@example.com", zone=ZONE), "gina@example.com"
            ),
            connection(
                "Mia", OutlookAccount(microsoft, account="mia@example.com", zone=OUTLOOK_ZONE), "Calendar"
            ),
        ]
        set_up(connections)
        for each in connections:
            connect(each)
            owner.post(f"{each.path}/sync")
            _wait_until(lambda: _is_done(owner, each.path))  # noqa: B023 - used within the iteration
        yield connections


def _is_done(owner: FrontEnd, path: str) -> bool:
    found: dict[str, Any] = owner.get(f"{path}/progress")
    return bool(found["phase"] == "done")
