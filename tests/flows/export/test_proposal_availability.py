"""Accepting a proposed time checks the calendars at that moment, like any other change of a time."""

from __future__ import annotations

import pytest

from common.errors import AvailabilityUnknown, SlotTaken
from common.flows.export.proposals import accept_proposal
from tests.flows.setups.proposal_setup import OWNER, ProposalsAtGoogle, ProposalsAtOutlook
from tests.flows.setups.sync_setup import at


@pytest.fixture(params=[ProposalsAtGoogle, ProposalsAtOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


def accept(world):
    """Accept the booking's proposal."""
    return accept_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER)


def make_calendar_unavailable(world):
    """From now on the calendar answers every request with 503."""
    side, method = (
        (world.google, "events.list") if isinstance(world, ProposalsAtGoogle) else (world.microsoft, "*")
    )
    side.add_fault("status", method=method, status=503, times=0)


@pytest.mark.pitfall(1)
@pytest.mark.pitfall(22)
def test_a_time_that_became_busy_is_not_accepted(world):
    """Pitfalls 1, 22: an event that was not synchronised yet counts; the proposal can still be declined."""
    world.edit(minutes=120)
    world.enter(at(11, 15), minutes=30)

    with pytest.raises(SlotTaken):
        accept(world)
    still = world.booking()
    world.decline()

    assert (at(9), at(11)) == (still.interval.start, still.proposal.interval.start)
    assert (at(9), None) == (world.booking().interval.start, world.booking().proposal)


@pytest.mark.pitfall(1)
@pytest.mark.pitfall(22)
def test_no_time_is_accepted_while_the_calendar_is_unavailable(world):
    """Pitfalls 1, 22: unknown is never free; the proposal stays."""
    world.edit(minutes=120)
    make_calendar_unavailable(world)

    with pytest.raises(AvailabilityUnknown):
        accept(world)

    assert at(9) == world.booking().interval.start
    assert world.booking().proposal is not None


@pytest.mark.pitfall(22)
def test_the_bookings_own_event_does_not_block_the_proposed_time(world):
    """Pitfall 22: the new time may overlap the booking's old time and its own event."""
    world.edit(minutes=15)

    assert at(9, 15) == accept(world).interval.start


@pytest.mark.pitfall(22)
def test_a_longer_proposed_time_is_checked_to_its_end(world):
    """Pitfall 22: an event near the end of the longer time is found too."""
    start, end = at(11), at(13)
    span = {"start": start, "minutes": 120}
    world.stretch(**span)
    proposed = world.booking().proposal.interval
    world.enter(at(12, 45), minutes=10)

    with pytest.raises(SlotTaken):
        accept(world)

    assert (start, end) == (proposed.start, proposed.end)


@pytest.mark.pitfall(22)
def test_accepting_a_title_needs_no_free_time(world):
    """Pitfall 22: where no time changes, no calendar is asked."""
    world.edit(title="with dog")
    make_calendar_unavailable(world)

    assert "with dog" == accept(world).title
