"""An owner brings an older event of a booking back: the booking has one event in the end."""

from __future__ import annotations

import pytest

from common.domain.catalogue.records import EditPolicy
from common.domain.export.exported_event import LinkState
from tests.flows.setups.deletion_setup import KINDS, booked, existing, home, simulator, stamp, until
from tests.flows.setups.graph_setup import settled
from tests.flows.setups.sync_setup import at, policy


def bring_back(world, old):
    """The owner undoes the deletion."""
    simulator(world).owner.restore_event(home(world), old)


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_that_was_made_anew_stays_the_only_one(kind):
    """The policy had it made anew; then its owner undoes the deletion: the older one is removed again."""
    world = booked(kind)
    policy(world, deletion=EditPolicy.REVERT)
    old = world.link().event_id
    simulator(world).owner.delete_event(home(world), old)
    settled(world, minutes=40)
    new = world.link().event_id

    bring_back(world, old)
    settled(world, minutes=40)

    assert not world.errors
    assert old != new == world.link().event_id
    assert LinkState.LIVE is world.link().state
    assert [stamp(at(9))] == existing(world)
    assert world.booking().active
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_that_comes_back_before_another_was_made_is_not_kept_beside_it(kind):
    """The undoing meets the new event on its way: one is left, and the booking knows it."""
    world = booked(kind)
    policy(world, deletion=EditPolicy.REVERT)
    old = world.link().event_id
    simulator(world).owner.delete_event(home(world), old)
    until(world, lambda: world.link().epoch > 0)

    bring_back(world, old)
    settled(world, minutes=60)

    assert not world.errors
    assert [stamp(at(9))] == existing(world)
    assert world.booking().active
    assert LinkState.LIVE is world.link().state
