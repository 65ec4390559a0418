"""After a limit that names its wait nobody asks that account until then, and the stored copy answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.flows.setups.outage_setup import free, opened
from tests.flows.setups.sides_setup import BOTH, GOOGLE
from tests.flows.setups.sync_setup import at


def limited(side, world, *, method=None, seconds="600"):
    """The provider answers the next call with a limit."""
    reason = "rateLimitExceeded" if side is GOOGLE else "ApplicationThrottled"
    side.fault(world, method=method or side.delta, status=429, reason=reason, retry_after=seconds, times=1)


def calls(side, world):
    return len(side.simulator(world).admin.calls())


@pytest.mark.pitfall(20)
@BOTH
def test_nobody_asks_an_account_before_its_wait_has_ended(side):
    """Neither a sync nor an export nor a live question; each goes on by itself afterwards."""
    world = opened(side.kind)
    world.advance(minutes=1)
    limited(side, world)
    world.enter(at(9))
    world.drain(within=timedelta(seconds=30))
    asked = calls(side, world)
    world.book(at(12))
    world.request_sync()
    world.drain(within=timedelta(minutes=1))
    free(world)
    world.advance(minutes=5)
    during = calls(side, world)
    world.advance(minutes=15)

    assert asked == during
    assert at(9) in [event.interval.start for event in world.imported()]
    assert world.link().event_id


@BOTH
def test_a_live_question_that_meets_a_limit_keeps_others_from_asking(side):
    """The next customers get the last known times at once, and the account is left alone."""
    world = opened(side.kind)
    world.enter(at(9))
    world.drain()
    world.advance(minutes=1)
    limited(side, world, method=side.listing if side is GOOGLE else "batch")
    first = free(world)
    asked = calls(side, world)
    second = free(world)

    assert asked == calls(side, world)
    assert first == second
    assert at(9) not in second
    assert at(12) in second
    assert world.connection.paused_until > world.clock.now()


@BOTH
def test_a_limit_counts_for_every_connection_of_the_account(side):
    """Another resource's connection to the same account waits as well."""
    world = side.world()
    anna = world.ports.catalogue.resource("t1", "anna")
    world.ports.catalogue.save_resource("t1", replace(anna, id="room", version=None))
    other = world.connect(side.account, resource="room", provider=side.provider)
    limited(side, world)
    world.enter(at(9))
    world.drain(within=timedelta(seconds=30))
    paused = world.ports.connections.get("t1", other.id).paused_until

    assert paused is not None
    assert paused == world.connection.paused_until


@BOTH
def test_nobody_waits_longer_than_an_hour(side):
    """A wait of a day is asked about again after an hour."""
    world = side.world()
    limited(side, world, seconds="86400")
    world.enter(at(9))
    world.drain(within=timedelta(seconds=30))

    assert world.connection.paused_until - world.clock.now() <= timedelta(hours=1)
