"""One "not found" for something that the calendar itself names: it is looked at again before it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.microsoft import Settings
from tests.flows.setups.graph_setup import Outlook, settled, weekly
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT


def not_found(world, method, *, times=1):
    """What either provider answers for an event that it does not find."""
    if isinstance(world, Outlook):
        world.microsoft.add_fault(
            "status", method=method, status=404, reason="ErrorItemNotFound", times=times
        )
    else:
        world.google.inspect.add_fault("status", method=method, status=404, reason="notFound", times=times)


@pytest.mark.pitfall(4)
def test_one_not_found_for_the_occurrences_drops_no_series_at_microsoft():
    """A series of which a date was moved, and whose occurrences are then not found once, stays copied."""
    world = Outlook()
    series = world.enter(at(9), **weekly(at(9), 3))
    settled(world)
    day = world.microsoft.owner.days(
        world.calendar, series, start=at(0).isoformat(), end=at(0, day=30).isoformat()
    )[1]

    not_found(world, "events.instances")
    world.microsoft.owner.shift_event(world.calendar, day["id"], minutes=60)
    world.microsoft.push.deliver()
    world.engine.drain(within=timedelta(seconds=10))
    during, complete = world.imported_starts(), world.sync_state().complete
    settled(world)

    assert not world.errors
    # The date that the page brings along takes its new time beside its old one.
    assert (4, False) == (len(during), complete)
    assert [at(9), at(10, day=7), at(9, day=14)] == world.imported_starts()
    assert world.sync_state().complete


@pytest.mark.pitfall(4)
def test_one_not_found_for_the_instances_drops_no_series_at_google():
    """The same at Google."""
    world = Synced()
    series = world.enter(at(8), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    world.drain()

    not_found(world, "events.instances")
    world.google.owner.shift_event(ACCOUNT, f"{series}_{at(8, day=1):%Y%m%dT%H%M%SZ}", minutes=60)
    world.google.push.deliver()
    world.engine.drain(within=timedelta(seconds=10))
    during, complete = world.busy(), world.sync_state().complete
    world.drain()

    assert not world.errors
    # The date that the page brings along takes its new time beside its old one.
    assert (4, False) == (len(during), complete)
    assert [at(8), at(9, day=1), at(8, day=2)] == world.busy()
    assert world.sync_state().complete


@pytest.mark.pitfall(4)
@pytest.mark.parametrize("kind", [Outlook, Synced])
def test_a_first_listing_copies_a_series_that_is_not_found_at_first(kind):
    """A listing names it, and one "not found" for its dates makes the copy late, not wrong."""

    def before(world):
        if kind is Outlook:
            world.enter(at(9), **weekly(at(9), 3))
        else:
            world.enter(at(9), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
        not_found(world, "events.instances")

    world = kind(prepare=before)
    world.advance(minutes=5)

    assert not world.errors
    starts = world.imported_starts() if kind is Outlook else world.busy()
    assert 3 == len(starts)
    assert world.sync_state().complete


@pytest.mark.pitfall(8)
@pytest.mark.parametrize("lag", [20, 100])
def test_a_new_series_is_copied_where_it_can_be_read_only_later(lag):
    """Delta names it at once, and a read finds it only some seconds later."""
    world = Outlook(microsoft=Settings(lag=timedelta(seconds=lag), lag_get=True))
    series = world.enter(at(9), **weekly(at(9), 3))
    not_found(world, "events.instances", times=2)
    world.advance(minutes=10)

    assert series
    assert not world.errors
    assert [at(9), at(9, day=7), at(9, day=14)] == world.imported_starts()


@pytest.mark.pitfall(4)
@pytest.mark.parametrize("kind", [Outlook, Synced])
def test_a_series_that_is_never_found_is_gone_after_some_minutes(kind):
    """What is really not there any more does not block for ever."""
    world = kind()
    if kind is Outlook:
        series = world.enter(at(9), **weekly(at(9), 3))
        settled(world)
        world.microsoft.owner.edit_event(world.calendar, series, {"subject": "Other"})
    else:
        series = world.enter(at(9), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
        world.drain()
        world.google.owner.edit_event(ACCOUNT, series, {"summary": "Other"})
    not_found(world, "events.instances", times=0)
    world.drain(within=timedelta(seconds=5))
    during = world.imported_starts() if kind is Outlook else world.busy()
    world.advance(minutes=5)
    after = world.imported_starts() if kind is Outlook else world.busy()

    assert not world.errors
    assert (3, 0) == (len(during), len(after))
    assert world.sync_state().complete
