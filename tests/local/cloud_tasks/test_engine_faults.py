"""Scripted and random faults, and the settings of queues."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from local.cloud_tasks.errors import InvalidArgument, ResourceExhausted, Unavailable
from local.cloud_tasks.faults import RandomFaults, Refusal, ScriptedFaults
from local.cloud_tasks.model import QueueSettings
from tests.local.cloud_tasks.engine_setup import QUEUE, SECOND, START, EngineSetup, numbered, task


def test_scripted_duplicates_deliver_again_after_success():
    """A scripted duplicate delivers a successful task once more, under the same name."""
    faults = ScriptedFaults()
    faults.duplicates = [1]
    setup = EngineSetup(faults=faults)
    setup.add("twice", "once")

    setup.engine.drain()

    assert sorted(setup.worker.names()) == ["once", "twice", "twice"]
    assert setup.engine.pending() == []


def test_scripted_refusals_store_or_do_not_store():
    """Refusals raise UNAVAILABLE or RESOURCE_EXHAUSTED; after one kind the task exists nevertheless."""
    faults = ScriptedFaults()
    faults.refusals = [Refusal.NOT_STORED, Refusal.STORED_ANYWAY, Refusal.OVER_QUOTA]
    setup = EngineSetup(faults=faults)

    with pytest.raises(Unavailable):
        setup.add("lost")
    with pytest.raises(Unavailable):
        setup.add("kept")
    with pytest.raises(ResourceExhausted):
        setup.add("too-many")

    assert [task("kept")] == [pending.name for pending in setup.engine.pending()]


def test_scripted_delays_dispatch_late():
    """A scripted delay postpones the dispatch; the schedule time that the worker reads stays."""
    faults = ScriptedFaults()
    faults.delays = [timedelta(minutes=3)]
    setup = EngineSetup(faults=faults)
    setup.add("late")

    setup.engine.drain()

    assert setup.worker.seconds() == [180]
    assert f"{START.timestamp():.6f}" == setup.worker.requests[0].headers["X-CloudTasks-TaskETA"]


def test_random_faults_still_deliver_at_least_once():
    """Under shuffling, duplicates, delays and lost answers every stored task is delivered at least once."""
    faults = RandomFaults(Random(7), refuse=0.3, duplicate=0.3, late=0.3)
    setup = EngineSetup(faults=faults)
    for task_id in numbered(50):
        try:
            setup.add(task_id)
        except (Unavailable, ResourceExhausted):
            continue
    stored = {pending.name for pending in setup.engine.pending()}

    setup.engine.drain()

    assert stored == {task(task_id) for task_id in setup.worker.names()}
    assert len(setup.worker.names()) > len(stored)
    assert sorted(setup.worker.names()) != setup.worker.names()


def test_log_holds_ids_and_outcomes():
    """Every dispatch leaves a line with task, attempt and status."""
    setup = EngineSetup()
    setup.worker.script = [500]
    setup.add("logged")

    setup.engine.drain()

    assert [(line.attempt, line.status) for line in setup.engine.log] == [(1, 500), (2, 200)]


def test_settings_are_read_from_flat_json():
    """Queue settings have the API's own names, durations are in seconds, an unknown name is an error."""
    settings = QueueSettings.from_mapping(
        {"max_dispatches_per_second": 5, "max_attempts": -1, "min_backoff": "0.5s", "max_backoff": 10}
    )

    assert (5.0, -1, timedelta(seconds=0.5), 10 * SECOND) == (
        settings.rate.max_dispatches_per_second,
        settings.retry.max_attempts,
        settings.retry.min_backoff,
        settings.retry.max_backoff,
    )
    with pytest.raises(KeyError, match="max_tries"):
        QueueSettings.from_mapping({"max_tries": 3})


@pytest.mark.parametrize(
    "settings",
    [
        {"max_dispatches_per_second": 501},
        {"max_concurrent_dispatches": 5001},
        {"max_attempts": 0},
        {"min_backoff": 9, "max_backoff": 8},
    ],
)
def test_settings_outside_the_service_limits_are_refused(settings):
    """Queues cannot be configured beyond what the service offers."""
    with pytest.raises(InvalidArgument):
        EngineSetup().engine.update_queue(QUEUE, QueueSettings.from_mapping(settings))
