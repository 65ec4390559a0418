"""While a provider is down, one change of a calendar costs a bounded number of syncs."""

from __future__ import annotations

import pytest

from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at


def outlook():
    made = Outlook()
    return made, made.microsoft, "*"


def google():
    made = Synced()
    return made, made.google, "events.list"


@pytest.mark.pitfall(11)
@pytest.mark.pitfall(20)
@pytest.mark.parametrize("side", [google, outlook])
def test_a_long_outage_does_not_multiply_the_syncs(side):
    """Pitfalls 11, 20: a sync that fails is retried as the same task, and requests no other sync."""
    world, simulator, method = side()
    simulator.add_fault("status", method=method, status=503, times=0)
    before = len(world.done)
    world.enter(at(9))
    world.drain()
    world.advance(hours=6)
    syncs = [done for done in world.done[before:] if done.task.work.value == "delta_sync"]

    assert len(syncs) <= 2 * world.ports.tuning.max_attempts


@pytest.mark.pitfall(11)
def test_the_second_sync_follows_once_the_first_one_succeeded():
    """Pitfall 11: Outlook may show a change late, also one that was notified during an outage."""
    world, simulator, method = outlook()
    simulator.add_fault("status", method=method, status=503, times=3)
    world.enter(at(9))
    world.drain()
    world.advance(minutes=10)

    assert {"second", "third"} <= set(world.sync_reasons())
    assert [at(9)] == world.imported_starts()
