"""A private function's answer to a task: run its flow, queue it again later, or keep it as a dead letter."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from common.api.http import Access, Call, Reply
from common.api.routes import KILOBYTE, Route
from common.config import Misconfigured
from common.domain.shared.tasks import (
    DeadLetter,
    Lane,
    Payload,
    Task,
    TaskRecord,
    Work,
    backoff_seconds,
    letter_id,
)
from common.errors import PACED, GivenUp, InvalidRequest, RateLimited, Rejected, Retry, Stop, UnexpectedReply
from common.ports import Ports

TaskFlows = Mapping[type[TaskRecord], Callable[[Ports, Any], object]]
"""The flow for each kind of record that a private function takes."""

SCHEMA = 1
RETRY_COUNT_HEADER = "X-CloudTasks-TaskRetryCount"
NAME_HEADER = "X-CloudTasks-TaskName"
# The fields by which a payload says which of a function's records it is.
KIND_FIELDS = ("kind", "job")
# Seconds between two tries of a task that waits for a missing setting.
SETTING_RETRY_SECONDS = 300.0
# Codes of limits that are no failed attempt: waiting for one's share, and for the operator.
UNCOUNTED = frozenset({PACED, Misconfigured.code})


def task_route(
    work: Work, flows: TaskFlows, ports: Callable[[], Ports], *, access: Access = Access.TASK
) -> Route:
    """The one route of a private function: a task comes in, and the flow for its record runs.

    Args:
        work: The private function.
        flows: Its records, and the flow for each. A payload that does not say which it is holds the first.
        ports: Makes the ports, once for each process.
        access: Who may call.
    """

    def handle(call: Call) -> Reply:
        outside = ports()
        deliveries = call.headers.get(RETRY_COUNT_HEADER, "0")
        return run_task(
            outside,
            read_task(work, call),
            deliveries=int(deliveries) if deliveries.isdecimal() else 0,
            flow=lambda payload: run_flow(outside, flows, payload),
        )

    return Route("POST", "/", access, handle, body=True, limit=100 * KILOBYTE)


def read_task(work: Work, call: Call) -> Task:
    """The task behind a call of Cloud Tasks.

    Raises:
        InvalidRequest: The body is no task.
        Retry: A newer release wrote the task; an instance of that release will take it.
    """
    body: Any = call.body
    if not isinstance(body, dict) or not isinstance(body.get("payload"), dict):
        raise InvalidRequest("this is not a task")
    if body.get("v") != SCHEMA:
        raise Retry("a task of another release", code="unknown_schema")
    lane, attempt, letter = body.get("lane", Lane.SYNC), body.get("attempt", 0), body.get("letter")
    if not isinstance(lane, str) or lane not in set(Lane) or not isinstance(attempt, int):
        raise InvalidRequest("this is not a task")
    if not isinstance(letter, str | None):
        raise InvalidRequest("this is not a task")
    name = call.headers.get(NAME_HEADER)
    return Task(
        work=work, lane=Lane(lane), payload=body["payload"], name=name, attempt=attempt, letter=letter
    )


def run_flow(ports: Ports, flows: TaskFlows, payload: Payload) -> object:
    """Read the record that a payload holds, and run the flow for it.

    Raises:
        UnexpectedReply: The payload is none of these records (``unreadable_task``).
    """
    record = read_record(flows, payload)
    return flows[type(record)](ports, record)


def read_record(records: Iterable[type[TaskRecord]], payload: Payload) -> TaskRecord:
    """The record that a payload holds; fields that this release does not know are left out.

    Args:
        records: The kinds of record that it may be; the first one if it does not say which it is.
        payload: What the task carries.

    Raises:
        UnexpectedReply: It is none of them, or a field is missing or wrong (``unreadable_task``).
    """
    said = [str(payload[field]) for field in KIND_FIELDS if field in payload]
    for record in records:
        if not said or said[0] in _kinds(record):
            try:
                return _adapter(record).validate_python(dict(payload))
            except ValidationError:
                break
    raise UnexpectedReply("a task's payload cannot be read", code="unreadable_task")


@cache
def _kinds(record: type[TaskRecord]) -> frozenset[str]:
    """What a payload says in its kind field if it is this record."""
    hints = get_type_hints(record)
    return frozenset(kind for field in KIND_FIELDS for kind in get_args(hints.get(field)))


@cache
def _adapter(record: type[TaskRecord]) -> TypeAdapter[TaskRecord]:
    return TypeAdapter(record)


def run_task(ports: Ports, task: Task, *, deliveries: int, flow: Callable[[Payload], object]) -> Reply:
    """Run a task's flow and decide what becomes of the task.

    - The flow succeeds: done, and the dead letter goes that this task was replayed from.
    - ``Retry``: queued again by ourselves, with our own backoff, so that one busy account never makes Cloud
      Tasks slow down the whole queue. After ``max_attempts`` it is a dead letter; a limit of a provider only
      delays, however often.
    - ``Stop`` needs a person, and ``Rejected`` means that what the task is about was erased or has ended
      meanwhile: trying again is no use. A replayed task becomes a dead letter again, and so does a refused
      one that works off an outbox entry: else the entry would be queued for ever, and nobody would know.
    - ``GivenUp``: the flow itself left a dead letter.
    - ``Misconfigured``: a setting is missing, which is the operator's to mend: the task waits, however long.
    - ``UnexpectedReply`` leaves this function: Cloud Tasks counts the delivery and tries again.
    - What was delivered ``poison_attempts`` times is a dead letter before it runs, so that even a task that
      kills its instance comes to an end.

    Args:
        ports: The ports.
        task: The task.
        deliveries: How often Cloud Tasks delivered it before (X-CloudTasks-TaskRetryCount).
        flow: Called with the task's payload.
    """
    if deliveries >= ports.tuning.poison_attempts:
        return _give_up(ports, task, "poison", deliveries)
    try:
        flow(task.payload)
    except Retry as error:
        return _queue_again(ports, task, error)
    except Misconfigured as error:
        ports.log.warning("request_crashed", function=task.work.value, error="Misconfigured", at=str(error))
        return _queue_again(ports, task, RateLimited(code=error.reason, retry_after=SETTING_RETRY_SECONDS))
    except GivenUp as error:
        return Reply(body={"outcome": "buried", "code": error.reason})
    except (Rejected, Stop) as error:
        refused = isinstance(error, Rejected) and "entry" in task.payload
        if refused or task.letter is not None:
            return _give_up(ports, task, error.reason, task.attempt + 1, rest=refused)
        ports.log.warning("task_stopped", work=task.work.value, code=error.reason, **_ids(task))
        return Reply(body={"outcome": "stopped", "code": error.reason})
    except UnexpectedReply as error:
        ports.log.warning("task_failed", work=task.work.value, code=error.reason, **_ids(task))
        raise
    if task.letter is not None:
        ports.ledger.end_dead_letter(str(task.payload.get("tenant", "")), task.letter)
    return Reply(body={"outcome": "done"})


def _queue_again(ports: Ports, task: Task, error: Retry) -> Reply:
    # A limit of a provider only delays; only other failures count towards giving up.
    limited = isinstance(error, RateLimited)
    attempt = task.attempt if limited and error.reason in UNCOUNTED else task.attempt + 1
    if attempt >= ports.tuning.max_attempts and not limited:
        return _give_up(ports, task, error.reason, attempt)
    seconds = backoff_seconds(task.attempt, dice=random.random(), asked=error.retry_after)
    due = ports.clock.now() + timedelta(seconds=seconds)
    # The successor's name follows from ours: if this task is delivered twice, both queue the same successor.
    name = f"{task.name}/{attempt}/{int(due.timestamp()) if attempt == task.attempt else ''}"
    ports.queue.enqueue(
        Task(
            work=task.work,
            lane=task.lane,
            payload=task.payload,
            name=name if task.name else None,
            not_before=due,
            attempt=attempt,
            letter=task.letter,
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


def _give_up(ports: Ports, task: Task, code: str, attempts: int, *, rest: bool = False) -> Reply:
    """Keep a task as a dead letter; with ``rest`` its outbox entry is not queued any more until a replay."""
    tenant, entry = str(task.payload.get("tenant", "")), task.payload.get("entry")
    # Delivered once more, the same task makes the same dead letter, and so does the same outbox entry.
    cause = (tenant, str(entry)) if entry else (f"{task.work}:{_name(task)}:{task.attempt}",)
    ports.ledger.put_dead_letter(
        DeadLetter(
            id=task.letter or letter_id(*cause),
            tenant=tenant,
            work=task.work,
            lane=task.lane,
            payload=task.payload,
            code=code,
            attempts=attempts,
            died_at=ports.clock.now(),
        ),
        entry=str(entry) if entry else None,
        rest=rest,
    )
    ports.log.warning("task_buried", work=task.work.value, code=code, attempts=attempts, **_ids(task))
    return Reply(body={"outcome": "buried", "code": code})


def _name(task: Task) -> str:
    return task.name or str(sorted(task.payload.items()))


def _ids(task: Task) -> dict[str, str]:
    named = ("tenant", "connection", "calendar", "booking", "run")
    return {key: str(task.payload[key]) for key in named if task.payload.get(key) is not None}
