"""The queues and tasks that exist, and the calls of the API that change them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count

from local.cloud_tasks.clock import Clock
from local.cloud_tasks.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from local.cloud_tasks.faults import Faults, Refusal
from local.cloud_tasks.model import (
    Counters,
    DeadTask,
    Dispatched,
    QueueSettings,
    RetryPolicy,
    ServiceLimits,
    Target,
    Task,
)
from local.cloud_tasks.names import check_queue, queue_of
from local.cloud_tasks.queue import Queue
from local.cloud_tasks.validation import check_deadline, check_settings, check_target

_LOG_LINES = 10_000


class Registry:
    """Queues and tasks behind one lock; most methods are one call of the API."""

    def __init__(
        self,
        *,
        clock: Clock,
        queues: Mapping[str, QueueSettings] | None = None,
        limits: ServiceLimits | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.clock = clock
        self.limits = limits or ServiceLimits()
        self.faults = faults or Faults()
        self.dead: list[DeadTask] = []
        self.log: deque[Dispatched] = deque(maxlen=_LOG_LINES)
        self._changed = threading.Condition(threading.RLock())
        self._queues: dict[str, Queue] = {}
        self._deleted_queues: dict[str, datetime] = {}
        self._generated = count(1)
        for name, settings in (queues or {}).items():
            self.create_queue(name, settings)

    def create_queue(self, name: str, settings: QueueSettings | None = None) -> Queue:
        """Create a queue; a name that exists, or was deleted lately, is refused."""
        check_queue(name)
        chosen = settings or QueueSettings()
        check_settings(chosen)
        with self._changed:
            now = self.clock.now()
            if name in self._queues:
                raise AlreadyExists("Queue already exists")
            if self._deleted_queues.get(name, now) > now:
                raise FailedPrecondition(
                    "The queue cannot be created because a queue with this name existed too recently."
                )
            self._queues[name] = Queue(name, chosen, now)
            return self._queues[name]

    def update_queue(self, name: str, settings: QueueSettings) -> Queue:
        """Replace the settings of a queue, which is created where it does not exist."""
        check_settings(settings)
        with self._changed:
            if name not in self._queues:
                return self.create_queue(name, settings)
            self._queues[name].configure(settings)
            self._changed.notify_all()
            return self._queues[name]

    def get_queue(self, name: str) -> Queue:
        """The queue of this name."""
        check_queue(name)
        with self._changed:
            if name not in self._queues:
                raise NotFound("Queue does not exist.")
            return self._queues[name]

    def list_queues(self, parent: str = "") -> list[Queue]:
        """All queues of a location by name; without a location, all there are."""
        with self._changed:
            return [queue for name, queue in sorted(self._queues.items()) if name.startswith(parent)]

    def delete_queue(self, name: str) -> None:
        """Delete a queue and its tasks; the name stays blocked for days."""
        with self._changed:
            self.get_queue(name)
            del self._queues[name]
            self._deleted_queues[name] = self.clock.now() + self.limits.queue_tombstone

    def pause_queue(self, name: str) -> Queue:
        """Dispatch nothing from this queue; tasks can still be created."""
        return self._set_paused(name, paused=True)

    def resume_queue(self, name: str) -> Queue:
        """Dispatch again."""
        return self._set_paused(name, paused=False)

    def purge_queue(self, name: str) -> Queue:
        """Delete all tasks of a queue."""
        with self._changed:
            queue = self.get_queue(name)
            queue.purge(self.clock.now(), block=self.limits.task_tombstone)
            return queue

    def create_task(
        self,
        parent: str,
        target: Target,
        *,
        name: str = "",
        schedule_time: datetime | None = None,
        dispatch_deadline: timedelta | None = None,
        retry: RetryPolicy | None = None,
    ) -> Task:
        """Add a task to a queue under its full ``name``, or under a generated one."""
        check_target(target, self.limits)
        deadline = check_deadline(dispatch_deadline, self.limits)
        if retry is not None:
            check_settings(QueueSettings(retry=retry))
        with self._changed:
            queue = self.get_queue(parent)
            now = self.clock.now()
            at = max(schedule_time or now, now)
            if at > now + self.limits.schedule_ahead:
                raise InvalidArgument("Task.scheduleTime must not be more than 30 days in the future.")
            chosen = self._free_name(queue, name, now)
            refusal = self.faults.refuse(chosen)
            if refusal is Refusal.NOT_STORED:
                raise Unavailable("The service is currently unavailable.")
            if refusal is Refusal.OVER_QUOTA:
                raise ResourceExhausted("Quota exceeded for quota metric 'API requests'.")
            task = Task(chosen, target, at, at + self.faults.delay(chosen), now, deadline, retry)
            task.copies = self.faults.copies(chosen)
            queue.add(task)
            queue.counters.created += 1
            self._changed.notify_all()
            if refusal is Refusal.STORED_ANYWAY:
                raise Unavailable("The service is currently unavailable.")
            return task

    def get_task(self, name: str) -> Task:
        """A pending task; one that ran or was deleted is not found."""
        with self._changed:
            queue = self.get_queue(queue_of(name))
            if name in queue.tasks:
                return queue.tasks[name]
            if queue.is_used(name, self.clock.now()):
                raise NotFound(
                    "The task no longer exists, though a task with this name existed recently. "
                    "The task either successfully completed or was deleted."
                )
            raise NotFound("Requested entity was not found.")

    def list_tasks(self, parent: str) -> list[Task]:
        """The pending tasks of a queue by name."""
        with self._changed:
            return [task for _, task in sorted(self.get_queue(parent).tasks.items())]

    def delete_task(self, name: str) -> None:
        """Delete a pending task; an attempt that is under way goes on."""
        with self._changed:
            task = self.get_task(name)
            queue = self._queues[queue_of(name)]
            queue.remove(task, used_until=self.clock.now() + self.limits.task_tombstone)
            queue.counters.deleted += 1

    def run_task(self, name: str) -> Task:
        """Dispatch a task now, even from a paused queue or above its rate."""
        with self._changed:
            task = self.get_task(name)
            task.schedule_time = self.clock.now()
            self._queues[queue_of(name)].force(task)
            self._changed.notify_all()
            return task

    def pending(self, parent: str = "") -> list[Task]:
        """For inspection: the pending tasks of one queue or of all, by due time."""
        with self._changed:
            queues = [self.get_queue(parent)] if parent else self.list_queues()
            tasks = [task for queue in queues for task in queue.tasks.values()]
            return sorted(tasks, key=lambda task: (task.due, task.name))

    def history(self) -> list[Dispatched]:
        """For inspection: the latest dispatches, oldest first."""
        with self._changed:
            return list(self.log)

    def counters(self, name: str) -> Counters:
        """For inspection: the counters of a queue."""
        return self.get_queue(name).counters

    def _set_paused(self, name: str, *, paused: bool) -> Queue:
        with self._changed:
            queue = self.get_queue(name)
            queue.paused = paused
            self._changed.notify_all()
            return queue

    def _free_name(self, queue: Queue, name: str, now: datetime) -> str:
        if not name:
            number = sha256(f"{queue.name} {next(self._generated)}".encode()).hexdigest()
            return f"{queue.name}/tasks/{int(number[:15], 16)}"
        if queue_of(name) != queue.name:
            raise InvalidArgument("The queue name from request must match the queue name in the task's name.")
        if queue.is_used(name, now):
            queue.counters.duplicates_refused += 1
            raise AlreadyExists(
                "Requested entity already exists"
                if name in queue.tasks
                else "The task cannot be created because a task with this name existed too recently."
            )
        return name
