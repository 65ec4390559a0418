"""Changes of a Google calendar as deltas report them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from common.domain.calendar.connection import calendar_key
from common.domain.calendar.interval import Interval
from common.domain.connect.settings import ImportMode, PrivateMode
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT


@pytest.fixture
def world():
    return Synced()


def test_an_entered_event_arrives_by_push(world):
    """What the owner enters blocks as soon as the push was handled; what is deleted frees its time."""
    event = world.enter(at(9))
    world.drain()
    entered = world.busy()

    world.google.owner.delete_event(ACCOUNT, event)
    world.drain()

    assert not world.errors
    assert ([at(9)], []) == (entered, world.busy())


def test_a_moved_event_frees_its_old_time(world):
    """A move is one change: the old time is free, the new one blocked."""
    event = world.enter(at(9))
    world.drain()

    world.google.owner.shift_event(ACCOUNT, event, minutes=60)
    world.drain()

    assert [at(10)] == world.busy()


@pytest.mark.pitfall(5)
def test_a_delta_without_changes_moves_the_cursor_only(world):
    """Pitfall 5: an empty delta advances the token, and stores no event again."""
    world.enter(at(9))
    world.drain()
    stored, token = world.imported(), world.sync_state().cursor.token
    world.google.owner.put_event("anna@example.com", {"summary": "x", **stamps(at(9) - timedelta(days=400))})

    world.drain()

    assert stored == world.imported()
    assert token != world.sync_state().cursor.token


@pytest.mark.pitfall(14)
def test_sixty_events_on_one_day_are_all_imported(world):
    """Pitfall 14: sixty events on one day are all there."""
    starts = [at(6) + timedelta(minutes=10 * number) for number in range(60)]
    for start in starts:
        world.enter(start, minutes=10)
    world.drain()

    assert starts == world.busy()


@pytest.mark.pitfall(15)
@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("America/Los_Angeles", "2027-03-24", "2027-03-24T07:00", "2027-03-25T07:00"),
        ("Pacific/Auckland", "2027-03-24", "2027-03-23T11:00", "2027-03-24T11:00"),
        ("Europe/Zurich", "2027-03-28", "2027-03-27T23:00", "2027-03-28T22:00"),
    ],
)
def test_an_all_day_event_is_a_day_of_its_calendar(zone, day, start, end):
    """Pitfall 15: from midnight to midnight in the calendar's zone, 23 hours where the clocks change."""

    def prepare(world):
        world.google.admin.add_calendar(ACCOUNT, "zone", calendar_id="zone", time_zone=zone)

    world = Synced(prepare=prepare)
    following = date.fromisoformat(day) + timedelta(days=1)
    body = {"start": {"date": day}, "end": {"date": following.isoformat()}, "summary": "away"}
    world.google.owner.put_event("zone", body)
    world.request_sync(calendar_key("zone"))
    world.drain()

    (found,) = world.imported(calendar_key("zone"))
    assert not world.errors
    assert (start, end) == (f"{found.interval.start:%Y-%m-%dT%H:%M}", f"{found.interval.end:%Y-%m-%dT%H:%M}")
    assert found.all_day
    assert found.blocks


@pytest.mark.pitfall(15)
def test_an_event_without_length_blocks_nothing(world):
    """Pitfall 15: it blocks nothing and breaks nothing."""
    world.enter(at(9), minutes=0)
    world.enter(at(11))
    world.drain()

    assert not world.errors
    assert [at(11)] == world.busy()


@pytest.mark.pitfall(7)
def test_a_long_event_that_began_before_the_window_blocks_its_rest(world):
    """Pitfall 7: what counts is when it ends; what has ended before the window is left out."""
    now = world.clock.now()
    world.enter(now - timedelta(days=10), minutes=60 * 24 * 5)
    world.enter(now - timedelta(days=20), minutes=60 * 24 * 5)
    world.drain()

    (found,) = world.imported()
    assert now - timedelta(days=10) == found.interval.start


@pytest.mark.pitfall(7)
def test_a_single_event_has_no_upper_bound(world):
    """Pitfall 7: an event in ten years is imported, one of five years' length as well."""
    far = at(9) + timedelta(days=3650)
    world.enter(far)
    world.enter(at(9) + timedelta(days=40), minutes=60 * 24 * 365 * 12)
    world.drain()

    found = world.ports.sync_states.imported(
        world.tenant, world.connection_id, world.key, Interval(far, far + timedelta(hours=1))
    )
    assert not world.errors
    assert far in [event.interval.start for event in found]
    assert [at(9) + timedelta(days=40)] == world.busy()


@pytest.mark.pitfall(25)
def test_only_allowed_texts_are_kept(world):
    """Pitfall 25: time-only mode asks for no text and stores none; private events follow their own mode."""
    world.enter(at(9), description="canary", location="canary")
    world.enter(at(11), visibility="private")
    world.drain()

    assert {None} == {event.title for event in world.imported()}
    assert {None} == {event.description for event in world.imported()}

    world.choose(mode=ImportMode.FULL)
    world.request_sync()
    world.drain()
    assert ["secret plan", None] == [event.title for event in world.imported()]

    world.choose(private=PrivateMode.NONE)
    world.request_sync()
    world.drain()
    assert [at(9)] == world.busy()

    world.choose(mode=ImportMode.TIMES)
    world.request_sync()
    world.drain()
    assert [None] == [event.title for event in world.imported()]
    assert not world.errors


def test_a_booking_that_an_event_overlaps_is_flagged_once(world):
    """An event entered over a booking flags it and notifies once (fault F23); the booking stays."""
    world.book(at(9), export=False)

    event = world.enter(at(9, 15))
    world.drain()
    world.google.owner.edit_event(ACCOUNT, event, {"summary": "renamed"})
    world.drain()

    assert not world.errors
    assert (True, world.key) == (world.booking().active, world.booking().conflict)
    assert ["booking_conflict"] == world.notices()

    world.google.owner.shift_event(ACCOUNT, event, minutes=120)
    world.drain()

    assert not world.errors
    assert world.booking().conflict is None
    assert ["booking_conflict"] == world.notices()


def test_an_unreadable_event_does_not_stop_its_page(world):
    """One unreadable event is quarantined and counted; the others arrive (fault F29)."""
    world.google.owner.put_raw(ACCOUNT, {"id": "poison1", "status": "confirmed", "start": {}, "end": {}})
    world.enter(at(9))
    world.drain()

    assert not world.errors
    assert [at(9)] == world.busy()
    (aside,) = world.ports.sync_states.quarantine(world.sync_state())
    assert ("poison1", "no_times") == (aside.id, aside.reason)
    assert 1 == world.sync_state().quarantined


def test_declined_and_free_events_do_not_block(world):
    """Declined events are not kept, free ones are kept and do not block."""
    declined = world.google.owner.receive_invitation(
        ACCOUNT, {"summary": "x", **stamps(at(9))}, organizer="boss@other.example"
    )
    world.drain()
    invited = world.busy()
    world.google.owner.respond(ACCOUNT, declined["id"], "declined")
    world.enter(at(11), transparency="transparent")
    world.drain()

    assert ([at(9)], []) == (invited, world.busy())
    assert [(at(11), True)] == [(event.interval.start, event.free) for event in world.imported()]
