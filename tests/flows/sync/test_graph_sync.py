"""Synchronising an Outlook calendar, where Microsoft differs from Google."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import LinkState
from local.microsoft import Settings
from tests.flows.setups.graph_setup import Outlook, settled, stamps, weekly
from tests.flows.setups.sync_setup import at
from tests.world import OUTLOOK


@pytest.fixture
def world():
    return Outlook()


def delivered(world):
    """Run the tasks that are due now, but none that are due later."""
    world.microsoft.push.deliver()
    world.engine.drain(within=timedelta(seconds=10))


@pytest.mark.pitfall(11)
def test_a_change_in_outlook_is_imported_at_once(world):
    """Pitfall 11: an event entered, moved or deleted in Outlook is so here after the first sync."""
    entered = world.enter(at(9))
    delivered(world)
    first = world.imported_starts()
    world.microsoft.owner.shift_event(world.calendar, entered, minutes=120)
    world.clock.advance_to(world.clock.now() + timedelta(seconds=10))
    delivered(world)
    second = world.imported_starts()
    world.microsoft.owner.delete_event(world.calendar, entered)
    world.clock.advance_to(world.clock.now() + timedelta(seconds=10))
    delivered(world)

    assert ([at(9)], [at(11)], []) == (first, second, world.imported_starts())
    assert not world.errors


@pytest.mark.pitfall(8)
@pytest.mark.parametrize("lag", [20, 100])
def test_a_change_that_graph_shows_late_is_found_by_a_second_sync(lag):
    """Pitfall 8: if the notification comes too early, a sync follows after half a minute and after three."""
    world = Outlook(microsoft=Settings(lag=timedelta(seconds=lag)))
    world.advance(minutes=10)
    world.done.clear()
    world.enter(at(9))

    delivered(world)
    early = world.imported_starts()
    world.engine.run_until(world.clock.now() + timedelta(seconds=50))
    after_a_minute = world.imported_starts()
    world.engine.run_until(world.clock.now() + timedelta(minutes=4))

    assert [] == early
    assert ([at(9)] if lag == 20 else []) == after_a_minute
    assert [at(9)] == world.imported_starts()
    assert ["push", "second", "third"] == world.sync_reasons()


@pytest.mark.pitfall(11)
def test_changes_of_a_few_seconds_share_their_follow_up_syncs(world):
    """Pitfall 11: however many changes there are in a few seconds, they share the later syncs, which end."""
    world.advance(minutes=10)
    world.done.clear()
    for hour in range(8, 14):
        world.enter(at(hour))
    delivered(world)
    world.engine.run_until(world.clock.now() + timedelta(minutes=10))

    assert 1 == world.sync_reasons().count("second") == world.sync_reasons().count("third")
    assert world.sync_reasons().count("push") <= 2


@pytest.mark.pitfall(7)
def test_an_own_event_that_leaves_the_range_is_not_deleted(world):
    """Pitfalls 7 and 22: what delta calls removed may only have been moved out of its range."""
    world.book(at(9))
    world.drain()
    link = world.link()
    world.microsoft.owner.shift_event(world.calendar, link.event_id, minutes=4 * 365 * 24 * 60)
    settled(world)

    booking = world.booking()
    assert BookingStatus.CONFIRMED is booking.status
    assert LinkState.LIVE is world.link().state
    assert not world.errors


@pytest.mark.pitfall(4)
def test_a_removal_counts_only_when_the_event_cannot_be_read(world):
    """Pitfall 4: a removal is read before it counts; an error proves nothing, and nothing is freed by it."""
    entered = world.enter(at(9))
    delivered(world)
    world.clock.advance_to(world.clock.now() + timedelta(minutes=1))
    world.microsoft.add_fault("status", method="events.get", status=503, times=0)
    world.microsoft.owner.delete_event(world.calendar, entered)
    delivered(world)
    during = world.imported_starts()
    world.microsoft.inspect.clear_faults()
    settled(world)

    assert [at(9)] == during
    assert [] == world.imported_starts()


@pytest.mark.pitfall(14)
def test_a_deleted_occurrence_is_found_by_the_next_listing(world):
    """Pitfall 14: a delta does not report it; the next daily listing frees its time."""
    series = world.enter(at(9), **weekly(at(9), 4))
    settled(world)
    before = world.imported_starts()
    day = world.microsoft.owner.days(
        world.calendar, series, start=at(0).isoformat(), end=at(0, day=30).isoformat()
    )[1]
    world.microsoft.owner.delete_event(world.calendar, day["id"])
    settled(world)
    generation = world.sync_state().generation
    settled(world, hours=26)

    assert 4 == len(before)
    assert generation < world.sync_state().generation
    assert [moment for moment in before if moment != before[1]] == world.imported_starts()


@pytest.mark.pitfall(14)
def test_an_occurrence_moved_out_of_the_range_frees_its_place(world):
    """Pitfall 14: its series is read again as a whole."""
    series = world.enter(at(9), **weekly(at(9), 3))
    settled(world)
    day = world.microsoft.owner.days(
        world.calendar, series, start=at(0).isoformat(), end=at(0, day=30).isoformat()
    )[2]
    world.microsoft.owner.shift_event(world.calendar, day["id"], minutes=24 * 60)
    settled(world)

    assert [at(9), at(9, day=7), at(9, day=15)] == world.imported_starts()


@pytest.mark.pitfall(6)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (410, "SyncStateNotFound"),
        (410, "syncStateInvalid"),
        (404, "SyncStateNotFound"),
        (410, "resyncRequired"),
    ],
)
def test_an_expired_delta_link_starts_a_fresh_listing(status, code):
    """Pitfall 6: in all its spellings; what was deleted meanwhile is gone, the rest stays."""
    world = Outlook(microsoft=Settings(sync_reset_status=status, sync_reset_code=code))
    kept, gone = world.enter(at(9)), world.enter(at(11))
    delivered(world)
    world.microsoft.admin.expire_sync_tokens()
    world.microsoft.owner.delete_event(world.calendar, gone)
    world.clock.advance_to(world.clock.now() + timedelta(minutes=1))
    settled(world)

    assert kept
    assert [at(9)] == world.imported_starts()
    assert 2 == world.sync_state().generation


@pytest.mark.pitfall(7)
def test_the_range_rolls_forward_with_time(world):
    """Pitfall 7: the window is frozen in the delta link; a fresh listing moves it on in time."""
    before = world.sync_state().covered
    for _ in range(9):
        world.advance(days=1)
        world.maintain()
        world.drain()

    after = world.sync_state().covered
    assert after.end - before.end >= timedelta(days=7)
    assert after.contains(Interval(world.clock.now(), world.clock.now() + timedelta(days=720)))


@pytest.mark.pitfall(22)
def test_an_own_event_is_found_in_the_calendar_it_was_moved_to():
    """Pitfall 22: its immutable id goes with it; the booking stays, and its link follows."""
    world = Outlook(calendars=("Team",))
    world.book(at(9))
    world.drain()
    world.microsoft.owner.move_to_calendar(world.calendar, world.link().event_id, world.others[0])
    settled(world, minutes=40)

    assert BookingStatus.CONFIRMED is world.booking().status
    assert LinkState.LIVE is world.link().state
    assert world.others[0] == world.link().calendar_id
    assert not world.errors


@pytest.mark.pitfall(12)
def test_a_new_etag_without_a_change_writes_nothing(world):
    """Pitfall 12: a new etag without a change makes no write, neither here nor there."""
    world.book(at(9))
    world.drain()
    before = len(world.calls("events.update") + world.calls("events.create"))
    for _ in range(3):
        world.microsoft.admin.bump(world.calendar, world.link().event_id)
        settled(world)

    assert before == len(world.calls("events.update") + world.calls("events.create"))
    assert [] == world.notices()
    assert [] == world.imported_starts()


@pytest.mark.pitfall(12)
def test_a_copy_of_an_own_event_is_foreign(world):
    """Pitfall 12: it carries our marker, but was made by somebody else."""
    world.book(at(9))
    world.drain()
    ours = next(one for one in world.events() if one["id"] == world.link().event_id)
    properties = [{"id": key, "value": value} for key, value in ours["_properties"].items()]
    world.enter(at(15), subject=ours["subject"], singleValueExtendedProperties=properties)
    settled(world)

    assert [at(15)] == world.imported_starts()
    assert at(9) == world.booking().interval.start


@pytest.mark.pitfall(22)
def test_the_owner_moves_and_deletes_an_exported_booking(world):
    """Pitfall 22: the booking follows; the deletion counts after the grace that Microsoft needs."""
    world.book(at(9))
    world.drain()
    world.microsoft.owner.shift_event(world.calendar, world.link().event_id, minutes=60)
    settled(world)
    moved = world.booking().interval.start
    world.microsoft.owner.delete_event(world.calendar, world.link().event_id)
    delivered(world)
    at_once = world.booking().status
    settled(world)

    assert at(10) == moved
    assert BookingStatus.CONFIRMED is at_once
    assert BookingStatus.CANCELLED is world.booking().status


def test_a_missing_mailbox_stops_the_sync_and_shows_the_reason(world):
    """A mailbox without a REST interface is no outage: nothing is deleted, and the state says why."""
    world.enter(at(9))
    delivered(world)
    world.microsoft.admin.set_mailbox_error(OUTLOOK)
    world.request_sync()
    world.drain()

    assert "mailbox_unsupported" == world.sync_state().error
    assert [at(9)] == world.imported_starts()
    assert not world.errors


@pytest.mark.pitfall(24)
def test_a_calendar_that_vanished_frees_nothing():
    """Pitfall 24: what was imported from it blocks until its owner decides."""
    world = Outlook(calendars=("Team",))
    key = next(name for name in world.connection.calendars if name != world.key)
    world.enter(at(9), calendar=world.others[0])
    settled(world)
    world.microsoft.admin.remove_calendar(world.others[0])
    settled(world, hours=2)

    assert [at(9)] == world.imported_starts(key=key)
    assert not world.errors


def test_an_event_of_unknown_kind_and_status_blocks(world):
    """An event whose showAs and type nobody knows takes its time."""
    world.microsoft.owner.put_event(
        world.calendar, {"subject": "odd", **stamps(at(9))}, raw={"showAs": "levitating", "type": "novelty"}
    )
    settled(world)

    assert [at(9)] == world.imported_starts()
