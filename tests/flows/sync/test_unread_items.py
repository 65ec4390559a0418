"""An event that a provider names and does not answer when asked for it stops nothing but itself."""

from __future__ import annotations

import pytest

from common.flows.sync.import_events import ImportPlan
from tests.flows.setups.flawed_setup import FlawedAtGoogle, FlawedAtOutlook
from tests.flows.setups.graph_setup import stamps as graph_stamps
from tests.flows.setups.sync_setup import at, exported, stamps
from tests.world import ACCOUNT

WORLDS = {"google": FlawedAtGoogle, "microsoft": FlawedAtOutlook}
REASONS = {
    "google": {400: "invalid", 403: "forbidden", 503: "backendError"},
    "microsoft": {400: "ErrorInvalidRequest", 403: "ErrorAccessDenied", 503: "ErrorInternalServerError"},
}


def odd_answers(world, times):
    """Have the calendar answer something that is no event where it is asked for one."""
    side = world.google if isinstance(world, FlawedAtGoogle) else world.microsoft
    return side.add_fault("rewrite", method="events.get", times=times, remove=["id"])


def test_a_removal_in_outlook_that_cannot_be_read_stops_no_delta():
    """It may only have left the range: what is stored of it stays, and it is listed until it can be read."""
    world = FlawedAtOutlook()
    gone = world.enter(at(9))
    world.drain()
    odd_answers(world, times=0)
    world.microsoft.owner.edit_event(world.calendar, gone, graph_stamps(at(9, day=3_000)))
    world.drain()
    world.enter(at(11))
    world.drain()
    during = world.busy(), world.reasons()
    world.microsoft.inspect.clear_faults()
    world.advance(hours=1, minutes=1)
    world.synchronise()

    assert ([at(9), at(11)], ["not_read"]) == during
    assert ([at(11)], []) == (world.busy(), world.reasons())
    assert ["events_unreadable"] == world.notices()


def edit_and_enter(world):
    """The owner moves the exported event, in Outlook out of the range of deltas, and enters another one."""
    if isinstance(world, FlawedAtGoogle):
        world.google.owner.edit_event(ACCOUNT, world.link().event_id, stamps(at(10), 30))
    else:
        far = graph_stamps(at(10, day=3_000), 30)
        world.microsoft.owner.edit_event(world.calendar, world.link().event_id, far)
    world.enter(at(13))


@pytest.mark.parametrize("kind", WORLDS)
def test_an_exported_event_that_cannot_be_read_stops_no_delta(kind):
    """It is looked for in a task of its own; the other events of the calendar arrive as ever."""
    world = exported(WORLDS[kind]())
    odd_answers(world, times=0)
    edit_and_enter(world)
    world.advance(seconds=20)

    assert at(13) in world.busy()
    assert (True, at(9)) == (world.booking().active, world.booking().interval.start)


@pytest.mark.parametrize("status", [400, 403, 503])
@pytest.mark.parametrize("kind", WORLDS)
def test_an_exported_event_whose_reading_is_refused_stops_no_delta(kind, status):
    """However long it is refused: the events behind it arrive, and what its owner did is followed later."""
    world = exported(WORLDS[kind]())
    side = world.google if kind == "google" else world.microsoft
    side.inspect.add_fault(
        "status", method="events.get", times=0, status=status, reason=REASONS[kind][status]
    )
    edit_and_enter(world)
    world.advance(hours=2)
    during = world.busy(), world.booking().active, world.booking().interval.start
    side.inspect.clear_faults()
    world.advance(hours=6)

    assert at(13) in during[0]
    assert (True, at(9)) == during[1:]
    assert world.booking().interval.start == at(10, day=0 if kind == "google" else 3_000)


@pytest.mark.parametrize("kind", WORLDS)
def test_an_exported_event_is_followed_once_it_can_be_read(kind):
    """What its owner did is not lost."""
    world = exported(WORLDS[kind]())
    odd_answers(world, times=1)
    edit_and_enter(world)
    world.advance(hours=1)

    assert not world.errors
    assert world.booking().interval.start == at(10, day=0 if kind == "google" else 3_000)


def test_a_series_of_which_only_the_last_pages_were_read_stays_listed():
    """Whether its first pages are right is not known from them."""
    plan = ImportPlan(units={"long": (), "short": ()}, continued={"long"})

    plan.end_reading()

    assert {"short"} == plan.read
