"""What the service guarantees whatever the workers answer and whichever faults occur."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from local.cloud_tasks.errors import ResourceExhausted, Unavailable
from local.cloud_tasks.faults import RandomFaults
from local.cloud_tasks.model import NO_ANSWER, RateLimits, RetryPolicy
from tests.local.cloud_tasks.engine_setup import QUEUE, START, EngineSetup, task

ANSWERS = st.lists(st.sampled_from([200, 204, 302, 404, 429, 500, 503, NO_ANSWER]), max_size=40)
DELAYS = st.lists(st.integers(0, 3600), min_size=1, max_size=12)
CHANCES = st.tuples(*[st.floats(0, 0.5)] * 3)


def run_all(answers, delays, chances, seed):
    """Create a task for each delay and drain the queue; returns the set-up and the tasks' due times."""
    refuse, duplicate, late = chances
    setup = EngineSetup(
        retry=RetryPolicy(max_attempts=4, max_backoff=timedelta(minutes=1)),
        rate=RateLimits(max_dispatches_per_second=2, max_burst_size=3),
        faults=RandomFaults(Random(seed), refuse=refuse, duplicate=duplicate, late=late),
    )
    setup.worker.script = list(answers)
    for number, seconds in enumerate(delays):
        try:
            setup.add(f"t{number}", after=timedelta(seconds=seconds))
        except (Unavailable, ResourceExhausted):
            continue
    due = {pending.name: pending.schedule_time for pending in setup.engine.pending()}
    setup.engine.drain()
    return setup, due


@given(ANSWERS, DELAYS, CHANCES, st.integers(0, 1000))
def test_every_stored_task_is_delivered_until_it_succeeds_or_is_dead(answers, delays, chances, seed):
    """No stored task is lost: each has a 2xx answer, or is in the list of dead tasks after 4 attempts."""
    setup, due = run_all(answers, delays, chances, seed)

    succeeded = {line.task for line in setup.engine.log if 200 <= line.status < 300}
    dead = {entry.task.name for entry in setup.engine.dead}
    assert succeeded | dead == set(due)
    assert setup.engine.pending() == []
    counters = setup.engine.counters(QUEUE)
    assert counters.dispatched == counters.succeeded + counters.failed == len(setup.worker.requests)


@given(ANSWERS, DELAYS, CHANCES, st.integers(0, 1000))
def test_no_task_runs_before_its_time_or_above_the_rate(answers, delays, chances, seed):
    """Dispatches happen at or after the schedule time, and never faster than burst plus rate."""
    setup, due = run_all(answers, delays, chances, seed)

    arrivals = list(zip(setup.worker.names(), setup.worker.moments, strict=True))
    assert all(moment >= due[task(name)] for name, moment in arrivals)
    per_second = Counter(int((moment - START).total_seconds()) for _, moment in arrivals)
    assert max(per_second.values(), default=0) <= 3 + 2
