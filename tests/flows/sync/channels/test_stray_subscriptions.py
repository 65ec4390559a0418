"""Subscriptions at Microsoft name a calendar as it is, and one whose answer was lost does not stay."""

from __future__ import annotations

import pytest

from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import at


def live(world):
    """The subscriptions that Microsoft holds."""
    return [one for one in world.microsoft.inspect.subscriptions() if one["live"]]


def prepared(**settings):
    """What makes Microsoft's settings other ones before the account is synchronised."""

    def prepare(world):
        for name, value in settings.items():
            world.microsoft.admin.set_setting(name, value)

    return prepare


def test_pushes_come_from_a_server_that_takes_the_calendars_id_as_it_is():
    """A resource with an encoded id would be accepted, and nothing ever pushed."""
    world = Outlook(prepare=prepared(encoded_resources="silent"))
    world.enter(at(9))
    world.drain()

    assert "%" not in live(world)[0]["resource"]
    assert [at(9)] == world.imported_starts()


@pytest.mark.parametrize("duplicates", [False, True])
def test_a_subscription_whose_answer_was_lost_is_removed(duplicates):
    """Microsoft opened it and the answer was lost: the one that is opened next is the only one in the end."""

    def prepare(world):
        world.microsoft.admin.set_setting("duplicate_subscriptions", duplicates)
        world.microsoft.add_fault("drop_after", method="subscriptions.create", times=1)

    world = Outlook(prepare=prepare)
    world.advance(minutes=30)
    world.maintain()
    world.advance(minutes=30)

    assert [world.sync_state().channel.resource_id] == [one["id"] for one in live(world)]


def test_a_subscription_that_is_not_shown_does_not_keep_another_one_from_being_opened():
    """The list of subscriptions is empty: the stray one ends by itself, and the calendar has its own."""

    def prepare(world):
        prepared(duplicate_subscriptions=True, hidden_subscriptions=True)(world)
        world.microsoft.add_fault("drop_after", method="subscriptions.create", times=1)

    world = Outlook(prepare=prepare)
    world.advance(minutes=30)
    world.maintain()
    world.advance(minutes=30)
    world.enter(at(9))
    world.drain()
    imported = world.imported_starts()
    for _ in range(8):
        world.advance(days=1)
        world.maintain()
        world.drain()

    assert [at(9)] == imported
    assert [world.sync_state().channel.resource_id] == [one["id"] for one in live(world)]
