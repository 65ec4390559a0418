"""What becomes of a dead letter, and of the outbox entry behind a task, when the task runs again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.errors import GivenUp, GrantRevoked, ProviderUnavailable, SyncError, UnknownResource
from tests.unit.api.test_tasks import TASK, TaskPorts, run

REPLAYED = replace(TASK, letter="d1")


def test_a_replayed_task_that_succeeds_ends_its_dead_letter() -> None:
    """Not before, and no other task ends one."""
    outside = TaskPorts()

    assert (run(outside, None, REPLAYED), outside.ended) == ("done", [("t1", "d1")])
    assert (run(outside, None), outside.ended) == ("done", [("t1", "d1")])


def test_a_replayed_task_that_is_tried_again_keeps_its_dead_letter() -> None:
    """The next try ends it where it succeeds."""
    outside = TaskPorts()

    assert run(outside, ProviderUnavailable("down"), REPLAYED) == "again"
    assert ([task.letter for task in outside.queued], outside.ended) == (["d1"], [])


@pytest.mark.parametrize(
    "error", [GrantRevoked("dead"), UnknownResource("gone"), ProviderUnavailable("down")]
)
def test_a_replayed_task_that_fails_for_good_is_the_same_dead_letter(error: SyncError) -> None:
    """With the reason of this time."""
    outside = TaskPorts()
    outcome = run(outside, error, replace(REPLAYED, attempt=4))

    assert outcome == "buried"
    assert [(letter.id, letter.code, letter.replayed_at) for letter in outside.buried] == [
        ("d1", error.reason, None)
    ]
    assert outside.ended == []


def test_what_a_flow_gave_up_is_neither_done_nor_kept_twice() -> None:
    """The flow left the dead letter itself."""
    outside = TaskPorts()

    assert run(outside, GivenUp("no"), REPLAYED) == "buried"
    assert (outside.buried, outside.ended) == ([], [])


def test_refused_work_of_an_outbox_entry_becomes_one_dead_letter_and_rests() -> None:
    """Else the entry would be queued for ever; an entry whose work only failed is queued again by itself."""
    outside = TaskPorts()
    task = replace(TASK, payload={**TASK.payload, "entry": "e1"})
    first = run(outside, UnknownResource("gone"), task)
    resting = list(outside.resting)
    run(outside, ProviderUnavailable("down"), replace(task, name="n2", attempt=4))

    assert (first, resting, outside.resting) == ("buried", ["e1"], ["e1"])
    assert len({letter.id for letter in outside.buried}) == 1
