"""Attempts that fail, and when a task is given up."""

from __future__ import annotations

import itertools

import pytest

from local.cloud_tasks.model import NO_ANSWER, Answer, HttpRequest, RetryPolicy
from tests.local.cloud_tasks.world import DAY, HOUR, QUEUE, SECOND, START, TARGET, World, task


def test_only_2xx_ends_a_task():
    """Redirects, client errors, server errors and silence are all tried again."""
    world = World()
    world.worker.script = [302, 404, 500, NO_ANSWER, 204]
    world.add("stubborn")

    world.engine.drain()

    assert len(world.worker.requests) == 5
    assert world.engine.pending() == []
    assert world.engine.counters(QUEUE).failed == 4


def test_backoff_doubles_then_grows_linearly_then_stays():
    """The pauses are those of the API's own example: 10, 20, 40, 80, 160, 240, 300, 300 seconds."""
    retry = RetryPolicy(min_backoff=10 * SECOND, max_backoff=300 * SECOND, max_doublings=3, max_attempts=9)
    world = World(retry=retry)
    world.worker.script = [500] * 9
    world.add("slow")

    world.engine.drain()

    moments = world.worker.seconds()
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
    """After max_attempts the task is gone and stands in the list of dead tasks."""
    world = World(retry=RetryPolicy(max_attempts=3))
    world.worker.script = [500] * 3
    world.add("hopeless")

    world.engine.drain()

    assert [(task("hopeless"), 500)] == [(dead.task.name, dead.last_status) for dead in world.engine.dead]
    assert world.engine.pending() == []
    assert world.engine.counters(QUEUE).dead == 1


def test_both_limits_must_be_reached_before_a_task_is_given_up():
    """With max_attempts and max_retry_duration set, retries go on until both are reached."""
    retry = RetryPolicy(
        max_attempts=2,
        max_retry_duration=10 * SECOND,
        min_backoff=3 * SECOND,
        max_backoff=3 * SECOND,
    )
    world = World(retry=retry)
    world.worker.script = [500] * 9
    world.add("hopeless")

    world.engine.drain()

    assert world.worker.seconds() == [0, 3, 6, 9, 12]


def test_without_limits_a_task_is_retried_until_the_retention_ends():
    """max_attempts -1 and no duration: retries go on for 31 days."""
    retry = RetryPolicy(max_attempts=-1, min_backoff=HOUR, max_backoff=24 * HOUR)
    world = World(retry=retry)
    world.worker.script = [500] * 100
    world.add("undying")

    world.engine.drain()

    assert world.engine.dead[0].reason == "retention over"
    assert world.clock.now() >= START + 31 * DAY


def test_retry_after_is_respected():
    """A worker that names a pause gets it, when it is longer than the backoff."""
    world = World()
    world.worker.script = [Answer(503, retry_after=30 * SECOND)]
    world.add("patient")

    world.engine.drain()

    assert world.worker.seconds() == [0, 30]


def test_deleting_a_running_task_stops_its_retries():
    """A task that is deleted while an attempt is under way is not tried again."""
    world = World()
    world.add("doomed")
    delivery = world.engine.take()
    assert delivery is not None

    world.engine.delete_task(task("doomed"))
    world.engine.settle(delivery, 500)

    assert world.engine.drain() == 0


def test_error_of_a_worker_reaches_the_test_and_counts_as_no_answer():
    """A dispatcher that raises lets the error through; the task is tried again."""
    world = World()

    def worker(_request: HttpRequest) -> int:
        raise LookupError

    world.engine._dispatcher = worker
    world.add("broken")

    with pytest.raises(LookupError):
        world.engine.drain()
    assert world.engine.get_task(task("broken")).dispatch_count == 1


def test_task_settings_override_the_queue():
    """A task's own retry config replaces the queue's."""
    world = World()
    world.worker.script = [500] * 5
    world.engine.create_task(QUEUE, TARGET, retry=RetryPolicy(max_attempts=2))

    world.engine.drain()

    assert len(world.worker.requests) == 2
