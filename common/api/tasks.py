"""What a private function does with a task: run the flow, or queue it again, or bury it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from common.api.http import Access, Call, Reply
from common.api.routes import KILOBYTE, Route
from common.config import Misconfigured
from common.domain.shared.tasks import DeadLetter, Lane, Payload, Task, Work, delay
from common.errors import InvalidRequest, RateLimited, Rejected, Retry, Stop, UnexpectedReply
from common.ports import Ports

T = TypeVar("T")

SCHEMA = 1
DELIVERIES = "X-CloudTasks-TaskRetryCount"
# Seconds between two tries of a task that waits for the operator.
UNTIL_SET_UP = 300.0
UNCOUNTED = frozenset({"paced", Misconfigured.code})
DONE = Reply(body={"outcome": "done"})


def private(
    work: Work,
    flow: Callable[[Ports, Payload], object],
    ports: Callable[[], Ports],
    *,
    access: Access = Access.TASK,
) -> Route:
    """The one route of a private function: a task in, its flow, and what becomes of the task."""

    def run(call: Call) -> Reply:
        outside = ports()
        deliveries = call.headers.get(DELIVERIES, "0")
        return work_off(
            outside,
            task_of(work, call),
            deliveries=int(deliveries) if deliveries.isdecimal() else 0,
            flow=lambda payload: flow(outside, payload),
        )

    return Route("POST", "/", access, run, body=True, limit=100 * KILOBYTE)


def command(kind: type[T], payload: Payload) -> T:
    """A flow's command from a task's payload; fields that this release does not know are left out.

    Raises:
        UnexpectedReply: the payload is not one of ours; it ends in the dead letters.
    """
    try:
        return TypeAdapter(kind).validate_python(dict(payload))
    except ValidationError:
        raise UnexpectedReply("a task's payload cannot be read", code="unreadable_task") from None


def task_of(work: Work, call: Call) -> Task:
    """The task behind a call of Cloud Tasks.

    Raises:
        InvalidRequest: it is not one of ours.
        Retry: it was written by a newer release; an instance of that release will take it.
    """
    body: Any = call.body
    if not isinstance(body, dict) or not isinstance(body.get("payload"), dict):
        raise InvalidRequest("this is not a task")
    if body.get("v") != SCHEMA:
        raise Retry("a task of another release", code="unknown_schema")
    lane, attempt = body.get("lane", Lane.SYNC), body.get("attempt", 0)
    if not isinstance(lane, str) or lane not in set(Lane) or not isinstance(attempt, int):
        raise InvalidRequest("this is not a task")
    name = call.headers.get("X-CloudTasks-TaskName")
    return Task(work=work, lane=Lane(lane), payload=body["payload"], name=name, attempt=attempt)


def work_off(ports: Ports, task: Task, *, deliveries: int, flow: Callable[[Payload], object]) -> Reply:
    """Run a flow for a task and decide what becomes of the task.

    A Retry is queued again by ourselves, with our own backoff, so that one busy account never makes Cloud
    Tasks slow down the whole queue. A Stop needs a person, so trying again is no use. What keeps crashing is
    buried before it is tried, so that even a task that kills its instance comes to an end. A setting that is
    missing is nobody's fault here: the task waits for it, however long that takes.

    Args:
        ports: The outside.
        task: The task.
        deliveries: How often Cloud Tasks delivered it before (X-CloudTasks-TaskRetryCount).
        flow: Called with the task's payload.
    """
    if deliveries >= ports.tuning.poison_attempts:
        return _bury(ports, task, "poison", deliveries)
    try:
        flow(task.payload)
    except Retry as error:
        return _again(ports, task, error)
    except Misconfigured as error:
        ports.log.warning("request_crashed", function=task.work.value, error="Misconfigured", at=str(error))
        return _again(ports, task, RateLimited(code=error.reason, retry_after=UNTIL_SET_UP))
    except (Rejected, Stop) as error:
        # Rejected: what the task is about was erased or ended meanwhile.
        ports.log.warning("task_stopped", work=task.work.value, code=error.reason, **_ids(task))
        return Reply(body={"outcome": "stopped", "code": error.reason})
    except UnexpectedReply as error:
        ports.log.warning("task_failed", work=task.work.value, code=error.reason, **_ids(task))
        raise
    return DONE


def _again(ports: Ports, task: Task, error: Retry) -> Reply:
    # A limit delays and never loses; only other failures count towards giving up.
    limited = isinstance(error, RateLimited)
    attempt = task.attempt if limited and error.reason in UNCOUNTED else task.attempt + 1
    if attempt >= ports.tuning.max_attempts and not limited:
        return _bury(ports, task, error.reason, attempt)
    seconds = delay(task.attempt, dice=random.random(), asked=error.retry_after)
    due = ports.clock.now() + timedelta(seconds=seconds)
    # A repeat of this delivery must not fork the chain: the successor's name follows from ours.
    name = f"{task.name}/{attempt}/{int(due.timestamp()) if attempt == task.attempt else ''}"
    ports.queue.enqueue(
        Task(
            work=task.work,
            lane=task.lane,
            payload=task.payload,
            name=name if task.name else None,
            not_before=due,
            attempt=attempt,
        )
    )
    ports.log.info(
        "task_again",
        work=task.work.value,
        code=error.reason,
        attempt=attempt,
        seconds=round(seconds, 1),
        **_ids(task),
    )
    return Reply(body={"outcome": "again", "code": error.reason})


def _bury(ports: Ports, task: Task, code: str, attempts: int) -> Reply:
    tenant = str(task.payload.get("tenant", ""))
    source = f"{task.work}:{task.name or sorted(task.payload.items())}:{task.attempt}"
    ports.ledger.bury(
        DeadLetter(
            id=hashlib.sha256(source.encode()).hexdigest()[:32],
            tenant=tenant,
            work=task.work,
            lane=task.lane,
            payload=task.payload,
            code=code,
            attempts=attempts,
            died_at=ports.clock.now(),
        )
    )
    ports.log.warning("task_buried", work=task.work.value, code=code, attempts=attempts, **_ids(task))
    return Reply(body={"outcome": "buried", "code": code})


def _ids(task: Task) -> dict[str, str]:
    named = ("tenant", "connection", "calendar", "booking", "run")
    return {key: str(task.payload[key]) for key in named if task.payload.get(key) is not None}
