"""One queue: its tasks by due time, the names that are still blocked, its rate limiter and its counters."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from local.cloud_tasks.model import Counters, QueueSettings, RetryPolicy, Task
from local.cloud_tasks.token_bucket import TokenBucket


class Queue:
    """The state of a queue; not thread-safe by itself, it is used under the registry's lock."""

    def __init__(self, name: str, settings: QueueSettings, now: datetime) -> None:
        self.name = name
        self.settings = settings
        self.bucket = TokenBucket(settings.rate, now)
        self.paused = False
        self.purge_time: datetime | None = None
        self.running = 0
        self.tasks: dict[str, Task] = {}
        self.counters = Counters()
        self._used_until: dict[str, datetime] = {}
        self._forced: list[Task] = []
        self._heap: list[tuple[datetime, int, Task]] = []
        self._order = count()

    def configure(self, settings: QueueSettings) -> None:
        """Replace the settings."""
        self.settings = settings
        self.bucket.configure(settings.rate)

    def retry_of(self, task: Task) -> RetryPolicy:
        """The task's own retry policy, or the queue's."""
        return task.retry or self.settings.retry

    def is_used(self, name: str, now: datetime) -> bool:
        """Whether the name belongs to a pending task, or did until recently."""
        return name in self.tasks or self._used_until.get(name, now) > now

    def add(self, task: Task) -> None:
        """Take in a new task, or one that is to be tried again."""
        self.tasks[task.name] = task
        heapq.heappush(self._heap, (task.due, next(self._order), task))

    def remove(self, task: Task, *, used_until: datetime) -> None:
        """Remove a task; its name stays blocked until ``used_until``."""
        del self.tasks[task.name]
        self._used_until[task.name] = used_until

    def force(self, task: Task) -> None:
        """Dispatch this task next, regardless of the rate limit."""
        self._forced.append(task)

    def take_forced(self) -> Task | None:
        """The next task that RunTask asked for, if any."""
        while self._forced:
            task = self._forced.pop(0)
            if self.tasks.get(task.name) is task:
                return task
        return None

    def ready_at(self, now: datetime) -> datetime | None:
        """The time of the next possible dispatch, or None while the queue is empty, paused or fully busy."""
        if self._forced:
            return now
        head = self.head()
        if head is None or self.paused or self.running >= self.settings.rate.max_concurrent_dispatches:
            return None
        return max(head.due, self.bucket.ready_at(now))

    def head(self) -> Task | None:
        """The task that falls due first."""
        while self._heap and not self._waits(*self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][2] if self._heap else None

    def due(self, now: datetime) -> Iterator[Task]:
        """All tasks that are due, earliest first."""
        for entry in sorted(entry for entry in self._heap if entry[0] <= now):
            if self._waits(*entry):
                yield entry[2]

    def purge(self, now: datetime, *, block: timedelta) -> None:
        """Drop every task."""
        for task in list(self.tasks.values()):
            self.remove(task, used_until=now + block)
            self.counters.deleted += 1
        self.purge_time = now

    def _waits(self, due: datetime, _order: int, task: Task) -> bool:
        return task.running == 0 and task.due == due and self.tasks.get(task.name) is task
