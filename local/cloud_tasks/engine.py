"""Dispatches tasks when they fall due: step by step on a virtual clock, or in real time by threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from local.cloud_tasks.clock import Clock, MovableClock
from local.cloud_tasks.dispatch_request import dispatch_request
from local.cloud_tasks.faults import Faults
from local.cloud_tasks.model import (
    NO_ANSWER,
    Answer,
    Attempt,
    DeadTask,
    Dispatched,
    Dispatcher,
    HttpRequest,
    QueueSettings,
    ServiceLimits,
    Task,
    TokenSource,
)
from local.cloud_tasks.names import short
from local.cloud_tasks.queue import Queue
from local.cloud_tasks.registry import Registry

_OVERLOADED = {429, 503}


class NotDrained(Exception):
    """The queues did not become empty; most likely a task keeps creating itself anew."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt that has been started and is not settled yet."""

    queue: Queue
    task: Task
    request: HttpRequest


class Engine(Registry):
    """The whole service: the calls of the API, and the dispatching of the tasks that they created."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        clock: Clock,
        queues: Mapping[str, QueueSettings] | None = None,
        tokens: TokenSource | None = None,
        limits: ServiceLimits | None = None,
        faults: Faults | None = None,
    ) -> None:
        """``dispatcher`` sends a request to its worker; ``queues`` are created from the start."""
        super().__init__(clock=clock, queues=queues, limits=limits, faults=faults)
        self._dispatcher = dispatcher
        self._tokens = tokens

    def drain(self, *, within: timedelta | None = None, most: int = 10_000) -> int:
        """Dispatch until no task can be dispatched any more, moving the clock from task to task.

        Args:
            within: Leave what falls due later than this from now.
            most: Give up after so many dispatches.

        Returns:
            The number of dispatches.

        Raises:
            NotDrained: When ``most`` was not enough.
        """
        end = None if within is None else self.clock.now() + within
        return self._run(end, most)

    def run_until(self, moment: datetime, *, most: int = 10_000) -> int:
        """Dispatch all tasks that fall due up to ``moment``, then move the clock there."""
        dispatched = self._run(moment, most)
        self._movable().advance_to(moment)
        return dispatched

    def next_due(self) -> datetime | None:
        """The time of the next possible dispatch, or None while none is possible."""
        with self._changed:
            now = self.clock.now()
            moments = [queue.ready_at(now) for queue in self._queues.values()]
            return min((moment for moment in moments if moment is not None), default=None)

    def take(self) -> Delivery | None:
        """Start the next attempt that is due now, if there is one; ``settle`` must follow."""
        with self._changed:
            now = self.clock.now()
            picked = self._pick_forced() or self._pick_due(now)
            return None if picked is None else self._start(*picked, now)

    def deliver(self, delivery: Delivery) -> None:
        """Send a taken delivery's request and settle it; an error of the dispatcher counts as no answer."""
        answer: Answer | int = NO_ANSWER
        try:
            answer = self._dispatcher(delivery.request)
        finally:
            self.settle(delivery, answer)

    def settle(self, delivery: Delivery, answered: Answer | int) -> None:
        """End an attempt: success deletes the task; otherwise it is scheduled again, or given up."""
        answer = answered if isinstance(answered, Answer) else Answer(answered)
        queue, task = delivery.queue, delivery.task
        with self._changed:
            now = self.clock.now()
            queue.running -= 1
            task.running -= 1
            self._record(task, answer, now)
            if 200 <= answer.status < 300:
                self._succeeded(queue, task, now)
            else:
                self._failed(queue, task, answer, now)
            self._changed.notify_all()

    def wait_for_work(self, most: timedelta) -> None:
        """Block a worker thread until the next task falls due, something changes, or ``most`` is over."""
        with self._changed:
            due = self.next_due()
            seconds = most.total_seconds()
            if due is not None:
                seconds = min(seconds, max((due - self.clock.now()).total_seconds(), 0.0))
            if seconds > 0:
                self._changed.wait(seconds)

    def notify_workers(self) -> None:
        """Let every waiting worker thread check for work now."""
        with self._changed:
            self._changed.notify_all()

    def _run(self, end: datetime | None, most: int) -> int:
        clock = self._movable()
        dispatched = 0
        while (due := self.next_due()) is not None and (end is None or due <= end):
            if dispatched == most:
                left = ", ".join(short(task.name) for task in self.pending()[:5])
                raise NotDrained(f"{most} dispatches were not enough; next in line: {left}")
            clock.advance_to(due)
            delivery = self.take()
            if delivery is not None:
                self.deliver(delivery)
                dispatched += 1
        return dispatched

    def _movable(self) -> MovableClock:
        if not isinstance(self.clock, MovableClock):
            raise TypeError("only a clock with advance_to() can be drained")
        return self.clock

    def _pick_forced(self) -> tuple[Queue, Task] | None:
        for queue in self._queues.values():
            if (task := queue.take_forced()) is not None:
                return queue, task
        return None

    def _pick_due(self, now: datetime) -> tuple[Queue, Task] | None:
        ready = [queue for queue in self._queues.values() if (at := queue.ready_at(now)) and at <= now]
        if self.faults.reorders:
            due = [(queue, task) for queue in ready for task in queue.due(now)]
            picked = due[self.faults.choose([task.name for _, task in due])] if due else None
        else:
            heads = [(queue, head) for queue in ready if (head := queue.head()) is not None]
            picked = min(heads, key=lambda entry: entry[1].due, default=None)
        if picked is not None:
            picked[0].bucket.spend(now)
        return picked

    def _start(self, queue: Queue, task: Task, now: datetime) -> Delivery:
        request = dispatch_request(task, tokens=self._tokens, now=now)
        attempt = Attempt(task.schedule_time, now)
        task.first_attempt = task.first_attempt or attempt
        task.last_attempt = attempt
        task.dispatch_count += 1
        task.running += 1
        queue.running += 1
        queue.counters.dispatched += 1
        return Delivery(queue, task, request)

    def _record(self, task: Task, answer: Answer, now: datetime) -> None:
        self.log.append(Dispatched(task.name, now, task.dispatch_count, answer.status))
        if task.last_attempt is not None:
            task.last_attempt = replace(task.last_attempt, response_time=now, status=answer.status)
        if answer.status != NO_ANSWER:
            task.response_count += 1
            task.execution_count += answer.status < 500

    def _succeeded(self, queue: Queue, task: Task, now: datetime) -> None:
        queue.counters.succeeded += 1
        queue.bucket.speed_up()
        if queue.tasks.get(task.name) is not task:
            return
        if task.copies > 0:
            task.copies -= 1
            task.due = now
            queue.add(task)
            return
        queue.remove(task, used_until=now + self.limits.task_tombstone)

    def _failed(self, queue: Queue, task: Task, answer: Answer, now: datetime) -> None:
        queue.counters.failed += 1
        if answer.status in _OVERLOADED:
            queue.counters.throttled += 1
            queue.bucket.slow_down()
        if queue.tasks.get(task.name) is not task:
            return
        policy = queue.retry_of(task)
        first = task.first_attempt.dispatch_time if task.first_attempt else now
        reason = ""
        if policy.exhausted(attempts=task.dispatch_count, since_first=now - first):
            reason = "attempts exhausted"
        elif now - task.create_time >= self.limits.retention:
            reason = "retention over"
        if reason:
            queue.remove(task, used_until=now + self.limits.task_tombstone)
            queue.counters.dead += 1
            self.dead.append(DeadTask(task, reason, now, answer.status))
            return
        pause = max(policy.backoff(failures=task.dispatch_count), answer.retry_after or timedelta(0))
        task.schedule_time = task.due = now + pause
        queue.add(task)
