"""The stored copy answers for a calendar that cannot be reached, where it is whole, and for no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import CalendarUse, Status
from common.domain.connect.settings import BusyRules, PrivateMode
from common.errors import AvailabilityUnknown, SlotTaken
from tests.flows.setups.outage_setup import (
    ANSWERS,
    BOTH,
    SILENCES,
    answer,
    booked,
    fail,
    free,
    listed,
    opened,
    reasons,
    silence,
)
from tests.flows.setups.sync_setup import at


def world_with_an_event(kind, **imports):
    world = opened(kind, **imports)
    world.enter(at(9))
    world.drain()
    return world


@BOTH
@pytest.mark.parametrize("said", SILENCES)
def test_the_copy_stands_in_for_a_calendar_that_cannot_be_reached(kind, said):
    """F6: what is listed is what is known, and exactly that can be booked."""
    world = world_with_an_event(kind)
    before = free(world)
    answer(world, *SILENCES[said])

    assert free(world) == before
    assert [line.state for line in listed(world).calendars] == ["stale"]
    assert reasons(world, at(9)) == ["external_busy"]
    assert booked(world, at(10)).active
    with pytest.raises(SlotTaken):
        booked(world, at(9))


@BOTH
def test_the_copy_stands_in_where_the_connection_breaks_off(kind):
    """F6: no answer at all is no answer either."""
    world = world_with_an_event(kind)
    before = free(world)
    fail(world, "drop_before")

    assert free(world) == before


@pytest.mark.pitfall(2)
@BOTH
@pytest.mark.parametrize("said", ANSWERS)
def test_the_copy_never_replaces_an_answer_that_came(kind, said):
    """C2: what an answer meant that cannot be used is in no copy, however fresh that is kept."""
    world = world_with_an_event(kind)
    answer(world, *ANSWERS[said])

    assert free(world) == []
    assert [line.state for line in listed(world).calendars] == ["unknown"]
    assert reasons(world, at(10)) == ["unknown_calendar"]
    with pytest.raises(AvailabilityUnknown):
        booked(world, at(10))


@BOTH
def test_the_copy_never_replaces_an_answer_that_is_no_listing(kind):
    """C2: an answer without its list is an answer, and says nothing."""
    world = world_with_an_event(kind)
    fail(world, "rewrite", remove=["items", "value", "kind"])

    assert free(world) == []


@BOTH
def test_the_copy_never_replaces_a_grant_that_was_refused(kind):
    """C2: the account has to be connected again, and nothing is offered before."""
    world = world_with_an_event(kind)
    world.ports.connections.save(replace(world.connection, status=Status.REAUTH_REQUIRED))

    assert free(world) == []


def changed_rules(world):
    world.choose(busy=BusyRules(working_elsewhere=True))


def changed_privacy(world):
    world.choose(private=PrivateMode.NONE)


def half_a_delta(world):
    state = world.sync_state()
    world.ports.sync_states.save(replace(state, cursor=replace(state.cursor, page="second")))


def sweeping(world):
    world.ports.sync_states.save(replace(world.sync_state(), sweeping=True))


def new_listing(world):
    state = world.sync_state()
    world.ports.sync_states.save(replace(state, cursor=replace(state.cursor, snapshot=True)))


def short_range(world):
    state = world.sync_state()
    world.ports.sync_states.save(replace(state, covered=replace(state.covered, end=at(11))))


@BOTH
@pytest.mark.parametrize(
    "hole", [changed_rules, changed_privacy, half_a_delta, sweeping, new_listing, short_range]
)
def test_a_copy_with_a_hole_answers_nothing(kind, hole):
    """C2, F6: a copy that is not whole, or was made under other settings, is not known to be free."""
    world = world_with_an_event(kind)
    silence(world)
    hole(world)

    assert [slot.start for slot in listed(world).slots] == []
    with pytest.raises(AvailabilityUnknown):
        booked(world, at(12))


@BOTH
def test_a_calendar_that_was_followed_for_our_events_alone_has_no_copy(kind):
    """C5b: imports were off, so nothing was copied; that is not the same as an empty calendar."""
    world = opened(kind, on=False)
    world.enter(at(9))
    world.drain()
    silence(world)
    world.choose(on=True)

    assert world.imported() == []
    assert [slot.start for slot in listed(world).slots] == []


@BOTH
def test_a_calendar_that_is_only_checked_has_no_copy(kind):
    """C5b: it is followed for our own events, but nothing in it was copied."""
    world = opened(kind)
    current = world.connection
    checked = {key: replace(one, use=CalendarUse.CHECK) for key, one in current.calendars.items()}
    world.ports.connections.save(replace(current, calendars=checked))
    world.request_sync()
    world.drain()
    silence(world)

    assert world.sync_state().complete
    assert [slot.start for slot in listed(world).slots] == []


@BOTH
def test_a_free_time_lays_its_grid_from_its_own_start_in_the_copy_too(kind):
    """C3: a free event that began last week is cut nowhere, so the same starts are listed."""
    world = opened(kind)
    resource = world.ports.catalogue.resource("t1", "anna")
    world.ports.catalogue.save_resource("t1", replace(resource, use_external_free=True))
    mark = {"transparency": "transparent"} if kind.__name__ == "Synced" else {"showAs": "free"}
    # From Sunday evening, ten minutes past, into Monday.
    world.enter(at(22, 10, day=-1), minutes=360, **mark)
    world.drain()
    live = free(world)
    silence(world)

    assert live[0] == at(0, 10)
    assert free(world) == live
