"""A write that is answered "not found", or by somebody in between: it was not done, and is done again."""

from __future__ import annotations

import pytest

from common.domain.booking.booking import Source
from common.domain.export.exported_event import LinkState
from tests.flows.setups.deletion_setup import KINDS, booked, existing, refuse, simulator, stamp
from tests.flows.setups.graph_setup import Outlook, settled
from tests.flows.setups.notify_setup import cancel
from tests.flows.setups.sync_setup import at


def change(kind):
    """What the provider calls a change of an event."""
    return "events.update" if kind is Outlook else "events.patch"


@pytest.mark.pitfall(4)
@pytest.mark.parametrize("method", ["events.get", "events.delete"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_not_found_leaves_no_event_of_a_cancelled_booking(kind, method):
    """Whether the event is not found by the read or by the deletion itself: it is deleted in the end."""
    world = booked(kind)

    refuse(world, method, 404)
    cancel(world, world.booking())
    settled(world, minutes=40)

    assert [] == existing(world)
    assert LinkState.GONE is world.link().state


@pytest.mark.pitfall(4)
@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_that_somebody_in_between_answers_is_done_again(kind):
    """A page of HTML with status 200 instead of the empty 204 deleted nothing."""
    world = booked(kind)
    simulator(world).inspect.add_fault("html", method="events.delete", status=200, times=1)

    cancel(world, world.booking())
    settled(world, minutes=40)

    assert [] == existing(world)
    assert LinkState.GONE is world.link().state


@pytest.mark.pitfall(4)
@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_that_is_not_found_once_is_written_in_the_end(kind):
    """The customer's move is not undone as if the owner had moved it back, and nobody is told twice."""
    world = booked(kind)

    refuse(world, change(kind), 404)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=40)

    assert at(11) == world.booking().interval.start
    assert Source.EXTERNAL is not world.booking().source
    assert [stamp(at(11))] == existing(world)
    assert LinkState.LIVE is world.link().state
    assert [] == world.notices()


@pytest.mark.pitfall(4)
@pytest.mark.pitfall(22)
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_an_event_that_is_not_found_for_a_while_is_written_in_the_end(kind):
    """The change, and the reads that follow it, do not find the event; the search does."""
    world = booked(kind)

    refuse(world, change(kind), 404)
    refuse(world, "events.get", 404, times=2)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    assert at(11) == world.booking().interval.start
    assert [stamp(at(11))] == existing(world)
    assert LinkState.LIVE is world.link().state
    assert [] == world.notices()
