"""Failed attempts: retries, backoff, and when a task is given up."""

from __future__ import annotations

import itertools

import pytest

from local.cloud_tasks.model import NO_ANSWER, Answer, HttpRequest, RetryPolicy
from tests.local.cloud_tasks.engine_setup import DAY, HOUR, QUEUE, SECOND, START, TARGET, EngineSetup, task


def test_only_2xx_ends_a_task():
    """After a redirect, client error, server error or no answer the task is tried again."""
    setup = EngineSetup()
    setup.worker.script = [302, 404, 500, NO_ANSWER, 204]
    setup.add("stubborn")

    setup.engine.drain()

    assert len(setup.worker.requests) == 5
    assert setup.engine.pending() == []
    assert setup.engine.counters(QUEUE).failed == 4


def test_backoff_doubles_then_grows_linearly_then_stays():
    """The pauses are those of the API's own example: 10, 20, 40, 80, 160, 240, 300, 300 seconds."""
    retry = RetryPolicy(min_backoff=10 * SECOND, max_backoff=300 * SECOND, max_doublings=3, max_attempts=9)
    setup = EngineSetup(retry=retry)
    setup.worker.script = [500] * 9
    setup.add("slow")

    setup.engine.drain()

    moments = setup.worker.seconds()
    assert [later - earlier for earlier, later in itertools.pairwise(moments)] == [
        10,
        20,
        40,
        80,
        160,
        240,
        300,
        300,
    ]


def test_task_is_given_up_when_attempts_are_used_up():
    """After max_attempts the task is removed and is in the list of dead tasks."""
    setup = EngineSetup(retry=RetryPolicy(max_attempts=3))
    setup.worker.script = [500] * 3
    setup.add("hopeless")

    setup.engine.drain()

    assert [(task("hopeless"), 500)] == [(dead.task.name, dead.last_status) for dead in setup.engine.dead]
    assert setup.engine.pending() == []
    assert setup.engine.counters(QUEUE).dead == 1


def test_both_limits_must_be_reached_before_a_task_is_given_up():
    """With max_attempts and max_retry_duration set, retries go on until both are reached."""
    retry = RetryPolicy(
        max_attempts=2,
        max_retry_duration=10 * SECOND,
        min_backoff=3 * SECOND,
        max_backoff=3 * SECOND,
    )
    setup = EngineSetup(retry=retry)
    setup.worker.script = [500] * 9
    setup.add("hopeless")

    setup.engine.drain()

    assert setup.worker.seconds() == [0, 3, 6, 9, 12]


def test_without_limits_a_task_is_retried_until_the_retention_ends():
    """max_attempts -1 and no duration: retries go on for 31 days."""
    retry = RetryPolicy(max_attempts=-1, min_backoff=HOUR, max_backoff=24 * HOUR)
    setup = EngineSetup(retry=retry)
    setup.worker.script = [500] * 100
    setup.add("undying")

    setup.engine.drain()

    assert setup.engine.dead[0].reason == "retention over"
    assert setup.clock.now() >= START + 31 * DAY


def test_retry_after_is_respected():
    """A worker's Retry-After delays the next attempt if it is longer than the backoff."""
    setup = EngineSetup()
    setup.worker.script = [Answer(503, retry_after=30 * SECOND)]
    setup.add("patient")

    setup.engine.drain()

    assert setup.worker.seconds() == [0, 30]


def test_deleting_a_running_task_stops_its_retries():
    """A task that is deleted while an attempt is under way is not tried again."""
    setup = EngineSetup()
    setup.add("doomed")
    delivery = setup.engine.take()
    assert delivery is not None

    setup.engine.delete_task(task("doomed"))
    setup.engine.settle(delivery, 500)

    assert setup.engine.drain() == 0


def test_error_of_a_worker_reaches_the_test_and_counts_as_no_answer():
    """A dispatcher that raises lets the error through; the task is tried again."""
    setup = EngineSetup()

    def worker(_request: HttpRequest) -> int:
        raise LookupError

    setup.engine._dispatcher = worker
    setup.add("broken")

    with pytest.raises(LookupError):
        setup.engine.drain()
    assert setup.engine.get_task(task("broken")).dispatch_count == 1


def test_task_settings_override_the_queue():
    """A task's own retry config replaces the queue's."""
    setup = EngineSetup()
    setup.worker.script = [500] * 5
    setup.engine.create_task(QUEUE, TARGET, retry=RetryPolicy(max_attempts=2))

    setup.engine.drain()

    assert len(setup.worker.requests) == 2
