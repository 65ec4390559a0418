"""Series in deltas: each date is blocked where it is now, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT

DAILY = ["RRULE:FREQ=DAILY"]


@pytest.fixture
def world():
    return Synced()


def instance(world, series, day):
    """The id of a series' instance on the Monday or some days later."""
    return f"{series}_{at(8, day=day):%Y%m%dT%H%M%SZ}"


def first(world, number):
    return world.busy()[:number]


@pytest.mark.pitfall(14)
def test_a_series_without_end_blocks_two_years(world):
    """Pitfall 14: every occurrence of the covered range is there, and not one more."""
    world.enter(at(8), recurrence=["RRULE:FREQ=WEEKLY"])
    world.drain()

    covered = world.sync_state().covered
    expected = []
    start = at(8)
    while start < covered.end:
        expected.append(start)
        start += timedelta(days=7)
    found = world.ports.sync_states.imported(world.tenant, world.connection_id, world.key, covered)
    assert not world.errors
    assert len(expected) == len(found)


@pytest.mark.pitfall(14)
def test_two_cancelled_instances_in_a_row_free_exactly_their_times(world):
    """Pitfall 14: the instances around them still block."""
    series = world.enter(at(8), recurrence=DAILY)
    world.drain()

    world.google.owner.delete_event(ACCOUNT, instance(world, series, 1))
    world.google.owner.delete_event(ACCOUNT, instance(world, series, 2))
    world.drain()

    assert not world.errors
    assert [at(8), at(8, day=3), at(8, day=4)] == first(world, 3)


@pytest.mark.pitfall(14)
@pytest.mark.parametrize("minutes", [-180, 180, 60 * 24 * 40])
def test_a_moved_instance_blocks_where_it_is_now(world, minutes):
    """Pitfall 14: earlier, later, and far behind the end of its series."""
    series = world.enter(at(8), recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    world.drain()

    world.google.owner.shift_event(ACCOUNT, instance(world, series, 2), minutes=minutes)
    world.drain()

    expected = sorted([at(8), at(8, day=1), at(8, day=2) + timedelta(minutes=minutes), at(8, day=3)])
    assert not world.errors
    assert expected == world.busy()


@pytest.mark.pitfall(7)
@pytest.mark.pitfall(14)
def test_an_instance_moved_out_of_the_window_frees_its_time_and_may_come_back(world):
    """Pitfalls 7, 14: moved into the distant past it is gone; moved back it blocks again."""
    series = world.enter(at(8), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    world.drain()

    world.google.owner.shift_event(ACCOUNT, instance(world, series, 1), minutes=-60 * 24 * 60)
    world.drain()
    without = world.busy()
    world.google.owner.shift_event(ACCOUNT, instance(world, series, 1), minutes=60 * 24 * 60)
    world.drain()

    assert not world.errors
    assert [at(8), at(8, day=2)] == without
    assert [at(8), at(8, day=1), at(8, day=2)] == world.busy()


@pytest.mark.pitfall(14)
def test_this_and_following_moves_the_rest_only(world):
    """Pitfall 14: the old series ends, a new one begins, no date is lost or doubled."""
    series = world.enter(at(8), recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    world.drain()

    world.google.owner.split_series(ACCOUNT, instance(world, series, 2), stamps(at(10, day=2)))
    world.drain()

    assert not world.errors
    assert [at(8), at(8, day=1), at(10, day=2), at(10, day=3), at(10, day=4)] == world.busy()


@pytest.mark.pitfall(14)
def test_a_deleted_series_frees_every_occurrence(world):
    """Pitfall 14: nothing of it stays behind."""
    series = world.enter(at(8), recurrence=DAILY)
    world.drain()

    world.google.owner.delete_event(ACCOUNT, series)
    world.drain()

    assert not world.errors
    assert [] == world.imported()


@pytest.mark.pitfall(14)
def test_an_invitation_to_one_date_of_an_unknown_series_blocks_that_date(world):
    """Pitfall 14: the series is somebody else's and cannot be read; the one date counts all the same."""
    item = {
        "id": "foreign1_20270322T090000Z",
        "status": "confirmed",
        "recurringEventId": "foreign1",
        "originalStartTime": {"dateTime": at(9).isoformat()},
        **stamps(at(9)),
    }
    world.google.owner.put_raw(ACCOUNT, item)
    world.drain()
    invited = world.busy()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.request_sync()
    world.drain()
    listed = world.busy()
    world.google.owner.put_raw(ACCOUNT, item | {"status": "cancelled"})
    world.drain()

    assert not world.errors
    assert ([at(9)], [at(9)], []) == (invited, listed, world.busy())
