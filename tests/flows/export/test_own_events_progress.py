"""An owner changes more exported events at once than there is time to read in one task."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.ports.machine import Tuning
from tests.flows.setups.slow_provider_setup import GOOGLE, MICROSOFT, Slow
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT

BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])
# At 0.7 seconds a call they take longer than a task begins new calls.
COUNT = 200
LONGEST = timedelta(seconds=Tuning().task_seconds + 5)


def starts():
    """A time for each booking, one an hour from nine to three on the weekdays to come."""
    days = [day for day in range(7, 70) if day % 7 < 5]
    return [at(hour, day=day) for day in days for hour in range(9, 15)][:COUNT]


def exported(kind):
    """A synchronised account whose calendar shows many bookings."""
    world = Slow(kind, delays=(0.7,), exports=True)
    world.first_sync()
    for number, start in enumerate(starts()):
        world.book(start, f"b{number:03}")
    world.drain(within=timedelta(hours=2), most=2 * COUNT)
    world.drain(within=timedelta(hours=2), most=2 * COUNT)
    side = world.google if kind is GOOGLE else world.microsoft
    calendar = ACCOUNT if kind is GOOGLE else world.calendar
    events = [event["id"] for event in side.inspect.events(calendar) if event.get("status") != "cancelled"]
    assert COUNT == len(events)
    world.longest = timedelta()
    return world, side.owner, calendar, events


@BOTH
def test_edits_that_do_not_fit_into_one_task_are_followed_in_others(kind):
    """Each booking moves by half an hour with its event, and no task runs for too long."""
    world, owner, calendar, events = exported(kind)
    for event in events:
        owner.shift_event(calendar, event, minutes=30)
    world.request_sync()
    world.drain(within=timedelta(hours=2), most=4 * COUNT)

    moved = [start + timedelta(minutes=30) for start in starts()]
    found = [world.booking(f"b{number:03}").interval.start for number in range(COUNT)]
    assert (moved, []) == (found, world.errors)
    assert world.longest <= LONGEST


@BOTH
def test_deletions_that_do_not_fit_into_one_task_are_held_all_the_same(kind):
    """So many at once are likelier a fault than a wish: no booking is cancelled before a person says so."""
    world, owner, calendar, events = exported(kind)
    for event in events:
        owner.delete_event(calendar, event)
    world.request_sync()
    world.drain(within=timedelta(hours=2), most=4 * COUNT)

    assert world.state.held is not None
    assert COUNT == world.state.held.missing
    assert all(world.booking(f"b{number:03}").active for number in range(COUNT))
    assert world.longest <= LONGEST
