"""The names of tasks and queues: which are blocked, and for how long."""

from __future__ import annotations

import pytest

from local.cloud_tasks.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from local.cloud_tasks.model import RetryPolicy
from tests.local.cloud_tasks.engine_setup import DAY, QUEUE, SECOND, START, TARGET, EngineSetup, task


def test_name_is_blocked_while_the_task_is_pending():
    """A second task of the same name is ALREADY_EXISTS."""
    setup = EngineSetup()
    setup.add("once")

    with pytest.raises(AlreadyExists):
        setup.add("once")


@pytest.mark.parametrize("ending", ["ran", "deleted", "given up", "purged"])
def test_name_stays_blocked_for_a_day_after_the_task_ended(ending):
    """However a task ends, its name can be used again only after 24 hours."""
    setup = EngineSetup(retry=RetryPolicy(max_attempts=1))
    setup.worker.script = [500 if ending == "given up" else 200]
    setup.add("once")
    if ending == "deleted":
        setup.engine.delete_task(task("once"))
    elif ending == "purged":
        setup.engine.purge_queue(QUEUE)
    setup.engine.drain()

    setup.clock.advance_to(START + DAY - SECOND)
    with pytest.raises(AlreadyExists):
        setup.add("once")
    setup.clock.advance_to(START + DAY)
    setup.add("once")

    assert [task("once")] == [pending.name for pending in setup.engine.pending()]
    assert setup.engine.counters(QUEUE).duplicates_refused == 1


def test_unnamed_tasks_get_names_of_their_own():
    """A task without a name gets a generated one."""
    setup = EngineSetup()

    names = {setup.engine.create_task(QUEUE, TARGET).name for _ in range(20)}

    assert len(names) == 20


@pytest.mark.parametrize(
    "name", ["x", f"{QUEUE}/tasks/a.b", f"{QUEUE}/tasks/", f"{QUEUE}2/tasks/ok", f"{QUEUE}/tasks/{'a' * 501}"]
)
def test_malformed_or_foreign_names_are_refused(name):
    """A task's name must be well formed and belong to the queue it is created in."""
    with pytest.raises(InvalidArgument):
        EngineSetup().engine.create_task(QUEUE, TARGET, name=name)


def test_unknown_queue_and_ended_task_are_not_found():
    """Creating in an unknown queue, and reading or deleting an ended task, are NOT_FOUND."""
    setup = EngineSetup()
    setup.add("done")
    setup.engine.drain()

    with pytest.raises(NotFound):
        setup.engine.create_task(f"{QUEUE}-unknown", TARGET)
    with pytest.raises(NotFound):
        setup.engine.get_task(task("done"))
    with pytest.raises(NotFound):
        setup.engine.delete_task(task("done"))


def test_deleted_queue_name_is_blocked_for_three_days():
    """A queue's name cannot be used again for three days after the queue was deleted."""
    setup = EngineSetup()
    setup.engine.delete_queue(QUEUE)

    setup.clock.advance_to(START + 3 * DAY - SECOND)
    with pytest.raises(FailedPrecondition):
        setup.engine.create_queue(QUEUE)
    setup.clock.advance_to(START + 3 * DAY)

    assert setup.engine.create_queue(QUEUE).name == QUEUE
