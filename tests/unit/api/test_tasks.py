"""How a task's payload becomes a record, and what happens to the task when its flow fails."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, get_args, get_type_hints

import pytest

from common.api.http import Call
from common.api.tasks import KIND_FIELDS, TaskFlows, read_record, read_task, run_task
from common.config import Misconfigured
from common.domain.shared import task_records
from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.domain.shared.task_records import (
    ExportBooking,
    Maintain,
    MaintenanceJob,
    NotifyCustomer,
    SettleCalendar,
    VerifyMoved,
)
from common.domain.shared.tasks import (
    DeadLetter,
    Lane,
    Payload,
    SyncCalendar,
    Task,
    TaskRecord,
    Work,
    task_for,
)
from common.errors import (
    GrantRevoked,
    InvalidRequest,
    ProviderUnavailable,
    RateLimited,
    Retry,
    UnexpectedReply,
    UnknownResource,
)
from common.flows.shared.outbox import outbox_task
from common.ports.machine import Tuning

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
TASK = Task(work=Work.EXPORT, lane=Lane.LIVE, payload={"tenant": "t1", "booking": "b1"}, name="n1")


class TaskPorts:
    """The few ports that running a task uses; each keeps what it was called with."""

    def __init__(self) -> None:
        self.tuning = Tuning(max_attempts=5, poison_attempts=3)
        self.queued: list[Task] = []
        self.buried: list[DeadLetter] = []
        self.resting: list[str | None] = []
        self.ended: list[tuple[str, str]] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.clock = self.queue = self.ledger = self.log = self

    def now(self) -> datetime:
        return NOW

    def enqueue(self, task: Task) -> bool:
        self.queued.append(task)
        return True

    def put_dead_letter(self, letter: DeadLetter, *, entry: str | None, rest: bool) -> None:
        self.buried.append(letter)
        if rest:
            self.resting.append(entry)

    def end_dead_letter(self, tenant: str, letter: str) -> None:
        self.ended.append((tenant, letter))

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    warning = info


def run(outside: TaskPorts, error: Exception | None, task: Task = TASK, deliveries: int = 0) -> Any:
    def flow(_payload: Payload) -> None:
        if error:
            raise error

    return run_task(outside, task, deliveries=deliveries, flow=flow).body["outcome"]  # type: ignore[arg-type]


def test_a_task_whose_flow_succeeds_is_done() -> None:
    """Nothing is queued, and there is no dead letter."""
    outside = TaskPorts()

    assert (run(outside, None), outside.queued, outside.buried) == ("done", [], [])


@pytest.mark.pitfall(20)
def test_a_rate_limited_task_is_queued_again_after_retry_after() -> None:
    """Pitfall 20: the function never sleeps; a new task runs no earlier than Retry-After says."""
    outside = TaskPorts()

    assert run(outside, RateLimited("busy", retry_after=40)) == "again"

    (successor,) = outside.queued
    assert (successor.attempt, successor.payload) == (1, TASK.payload)
    assert NOW + timedelta(seconds=40) <= successor.not_before <= NOW + timedelta(seconds=51)


def test_a_rate_limited_task_is_never_given_up() -> None:
    """However often a provider answers "later"."""
    outside = TaskPorts()

    assert run(outside, RateLimited("busy"), replace(TASK, attempt=500)) == "again"
    assert outside.buried == []


def test_waiting_for_our_own_limit_is_no_failed_attempt() -> None:
    """It does not lengthen the backoff."""
    outside = TaskPorts()

    run(outside, RateLimited("paced", code="paced", retry_after=3), replace(TASK, attempt=2))

    assert [task.attempt for task in outside.queued] == [2]


def test_a_task_becomes_a_dead_letter_after_max_attempts() -> None:
    """With its payload, so that it can be run again."""
    outside = TaskPorts()

    first = run(outside, ProviderUnavailable("down"), replace(TASK, attempt=3))
    last = run(outside, ProviderUnavailable("down"), replace(TASK, attempt=4))

    assert (first, last) == ("again", "buried")
    assert [(letter.code, letter.payload, letter.attempts) for letter in outside.buried] == [
        ("provider_unavailable", TASK.payload, 5)
    ]


def test_a_task_that_is_given_up_twice_is_one_dead_letter() -> None:
    """A repeated delivery makes the same dead letter."""
    outside = TaskPorts()
    for _ in range(2):
        run(outside, ProviderUnavailable("down"), replace(TASK, attempt=4))

    assert len({letter.id for letter in outside.buried}) == 1


def test_a_repeated_delivery_queues_one_retry() -> None:
    """Both deliveries give the retry the same name, so that the queue takes it once."""
    outside = TaskPorts()
    for _ in range(2):
        run(outside, ProviderUnavailable("down"))

    assert len({task.name for task in outside.queued}) == 1


def test_a_task_that_needs_a_person_is_not_retried() -> None:
    """A revoked grant ends the task; the flow has saved the state."""
    outside = TaskPorts()

    assert (run(outside, GrantRevoked("dead")), outside.queued, outside.buried) == ("stopped", [], [])


def test_a_task_for_an_erased_record_ends() -> None:
    """It is done, without a retry."""
    outside = TaskPorts()

    assert (run(outside, UnknownResource("gone")), outside.queued, outside.buried) == ("stopped", [], [])


def test_a_task_that_kills_its_instance_becomes_a_dead_letter() -> None:
    """After poison_attempts deliveries, before it runs once more."""
    outside = TaskPorts()

    assert run(outside, RuntimeError("must not run"), deliveries=3) == "buried"


def test_an_unforeseen_error_is_raised_to_cloud_tasks() -> None:
    """So Cloud Tasks counts the delivery and retries, and the log shows the error."""
    with pytest.raises(UnexpectedReply):
        run(TaskPorts(), UnexpectedReply("odd"))


def body(**changes: object) -> Call:
    content: dict[str, object] = {"v": 1, "lane": "live", "attempt": 2, "payload": {"tenant": "t1"}}
    return Call(method="POST", path={}, query={}, headers={}, body=content | changes)


def test_a_task_is_read_back() -> None:
    """Queue, attempt, payload and dead letter are the same after a way through the queue."""
    task = read_task(Work.EXPORT, body())
    replayed = read_task(Work.EXPORT, body(letter="d1"))

    assert (task.lane, task.attempt, task.payload) == (Lane.LIVE, 2, {"tenant": "t1"})
    assert (task.letter, replayed.letter) == (None, "d1")


def test_a_task_of_another_release_is_retried() -> None:
    """It waits for a release that can read it, and is never dropped."""
    with pytest.raises(Retry):
        read_task(Work.EXPORT, body(v=2))


@pytest.mark.parametrize("changes", [{"payload": None}, {"payload": []}, {"letter": 7}])
def test_a_body_that_is_no_task_is_refused(changes: dict[str, object]) -> None:
    """A body that no release of Slotbridge wrote."""
    with pytest.raises(InvalidRequest):
        read_task(Work.EXPORT, body(**changes))


def test_a_task_waits_while_a_setting_is_missing() -> None:
    """However often it is tried; each attempt logs the event that raises the operator's alert."""
    outside = TaskPorts()
    error = Misconfigured("the setting GOOGLE_CLIENT_SECRET is missing")

    assert run(outside, error, task=replace(TASK, attempt=4)) == "again"

    (successor,) = outside.queued
    assert (4, []) == (successor.attempt, outside.buried)
    assert successor.not_before is not None
    assert successor.not_before >= NOW + timedelta(minutes=5)
    assert ("request_crashed", {"function": "export", "error": "Misconfigured", "at": str(error)}) in (
        outside.lines
    )


def flows_of(work: Work) -> TaskFlows:
    flows: TaskFlows = import_module(f"functions.{work.value}.main").FLOWS
    return flows


def records() -> list[type[Any]]:
    """Every kind of record that a task can carry."""
    found = [item for item in vars(task_records).values() if is_dataclass(item) and hasattr(item, "work")]
    return [SyncCalendar, *(item for item in found if isinstance(item, type))]


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_record_has_one_flow_in_its_function(record: type[Any]) -> None:
    """The private function that takes the record calls a flow made for this record."""
    holders = [work for work in Work if record in flows_of(work)]

    assert holders == [record.work]
    flow = flows_of(record.work)[record]
    parameter = list(inspect.signature(flow).parameters)[1]
    assert inspect.signature(flow).parameters[parameter].annotation == record.__name__


@pytest.mark.parametrize("work", list(Work))
def test_the_records_of_one_function_have_different_kinds(work: Work) -> None:
    """No two of them have the same value in their kind field."""
    kinds: list[str] = []
    for record in flows_of(work):
        hints = get_type_hints(record)
        kinds += [kind for field in KIND_FIELDS for kind in get_args(hints.get(field))]

    assert len(kinds) == len(set(kinds))
    assert kinds or len(flows_of(work)) == 1


@pytest.mark.parametrize(
    "record",
    [
        SyncCalendar("t1", "c1", "k1", reason="push", channel="h1", pushed_at=5),
        ExportBooking("t1", "b1", "c1", revision=3, entry="e1"),
        VerifyMoved("t1", "c1", "b1"),
        NotifyCustomer(OutboxKind.MOVED, "t1", "b1", revision=2, entry="e1", since=7),
        Maintain(MaintenanceJob.POLL, after=NOW),
        SettleCalendar("t1", "c1", "k1"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_is_read_back_from_its_task(record: TaskRecord) -> None:
    """Its payload is plain JSON without fields that are None."""
    task = task_for(record, name="n1")

    assert (task.work, task.lane) == (record.work, record.lane)
    assert read_record(flows_of(task.work), task.payload) == record
    assert set(map(type, task.payload.values())) <= {str, int, bool}
    assert set(task.payload) <= {field.name for field in fields(record)}


@pytest.mark.parametrize(
    ("work", "payload"),
    [
        (Work.NOTIFY, {}),
        (Work.NOTIFY, {"kind": "unknown", "tenant": "t1"}),
        (Work.EXPORT, {"kind": "verify", "tenant": "t1"}),
        (Work.DELTA_SYNC, {"tenant": "t1", "connection": "c1"}),
        (Work.MAINTENANCE, {"job": "unknown"}),
        (Work.MAINTENANCE, {"job": "poll", "after": "yesterday"}),
    ],
)
def test_an_invalid_payload_becomes_a_dead_letter(work: Work, payload: Payload) -> None:
    """An unknown kind, or a missing or invalid field."""
    with pytest.raises(UnexpectedReply) as unreadable:
        read_record(flows_of(work), payload)

    assert unreadable.value.reason == "unreadable_task"


def test_unknown_fields_and_jobs_of_a_payload_are_left_out() -> None:
    """A field that a newer release adds, and a maintenance task that names no known job."""
    payload = {"job": "settle", "tenant": "t1", "connection": "c1", "calendar": "k1", "new": True}

    assert read_record(flows_of(Work.MAINTENANCE), payload) == SettleCalendar("t1", "c1", "k1")
    assert read_record(flows_of(Work.MAINTENANCE), {}) == Maintain(MaintenanceJob.SWEEP)


@pytest.mark.parametrize("kind", list(OutboxKind))
def test_every_kind_of_outbox_entry_has_a_record(kind: OutboxKind) -> None:
    """Its task goes to a function that reads the same kind back."""
    entry = OutboxEntry("e1", "t1", kind, "b1", "c1", 2, NOW, NOW, subject="s1")
    task = outbox_task(entry)

    record: Any = read_record(flows_of(task.work), task.payload)
    assert (record.kind, record.tenant, record.entry) == (kind, "t1", "e1")
