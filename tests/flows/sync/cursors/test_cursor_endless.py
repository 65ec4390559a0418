"""Pages that have no end are given up, and the calendar is listed afresh, in smaller parts where need be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.sync_state import MOST_HALVINGS, MOST_REPEATED_PAGES
from common.domain.notify import NoticeKind
from common.flows.connect.health import read_health
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at

BOTH = pytest.mark.parametrize("kind", [Synced, Outlook], ids=["google", "microsoft"])
STALLED = NoticeKind.SYNC_STALLED.value


def pages(world):
    """How many pages of the calendar's listings and deltas were asked for."""
    side = world.microsoft if isinstance(world, Outlook) else world.google
    return sum(call["method"] in {"calendarView.delta", "events.list"} for call in side.admin.calls())


def without_end(world):
    """From now on each page leads to another one with the same events."""
    if isinstance(world, Outlook):
        world.microsoft.admin.set_setting("delta_trouble", "endless")
    else:
        world.google.add_fault("page", method="events.list", page="endless", times=0)


def with_end(world):
    if isinstance(world, Outlook):
        world.microsoft.admin.set_setting("delta_trouble", "")
    else:
        world.google.inspect.clear_faults()


def calendar_health(world):
    (health,) = read_health(world.ports, tenant=world.tenant, connection=world.connection_id).calendars
    return health


@BOTH
def test_a_delta_without_an_end_is_given_up_and_the_calendar_listed_afresh(kind):
    """Every page of a delta leads to a new one with the same events: after some of them that ends."""
    world = kind()
    before = pages(world)
    without_end(world)
    world.enter(at(9))
    world.drain()
    read, given_up = pages(world) - before, world.sync_state().given_up
    with_end(world)
    world.advance(hours=2)

    assert read <= 8 * MOST_REPEATED_PAGES
    assert "endless_pages" == given_up
    assert [at(9)] == world.busy()
    assert (None, False) == (world.sync_state().given_up, world.sync_state().unfinished)


@BOTH
def test_a_calendar_whose_listings_have_no_end_is_told_of_and_costs_a_bounded_number_of_pages(kind):
    """Nothing helps: health says why, the owner is told, and half a day costs some hundred pages."""
    world = kind()
    world.enter(at(9))
    world.drain()
    without_end(world)
    before = pages(world)
    world.enter(at(11))
    world.advance(hours=12)

    assert (pages(world) - before) < 1_000
    assert "resync_limited" == calendar_health(world).error
    assert MOST_HALVINGS == world.sync_state().halvings
    assert STALLED in world.notices()
    assert [at(9)] == [start for start in world.busy() if start != at(11)]


def test_a_window_that_microsoft_can_answer_is_found_by_halves():
    """Rounds of more than half a year have no end: the calendar is followed for less, and says so."""
    world = Outlook()
    world.enter(at(9))
    world.drain()
    world.microsoft.admin.set_setting("delta_trouble", "endless")
    world.microsoft.admin.set_setting("delta_trouble_beyond", timedelta(days=200).total_seconds())
    world.enter(at(11))
    world.advance(hours=3)
    state = world.sync_state()

    assert [at(9), at(11)] == world.busy()
    assert (2, False) == (state.halvings, state.unfinished)
    assert timedelta(days=150) < state.covered.length < timedelta(days=200)
    assert "narrow_range" == calendar_health(world).error


def test_a_smaller_window_grows_back_once_microsoft_can_answer_larger_ones():
    """A week later a larger window is tried again, step by step."""
    world = Outlook()
    world.microsoft.admin.set_setting("delta_trouble", "endless")
    world.microsoft.admin.set_setting("delta_trouble_beyond", timedelta(days=200).total_seconds())
    world.enter(at(9))
    world.advance(hours=3)
    narrow = world.sync_state().halvings
    world.microsoft.admin.set_setting("delta_trouble", "")
    for _ in range(2):
        world.advance(hours=8 * 24)
        world.request_sync()
        world.drain()

    assert 2 == narrow
    assert (0, None) == (world.sync_state().halvings, calendar_health(world).error)
