"""An owner moves an exported event to another calendar: the booking stays, wherever that calendar is from."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import calendar_key
from common.domain.export.exported_event import LinkState
from local.microsoft import Settings
from tests.flows.setups.deletion_setup import (
    KINDS,
    another_calendar,
    booked,
    existing,
    home,
    missing,
    refuse,
    simulator,
    stamp,
    until,
    use_only_home,
)
from tests.flows.setups.graph_setup import Outlook, settled
from tests.flows.setups.sync_setup import at


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_dragged_into_a_new_calendar_is_found(kind):
    """The calendar was made after the account was connected: it is listed before anything is concluded."""
    world = booked(kind)
    new = another_calendar(world)

    simulator(world).owner.move_to_calendar(home(world), world.link().event_id, new)
    world.advance(minutes=10)

    assert not world.errors
    assert world.booking().active
    assert (new, LinkState.LIVE) == (world.link().calendar_id, world.link().state)
    assert [] == world.notices()


@pytest.mark.pitfall(4)
@pytest.mark.pitfall(22)
@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("kind", KINDS)
def test_a_search_that_one_calendar_refuses_proves_nothing(kind, status):
    """A single refusal by the calendar into which the event was dragged cancels no live booking."""
    world = kind()
    second = another_calendar(world)
    world.book(at(9))
    world.drain()

    simulator(world).owner.move_to_calendar(home(world), world.link().event_id, second)
    until(world, lambda: missing(world))
    refuse(world, "events.get", status, skip=1)
    world.advance(minutes=15)

    assert world.booking().active
    assert (second, LinkState.LIVE) == (world.link().calendar_id, world.link().state)
    assert [] == world.notices()


@pytest.mark.pitfall(4)
@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_a_calendar_that_never_answers_keeps_the_booking(kind):
    """As long as one calendar does not say whether it has the event, nothing is cancelled."""
    world = kind()
    another_calendar(world)
    world.book(at(9))
    world.drain()

    simulator(world).owner.delete_event(home(world), world.link().event_id)
    until(world, lambda: missing(world))
    refuse(world, "events.get", 403, times=0)
    world.advance(hours=3)

    assert world.booking().active
    assert LinkState.MISSING is world.link().state
    assert "booking_cancelled" not in world.notices()
    assert "sync_stalled" not in world.notices()


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_its_owner_hears_once_of_a_search_that_is_never_answered(kind):
    """The booking stays, and after a day somebody knows why."""
    world = kind()
    another_calendar(world)
    world.book(at(9))
    world.drain()

    simulator(world).owner.delete_event(home(world), world.link().event_id)
    until(world, lambda: missing(world))
    refuse(world, "events.get", 403, times=0)
    world.advance(hours=60)

    assert world.booking().active
    assert 1 == world.notices().count("sync_stalled")


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_is_believed_after_two_looks(kind):
    """One look that finds the event nowhere is remembered; only the second one cancels the booking."""
    world = booked(kind)

    simulator(world).owner.delete_event(home(world), world.link().event_id)
    until(world, lambda: world.link().absent_at is not None)
    after_one = world.booking().active
    world.advance(minutes=10)

    assert not world.errors
    assert (True, False) == (after_one, world.booking().active)
    assert ["booking_cancelled"] == world.notices()


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_followed_into_a_calendar_that_nobody_reads(kind):
    """Moved in time there, and later deleted there: the booking follows as if it were at home."""
    world = kind()
    second = another_calendar(world)
    world.book(at(9))
    world.drain()
    use_only_home(world)
    owner = simulator(world).owner

    owner.move_to_calendar(home(world), world.link().event_id, second)
    world.advance(minutes=10)
    owner.shift_event(second, world.link().event_id, minutes=120)
    world.advance(minutes=30)
    moved = world.booking().interval.start
    owner.delete_event(second, world.link().event_id)
    world.advance(minutes=30)

    assert not world.errors
    assert at(11) == moved
    assert not world.booking().active
    assert isinstance(world, Outlook) or [] == existing(world, second)
    assert stamp(at(9)) not in existing(world)


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("deleted", [False, True])
def test_where_an_own_event_is_is_asked_of_a_listing(deleted):
    """Graph answers for it under any address, or after its deletion: its booking follows all the same."""
    settings = Settings(unscoped_event_paths=True, deleted_items_answer=deleted)
    world = Outlook(calendars=("Second",), microsoft=settings)
    second = world.others[0]
    world.book(at(9))
    world.drain()

    world.microsoft.owner.move_to_calendar(world.calendar, world.link().event_id, second)
    settled(world)
    moved = (world.link().calendar_id, world.booking().active)
    world.microsoft.owner.delete_event(second, world.link().event_id)
    settled(world)

    assert not world.errors
    assert (second, True) == moved
    assert not world.booking().active
    assert ["booking_cancelled"] == world.notices()


@pytest.mark.pitfall(22)
def test_a_calendar_without_own_events_is_not_read_any_more():
    """The event was moved into a calendar that nobody reads, and back: soon it is not read any more."""
    world = Outlook(calendars=("Second",))
    second = world.others[0]
    world.book(at(9))
    world.drain()
    use_only_home(world)

    world.microsoft.owner.move_to_calendar(world.calendar, world.link().event_id, second)
    settled(world)
    followed = world.connection.moved_to
    world.microsoft.owner.move_to_calendar(second, world.link().event_id, world.calendar)
    settled(world, hours=3)

    assert not world.errors
    assert (calendar_key(second),) == followed
    assert () == world.connection.moved_to
    assert world.sync_state(calendar_key(second)).version is None
    assert world.link().calendar == world.key
    assert world.booking().active
