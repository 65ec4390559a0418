"""A series of which its owner makes a single event: it stays, whatever the provider says of its dates."""

from __future__ import annotations

import pytest

from local.google import Settings as GoogleSettings
from tests.flows.setups.graph_setup import Outlook, settled, weekly
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT


def dated(world, day):
    """The times that Google itself calls taken from the Monday on."""
    window = {"time_min": at(0).isoformat(), "time_max": at(0, day=day).isoformat()}
    taken = world.google.inspect.busy(ACCOUNT, **window)
    return [start[:16] for start, _ in taken]


@pytest.mark.parametrize("answer", ["refused", "empty", "itself"])
@pytest.mark.parametrize("left", ["stay", "cancelled"])
def test_a_single_event_that_was_a_series_blocks_as_google_says(answer, left):
    """With one instance moved before: what is taken at Google is taken here, in a delta and in a listing."""
    world = Synced(google=GoogleSettings(instances_of_single=answer, exceptions_of_single=left))
    series = world.enter(at(8), recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    world.drain()
    world.google.owner.shift_event(ACCOUNT, f"{series}_{at(8, day=2):%Y%m%dT%H%M%SZ}", minutes=180)
    world.drain()

    world.google.owner.edit_event(ACCOUNT, series, {"recurrence": None})
    world.drain()
    after_delta = [f"{start:%Y-%m-%dT%H:%M}" for start in world.busy()]
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.request_sync()
    world.drain()
    after_listing = [f"{start:%Y-%m-%dT%H:%M}" for start in world.busy()]

    assert not world.errors
    assert "2027-03-22T08:00" in after_delta
    assert dated(world, 9) == after_delta == after_listing
    assert world.sync_state().complete


def test_a_single_event_that_was_a_series_in_outlook_blocks_once():
    """Graph: its first date is what is left, in a delta and in a listing."""
    world = Outlook()
    series = world.enter(at(9), **weekly(at(9), 3))
    settled(world)
    before = world.imported_starts()

    world.microsoft.owner.edit_event(world.calendar, series, {"recurrence": None})
    settled(world)
    after_delta = world.imported_starts()
    settled(world, hours=26)

    assert not world.errors
    assert 3 == len(before)
    assert [at(9)] == after_delta == world.imported_starts()
