"""How a payload becomes a record, and what becomes of a task when its flow fails."""

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


class Outside:
    """The few ports that running a task touches; each keeps what it got."""

    def __init__(self) -> None:
        self.tuning = Tuning(max_attempts=5, poison_attempts=3)
        self.queued: list[Task] = []
        self.buried: list[DeadLetter] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.clock = self.queue = self.ledger = self.log = self

    def now(self) -> datetime:
        return NOW

    def enqueue(self, task: Task) -> bool:
        self.queued.append(task)
        return True

    def add_dead_letter(self, letter: DeadLetter) -> None:
        self.buried.append(letter)

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    warning = info


def run(outside: Outside, error: Exception | None, task: Task = TASK, deliveries: int = 0) -> Any:
    def flow(_payload: Payload) -> None:
        if error:
            raise error

    return run_task(outside, task, deliveries=deliveries, flow=flow).body["outcome"]  # type: ignore[arg-type]


def test_a_task_whose_flow_succeeds_is_done() -> None:
    """Nothing is queued, and there is no dead letter."""
    outside = Outside()

    assert (run(outside, None), outside.queued, outside.buried) == ("done", [], [])


@pytest.mark.pitfall(20)
def test_a_limit_puts_the_task_off_for_as_long_as_asked() -> None:
    """Pitfall 20: the function never sleeps; the successor waits at least Retry-After."""
    outside = Outside()

    assert run(outside, RateLimited("busy", retry_after=40)) == "again"

    (successor,) = outside.queued
    assert (successor.attempt, successor.payload) == (1, TASK.payload)
    assert NOW + timedelta(seconds=40) <= successor.not_before <= NOW + timedelta(seconds=51)


def test_a_limit_delays_and_never_loses() -> None:
    """However often a provider says "later", the task is not given up."""
    outside = Outside()

    assert run(outside, RateLimited("busy"), replace(TASK, attempt=500)) == "again"
    assert outside.buried == []


def test_waiting_for_a_share_of_the_limit_is_no_failed_attempt() -> None:
    """It does not lengthen the backoff."""
    outside = Outside()

    run(outside, RateLimited("paced", code="paced", retry_after=3), replace(TASK, attempt=2))

    assert [task.attempt for task in outside.queued] == [2]


def test_an_outage_is_tried_again_until_it_is_given_up() -> None:
    """After max_attempts the task is a dead letter, with the payload to run it again."""
    outside = Outside()

    first = run(outside, ProviderUnavailable("down"), replace(TASK, attempt=3))
    last = run(outside, ProviderUnavailable("down"), replace(TASK, attempt=4))

    assert (first, last) == ("again", "buried")
    assert [(letter.code, letter.payload, letter.attempts) for letter in outside.buried] == [
        ("provider_unavailable", TASK.payload, 5)
    ]


def test_a_task_that_is_given_up_twice_is_one_dead_letter() -> None:
    """A repeated delivery makes the same dead letter."""
    outside = Outside()
    for _ in range(2):
        run(outside, ProviderUnavailable("down"), replace(TASK, attempt=4))

    assert len({letter.id for letter in outside.buried}) == 1


def test_a_repeated_delivery_queues_the_same_successor() -> None:
    """Both name it alike, so that the queue takes it once."""
    outside = Outside()
    for _ in range(2):
        run(outside, ProviderUnavailable("down"))

    assert len({task.name for task in outside.queued}) == 1


def test_a_task_that_only_a_person_can_help_is_not_tried_again() -> None:
    """A revoked grant ends the task; the state was saved by the flow."""
    outside = Outside()

    assert (run(outside, GrantRevoked("dead")), outside.queued, outside.buried) == ("stopped", [], [])


def test_a_task_about_a_record_that_is_gone_ends() -> None:
    """A connection that was erased meanwhile needs no more tries."""
    outside = Outside()

    assert (run(outside, UnknownResource("gone")), outside.queued, outside.buried) == ("stopped", [], [])


def test_a_task_that_kills_its_instance_is_given_up_before_it_runs() -> None:
    """Delivered poison_attempts times, it becomes a dead letter."""
    outside = Outside()

    assert run(outside, RuntimeError("must not run"), deliveries=3) == "buried"


def test_an_unexpected_reply_leaves_the_function() -> None:
    """So Cloud Tasks counts the delivery and tries again, and the log shows it."""
    with pytest.raises(UnexpectedReply):
        run(Outside(), UnexpectedReply("odd"))


def body(**changes: object) -> Call:
    content: dict[str, object] = {"v": 1, "lane": "live", "attempt": 2, "payload": {"tenant": "t1"}}
    return Call(method="POST", path={}, query={}, headers={}, body=content | changes)


def test_a_task_is_read_back() -> None:
    """Lane, attempt and payload survive the queue."""
    task = read_task(Work.EXPORT, body())

    assert (task.lane, task.attempt, task.payload) == (Lane.LIVE, 2, {"tenant": "t1"})


def test_a_task_of_another_release_waits_for_it() -> None:
    """It is tried again, never dropped."""
    with pytest.raises(Retry):
        read_task(Work.EXPORT, body(v=2))


@pytest.mark.parametrize("changes", [{"payload": None}, {"payload": []}])
def test_a_body_that_is_no_task_is_refused(changes: dict[str, object]) -> None:
    """A body that no release of ours wrote."""
    with pytest.raises(InvalidRequest):
        read_task(Work.EXPORT, body(**changes))


def test_a_missing_setting_loses_no_task_and_is_logged_for_the_operator() -> None:
    """However often it is tried, the task waits for the operator, and the event of an alert is logged."""
    outside = Outside()
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
    """The private function that a record names takes it, and hands it to a flow made for this record."""
    holders = [work for work in Work if record in flows_of(work)]

    assert holders == [record.work]
    flow = flows_of(record.work)[record]
    parameter = list(inspect.signature(flow).parameters)[1]
    assert inspect.signature(flow).parameters[parameter].annotation == record.__name__


@pytest.mark.parametrize("work", list(Work))
def test_the_records_of_one_function_can_be_told_apart(work: Work) -> None:
    """No two of them say the same in their kind field."""
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
    """Its payload is plain JSON, and holds no field that is None."""
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
def test_a_payload_that_is_no_record_is_unreadable(work: Work, payload: Payload) -> None:
    """An unknown kind, or a field that is missing or wrong: it ends as a dead letter."""
    with pytest.raises(UnexpectedReply) as unreadable:
        read_record(flows_of(work), payload)

    assert unreadable.value.reason == "unreadable_task"


def test_what_this_release_does_not_know_is_left_out() -> None:
    """A field that a newer release adds, and a maintenance task that does not say which job it is."""
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
