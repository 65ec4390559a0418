"""What becomes of a task when its flow fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.api.http import Call
from common.api.tasks import read_task, run_task
from common.config import Misconfigured
from common.domain.shared.tasks import DeadLetter, Lane, Payload, Task, Work
from common.errors import (
    GrantRevoked,
    InvalidRequest,
    ProviderUnavailable,
    RateLimited,
    Retry,
    UnexpectedReply,
    UnknownResource,
)
from common.ports.machine import Tuning

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
TASK = Task(work=Work.EXPORT, lane=Lane.LIVE, payload={"tenant": "t1", "booking": "b1"}, name="n1")


class Outside:
    """The few ports that the wrapper touches, each keeping what it was told."""

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


def test_a_flow_that_succeeds_ends_the_task() -> None:
    """Nothing is queued, nothing buried."""
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


def test_pacing_is_no_failed_attempt() -> None:
    """Waiting for one's share does not lengthen the backoff."""
    outside = Outside()

    run(outside, RateLimited("paced", code="paced", retry_after=3), replace(TASK, attempt=2))

    assert [task.attempt for task in outside.queued] == [2]


def test_an_outage_is_tried_again_until_it_is_buried() -> None:
    """After max_attempts the work ends in the dead letters, with its payload to replay it."""
    outside = Outside()

    first = run(outside, ProviderUnavailable("down"), replace(TASK, attempt=3))
    last = run(outside, ProviderUnavailable("down"), replace(TASK, attempt=4))

    assert (first, last) == ("again", "buried")
    assert [(letter.code, letter.payload, letter.attempts) for letter in outside.buried] == [
        ("provider_unavailable", TASK.payload, 5)
    ]


def test_the_same_death_is_one_letter() -> None:
    """A repeat of the delivery buries the same letter."""
    outside = Outside()
    for _ in range(2):
        run(outside, ProviderUnavailable("down"), replace(TASK, attempt=4))

    assert len({letter.id for letter in outside.buried}) == 1


def test_a_repeated_delivery_does_not_fork_the_chain() -> None:
    """Both deliveries name the same successor, so that the queue collapses them."""
    outside = Outside()
    for _ in range(2):
        run(outside, ProviderUnavailable("down"))

    assert len({task.name for task in outside.queued}) == 1


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    """A revoked grant ends the task; the state was saved by the flow."""
    outside = Outside()

    assert (run(outside, GrantRevoked("dead")), outside.queued, outside.buried) == ("stopped", [], [])


def test_a_task_about_what_is_gone_ends() -> None:
    """A connection that was erased meanwhile needs no more tries."""
    outside = Outside()

    assert (run(outside, UnknownResource("gone")), outside.queued, outside.buried) == ("stopped", [], [])


def test_poison_is_buried_before_it_is_tried() -> None:
    """A task that killed its instance again and again is not run once more."""
    outside = Outside()

    assert run(outside, RuntimeError("must not run"), deliveries=3) == "buried"


def test_a_broken_contract_is_not_swallowed() -> None:
    """The error leaves, so that Cloud Tasks counts the delivery and the log shows it."""
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
    """It is retried, never dropped."""
    with pytest.raises(Retry):
        read_task(Work.EXPORT, body(v=2))


@pytest.mark.parametrize("changes", [{"payload": None}, {"payload": []}])
def test_what_is_no_task_is_refused(changes: dict[str, object]) -> None:
    """A body that no release of ours wrote."""
    with pytest.raises(InvalidRequest):
        read_task(Work.EXPORT, body(**changes))


def test_a_missing_setting_costs_no_task_and_wakes_somebody() -> None:
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
