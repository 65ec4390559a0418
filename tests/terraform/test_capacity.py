"""The model of growth says what it should at the places where limits are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.capacity.__main__ import table
from bench.capacity.model import PARTS_AT_ONCE, Habits, Installation
from common.flows.ops.maintain import PART_SIZE
from common.ports.machine import Tuning
from tests.terraform.deployment import ROOT, functions, shared

QUIET = Habits(changes_per_day=0, bookings_per_day=0, slot_queries_per_day=0)


def test_the_page_shows_what_the_model_says() -> None:
    """The table of docs/scaling.md is the model's own; `python -m bench.capacity` prints it."""
    assert table() in (ROOT / "docs/scaling.md").read_text()


def test_a_quiet_connection_is_polled_all_the_same() -> None:
    """Four polls an hour for each calendar, and the renewal of its channel."""
    load = Installation(1_000, habits=QUIET).load

    assert load.polls == 1_500 * 4 * 24
    assert 0 < load.sync_runs - load.polls < 300
    assert load.pushes == load.exports == load.slot_queries == 0


@pytest.mark.parametrize(
    ("connections", "minutes"), [(10_000, 15), (96_000, 15), (192_000, 30), (1_000_000, 156.25)]
)
def test_polling_slows_down_when_there_are_more_than_all_parts_take(connections: int, minutes: float) -> None:
    """So many parts of a run go side by side as the queue dispatches, and no more."""
    made = Installation(connections)

    assert made.poll_minutes == pytest.approx(minutes)
    assert shared("queues")["upkeep"]["concurrency"] == PARTS_AT_ONCE
    assert functions()["maintenance"]["max_instances"] >= PARTS_AT_ONCE
    assert made.load.polls / (24 * 60) <= PART_SIZE * PARTS_AT_ONCE * 60 / made.seconds.poll_part + 1e-6


def test_everything_but_polling_grows_with_the_connections() -> None:
    """Ten times the connections are ten times the pushes, exports and slot queries."""
    small, large = Installation(100), Installation(1_000)

    assert large.load.pushes == 10 * small.load.pushes
    assert large.calls_per_minute == pytest.approx(10 * small.calls_per_minute)
    assert large.busy_instances == pytest.approx(10 * small.busy_instances)


def test_a_larger_quota_needs_fewer_projects() -> None:
    """The provider's quota per project is what more projects are for."""
    usual = Installation(1_000_000)
    raised = replace(usual, tuning=Tuning(project_per_minute=100_000))

    assert 1 == Installation(10_000).projects
    assert usual.projects > 10
    assert raised.projects < usual.projects / 5


def test_the_cost_is_the_sum_of_its_parts() -> None:
    """Kept instances cost even without a connection; the rest follows the load."""
    idle, busy = Installation(0), Installation(1_000)

    assert {"functions": 40.0, "Firestore": 0.0, "Cloud Tasks": 0.0} == dict(idle.cost)
    assert all(busy.cost[part] > idle.cost[part] for part in idle.cost)
