"""A channel that vanished without a word is noticed long before it would have been renewed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.flows.setups.sides_setup import BOTH, GOOGLE, MICROSOFT, run
from tests.flows.setups.sync_setup import at, channels


def vanish(side, world):
    """The provider forgets the channel, and tells nobody."""
    if side is GOOGLE:
        world.google.admin.forget_channels()
    else:
        world.microsoft.admin.forget_subscriptions()


@pytest.mark.pitfall(8)
@BOTH
def test_changes_that_nothing_announced_bring_another_channel(side):
    """Polls that keep finding changes without a push show it within the hour."""
    world = side.world()
    before = world.sync_state().channel
    vanish(side, world)
    for day in range(5):
        world.enter(at(9, day=day))
        run(world, minutes=25)

    assert before.id != world.sync_state().channel.id
    assert world.sync_state().channel.verified_at is not None


def test_a_subscription_that_vanished_is_found_missing_within_a_day():
    """The daily renewal shows it, also where nothing changes."""
    world = MICROSOFT.world()
    before = world.sync_state().channel
    vanish(MICROSOFT, world)
    run(world, hours=26, step=60)

    assert before.expires_at - world.clock.now() > timedelta(days=3)
    assert before.id != world.sync_state().channel.id


def test_a_quiet_calendar_keeps_its_channel():
    """Where nothing changes nothing has to be announced."""
    world = GOOGLE.world()
    before = world.sync_state().channel
    run(world, hours=26, step=60)

    assert before.id == world.sync_state().channel.id
    assert len(channels(world)) == 1
