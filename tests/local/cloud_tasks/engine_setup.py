"""The set-up of the tests of the engine: one queue, a virtual clock and a worker with scripted answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from local.cloud_tasks.clock import VirtualClock
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.faults import Faults
from local.cloud_tasks.model import (
    Answer,
    HttpRequest,
    QueueSettings,
    RateLimits,
    RetryPolicy,
    ServiceLimits,
    Target,
    TokenSource,
)

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
QUEUE = "projects/p/locations/europe-west1/queues/sync"
TARGET = Target("https://worker.test/run", body=b'{"id": 1}')


class Worker:
    """Records each request with its time, and answers from a script, then with 200."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.script: list[Answer | int] = []
        self.requests: list[HttpRequest] = []
        self.moments: list[datetime] = []

    def __call__(self, request: HttpRequest) -> Answer | int:
        self.requests.append(request)
        self.moments.append(self.clock.now())
        return self.script.pop(0) if self.script else 200

    def seconds(self) -> list[float]:
        """The times of the requests, in seconds from the start."""
        return [round((moment - START).total_seconds(), 3) for moment in self.moments]

    def names(self) -> list[str]:
        """The task ids in the order of arrival."""
        return [request.headers["X-CloudTasks-TaskName"] for request in self.requests]


class EngineSetup:
    """An engine with one queue, its clock and its worker."""

    def __init__(
        self,
        *,
        retry: RetryPolicy | None = None,
        rate: RateLimits | None = None,
        limits: ServiceLimits | None = None,
        faults: Faults | None = None,
        tokens: TokenSource | None = None,
    ) -> None:
        self.clock = VirtualClock(START)
        self.worker = Worker(self.clock)
        settings = QueueSettings(rate or RateLimits(), retry or RetryPolicy())
        self.engine = Engine(
            self.worker,
            clock=self.clock,
            queues={QUEUE: settings},
            limits=limits,
            faults=faults,
            tokens=tokens,
        )

    def add(self, *ids: str, after: timedelta | None = None) -> None:
        """Create one task for each id, all scheduled for the same time."""
        at = None if after is None else self.clock.now() + after
        for task_id in ids:
            self.engine.create_task(QUEUE, TARGET, name=task(task_id), schedule_time=at)


def task(task_id: str) -> str:
    """The full name of a task of the queue."""
    return f"{QUEUE}/tasks/{task_id}"


def numbered(count: int) -> Sequence[str]:
    """Task ids t00, t01, ..."""
    return [f"t{number:02}" for number in range(count)]


SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
