"""Events of others that their owner moves between calendars: each takes its time exactly once."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import calendar_key
from local.microsoft import Settings
from tests.flows.setups.graph_setup import Outlook, settled, weekly
from tests.flows.setups.sync_setup import at


def two_calendars(**settings):
    """A world with two calendars that are both imported, and the key of the second one."""
    world = Outlook(calendars=("Second",), microsoft=Settings(**settings))
    return world, world.others[0], calendar_key(world.others[0])


@pytest.mark.pitfall(6)
@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("series", [False, True])
def test_a_moved_event_is_copied_where_the_calendar_does_not_report_it(silent, series):
    """The calendar that it left says that it is gone; the other one is asked for it by its id."""
    world, second, key = two_calendars(silent_moves=silent)
    event = world.enter(at(9), **(weekly(at(9), 2) if series else {}))
    settled(world)
    before = world.imported_starts()

    world.microsoft.owner.move_to_calendar(world.calendar, event, second)
    settled(world)

    assert not world.errors
    assert before == world.imported_starts(key=key)
    assert [] == world.imported_starts()


@pytest.mark.pitfall(6)
@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("series", [False, True])
def test_an_event_that_is_answered_from_elsewhere_is_no_phantom(deleted, series):
    """Its address in the first calendar answers though it is in the second one, and after its deletion."""
    world, second, key = two_calendars(unscoped_event_paths=True, deleted_items_answer=deleted)
    event = world.enter(at(9), **(weekly(at(9), 2) if series else {}))
    settled(world)
    before = world.imported_starts()

    world.microsoft.owner.move_to_calendar(world.calendar, event, second)
    settled(world)
    moved = (world.imported_starts(), world.imported_starts(key=key))
    world.microsoft.owner.delete_event(second, event)
    settled(world)

    assert not world.errors
    assert ([], before) == moved
    assert ([], []) == (world.imported_starts(), world.imported_starts(key=key))


@pytest.mark.pitfall(6)
def test_an_event_that_left_the_range_stays_known_where_it_is_shown():
    """What delta calls removed because it left the range is read where it is, and blocks there."""
    world, _, _ = two_calendars(unscoped_event_paths=True)
    event = world.enter(at(9))
    settled(world)

    world.microsoft.owner.shift_event(world.calendar, event, minutes=4 * 365 * 24 * 60)
    settled(world)
    world.microsoft.owner.shift_event(world.calendar, event, minutes=-4 * 365 * 24 * 60)
    settled(world)

    assert not world.errors
    assert [at(9)] == world.imported_starts()


@pytest.mark.pitfall(6)
def test_many_moved_events_have_the_other_calendar_listed_anew():
    """Instead of a question for each of them."""
    world, second, key = two_calendars(silent_moves=True)
    events = [world.enter(at(6, 15 * number), 15) for number in range(30)]
    settled(world)
    generation = world.sync_state(key).generation

    for event in events:
        world.microsoft.owner.move_to_calendar(world.calendar, event, second)
    settled(world)

    assert not world.errors
    assert (30, 0) == (len(world.imported_starts(key=key)), len(world.imported_starts()))
    assert generation < world.sync_state(key).generation
