"""Subscriptions at Microsoft: one for each calendar, renewed in time, and their lifecycle events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from local.microsoft import Settings
from tests.flows.setups.graph_setup import Outlook, settled
from tests.flows.setups.sync_setup import at


@pytest.fixture
def world():
    return Outlook()


def live(world):
    """The subscriptions that Microsoft holds."""
    return [one for one in world.microsoft.inspect.subscriptions() if one["live"]]


@pytest.mark.pitfall(8)
def test_each_enabled_calendar_has_one_subscription():
    """Pitfall 8: one for each, open and verified, its clientState short enough for the longest ids."""
    world = Outlook(calendars=("Team", "Rooms"))

    states = [world.sync_state(key) for key in world.connection.calendars]

    assert 3 == len(live(world)) == len({state.channel.resource_id for state in states})
    assert all(state.channel.verified_at for state in states)


@pytest.mark.pitfall(8)
def test_a_subscription_is_renewed_and_not_replaced(world):
    """Pitfall 8: it is renewed daily, which also shows whether it is there; there is never a second one."""
    first = world.sync_state().channel
    for _ in range(24):
        world.advance(days=1)
        world.maintain()
        world.drain()

    now = world.clock.now()
    assert first.resource_id == world.sync_state().channel.resource_id
    assert first.id == world.sync_state().channel.id
    assert now < world.sync_state().renew_at < world.sync_state().channel.expires_at
    assert 1 == len(world.calls("subscriptions.create"))
    assert 20 <= len(world.calls("subscriptions.update")) <= 24
    assert 1 == len(live(world))


@pytest.mark.pitfall(8)
def test_the_renewal_follows_the_lifetime_that_microsoft_returned():
    """Pitfall 8: where Microsoft grants a shorter lifetime than requested, the renewal comes earlier."""
    world = Outlook(microsoft=Settings(subscription_life=timedelta(days=30)))

    channel = world.sync_state().channel

    assert channel.expires_at - channel.created_at <= timedelta(days=7)
    assert world.sync_state().renew_at <= channel.created_at + (channel.expires_at - channel.created_at) * 0.8


@pytest.mark.pitfall(9)
def test_a_removed_subscription_is_replaced_at_once(world):
    """Pitfall 9: a new one is opened, and changes made meanwhile are imported."""
    first = world.sync_state().channel
    world.microsoft.push.hold()
    world.enter(at(9))
    world.microsoft.push.drop()
    world.microsoft.admin.lifecycle("subscriptionRemoved")
    world.drain()

    assert [at(9)] == world.imported_starts()
    assert first.resource_id != world.sync_state().channel.resource_id
    assert 1 == len(live(world))
    assert "removed" in world.sync_reasons()
    assert not world.errors


@pytest.mark.pitfall(9)
def test_a_report_of_missed_notifications_starts_a_sync(world):
    """Pitfall 9: the lost changes are imported now, not at the next poll."""
    world.enter(at(9))
    world.microsoft.push.drop()
    world.microsoft.admin.lifecycle("missed")
    world.drain()

    assert [at(9)] == world.imported_starts()
    assert "missed" in world.sync_reasons()


@pytest.mark.pitfall(9)
def test_a_reauthorization_is_one_renewal_in_ten_minutes(world):
    """Pitfall 9: however often Microsoft asks, one PATCH renews, and reauthorize is never called."""
    for _ in range(4):
        world.microsoft.admin.lifecycle("reauthorizationRequired")
        world.drain(within=timedelta(seconds=1))

    assert 1 == len(world.calls("subscriptions.update"))
    assert [] == world.calls("subscriptions.reauthorize")
    assert 1 == len(world.calls("subscriptions.create"))


@pytest.mark.pitfall(9)
def test_a_subscription_removed_during_a_sync_is_replaced(world):
    """Pitfall 9: another worker holds the lease meanwhile; the subscription is replaced all the same."""
    state = world.sync_state()
    leased = world.clock.now() + timedelta(seconds=20)
    world.ports.sync_states.save(replace(state, lease_holder="somebody", lease_until=leased))
    world.microsoft.admin.lifecycle("subscriptionRemoved")
    settled(world, minutes=20)

    assert state.channel.resource_id != world.sync_state().channel.resource_id
    assert 1 == len(live(world))


@pytest.mark.pitfall(8)
def test_a_lost_answer_to_a_subscription_leaves_one_subscription():
    """Pitfall 8: Microsoft made it without our knowing; that subscription is replaced."""

    def lose(world):
        world.microsoft.add_fault("drop_after", method="subscriptions.create")

    world = Outlook(prepare=lose)
    settled(world, hours=1)

    assert 1 == len(live(world))
    assert live(world)[0]["id"] == world.sync_state().channel.resource_id
    assert not world.errors


@pytest.mark.pitfall(8)
def test_without_notifications_polling_finds_everything(world):
    """Pitfall 8: all of them lost for an hour, changes are imported within the poll interval."""
    world.enter(at(9))
    world.microsoft.push.drop()
    settled(world, minutes=40)

    assert [at(9)] == world.imported_starts()


@pytest.mark.pitfall(10)
def test_a_notification_of_an_unknown_subscription_changes_nothing(world):
    """Pitfall 10: an old subscription still sends for a while; that is counted, and changes nothing."""
    old = world.sync_state().channel
    world.microsoft.admin.lifecycle("subscriptionRemoved")
    world.drain()
    current = world.sync_state().channel
    world.enter(at(9))
    world.drain()

    assert old.id != current.id == world.sync_state().channel.id
    assert [at(9)] == world.imported_starts()
