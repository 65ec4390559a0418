"""When tasks of a queue are dispatched, how many at once, and when a drain ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.cloud_tasks.engine import NotDrained
from local.cloud_tasks.errors import InvalidArgument
from local.cloud_tasks.model import HttpRequest, RateLimits, Target
from tests.local.cloud_tasks.engine_setup import (
    DAY,
    HOUR,
    QUEUE,
    SECOND,
    START,
    TARGET,
    EngineSetup,
    numbered,
    task,
)


def test_task_runs_at_its_schedule_time_and_not_before():
    """A drain moves the clock to the schedule time; a run that ends earlier does not dispatch the task."""
    setup = EngineSetup()
    setup.add("later", after=timedelta(hours=2))

    early = setup.engine.run_until(START + HOUR)
    late = setup.engine.run_until(START + 3 * HOUR)

    assert (early, late) == (0, 1)
    assert setup.worker.seconds() == [7200.0]
    assert setup.clock.now() == START + 3 * HOUR


def test_schedule_time_in_the_past_means_now():
    """A task whose schedule time is past runs at once."""
    setup = EngineSetup()
    setup.add("old", after=-DAY)

    shown = setup.engine.get_task(task("old")).schedule_time
    setup.engine.drain()

    assert shown == START
    assert setup.worker.seconds() == [0.0]


def test_schedule_time_is_at_most_thirty_days_ahead():
    """Thirty days ahead is accepted, a second more is INVALID_ARGUMENT."""
    setup = EngineSetup()
    setup.add("edge", after=30 * DAY)

    with pytest.raises(InvalidArgument):
        setup.add("beyond", after=30 * DAY + SECOND)


def test_rate_limit_spaces_dispatches_after_the_burst():
    """At 2 a second with a burst of 3, three tasks go at once and the others every half second."""
    setup = EngineSetup(rate=RateLimits(max_dispatches_per_second=2, max_burst_size=3))
    setup.add(*numbered(6))

    setup.engine.drain()

    assert setup.worker.seconds() == [0, 0, 0, 0.5, 1.0, 1.5]


def test_no_more_than_max_concurrent_dispatches_are_under_way():
    """With a limit of two, a third attempt starts only when one has ended."""
    setup = EngineSetup(rate=RateLimits(max_concurrent_dispatches=2))
    setup.add(*numbered(3))

    first, second = setup.engine.take(), setup.engine.take()
    while_two_run = setup.engine.take()
    assert first is not None
    setup.engine.deliver(first)
    third = setup.engine.take()

    assert second is not None
    assert while_two_run is None
    assert third is not None


@pytest.mark.parametrize("status", [429, 503])
def test_overload_answers_throttle_the_queue(status):
    """Each 429 or 503 halves the queue's rate; each success doubles it again."""
    setup = EngineSetup(rate=RateLimits(max_dispatches_per_second=1, max_burst_size=1))
    setup.worker.script = [status, status]
    setup.add(*numbered(4))

    setup.engine.run_until(START + timedelta(seconds=7))

    assert setup.worker.seconds() == [0, 2, 6]
    assert setup.engine.counters(QUEUE).throttled == 2


def test_throttled_queue_recovers_with_successes():
    """After one overload answer the first success restores the full rate."""
    setup = EngineSetup(rate=RateLimits(max_dispatches_per_second=1, max_burst_size=1))
    setup.worker.script = [429]
    setup.add(*numbered(4))

    setup.engine.drain()

    assert setup.worker.seconds() == [0, 2, 3, 4, 5]


def test_paused_queue_accepts_but_does_not_dispatch():
    """Tasks can be added to a paused queue; they are dispatched when it is resumed."""
    setup = EngineSetup()
    setup.engine.pause_queue(QUEUE)
    setup.add("held")

    paused = setup.engine.drain()
    setup.engine.resume_queue(QUEUE)
    resumed = setup.engine.drain()

    assert (paused, resumed) == (0, 1)


def test_run_task_ignores_pause_and_schedule():
    """RunTask dispatches a future task of a paused queue now; a failure schedules it by the backoff."""
    setup = EngineSetup()
    setup.add("forced", after=HOUR)
    setup.engine.pause_queue(QUEUE)
    setup.worker.script = [500]

    setup.engine.run_task(task("forced"))
    setup.engine.drain()

    assert setup.worker.seconds() == [0]
    assert START + timedelta(milliseconds=100) == setup.engine.get_task(task("forced")).schedule_time


def test_tasks_created_by_a_task_run_in_the_same_drain():
    """A worker may create further tasks; the drain continues until none is left."""
    setup = EngineSetup()
    left = [3]

    def worker(request: HttpRequest) -> int:
        if left[0]:
            left[0] -= 1
            setup.engine.create_task(QUEUE, Target(request.url), schedule_time=setup.clock.now() + SECOND)
        return 200

    setup.engine._dispatcher = worker
    setup.engine.create_task(QUEUE, TARGET)

    assert setup.engine.drain() == 4
    assert setup.clock.now() == START + 3 * SECOND


def test_drain_ends_when_tasks_never_do():
    """A task that always fails makes the drain give up after the allowed number of dispatches."""
    setup = EngineSetup()
    setup.worker.script = [500] * 100
    setup.add("endless")

    with pytest.raises(NotDrained, match="endless"):
        setup.engine.drain(most=20)


def test_drain_within_a_time_leaves_the_rest():
    """A drain can be limited to what falls due soon."""
    setup = EngineSetup()
    setup.add("soon", after=SECOND)
    setup.add("later", after=DAY)

    setup.engine.drain(within=HOUR)

    assert setup.worker.names() == ["soon"]
