"""Accepting a proposed time asks the calendars at that moment, as any other change of a time does."""

from __future__ import annotations

import pytest

from common.errors import AvailabilityUnknown, SlotTaken
from common.flows.export.proposals import accept_proposal
from tests.flows.setups.proposal_setup import OWNER, AskingGoogle, AskingOutlook
from tests.flows.setups.sync_setup import at


@pytest.fixture(params=[AskingGoogle, AskingOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


def accepted(world):
    return accept_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER)


def silence(world):
    """From now on the calendar answers nobody."""
    side, method = (
        (world.google, "events.list") if isinstance(world, AskingGoogle) else (world.microsoft, "*")
    )
    side.add_fault("status", method=method, status=503, times=0)


@pytest.mark.pitfall(1)
@pytest.mark.pitfall(22)
def test_a_time_at_which_the_owner_is_busy_meanwhile_is_not_accepted(world):
    """Pitfalls 1, 22: nobody told us of the event yet, and still it counts; the proposal can be declined."""
    world.edit(minutes=120)
    world.enter(at(11, 15), minutes=30)

    with pytest.raises(SlotTaken):
        accepted(world)
    still = world.booking()
    world.decline()

    assert (at(9), at(11)) == (still.interval.start, still.proposal.interval.start)
    assert (at(9), None) == (world.booking().interval.start, world.booking().proposal)


@pytest.mark.pitfall(1)
@pytest.mark.pitfall(22)
def test_a_calendar_that_does_not_answer_accepts_no_time(world):
    """Pitfalls 1, 22: unknown is never free; the proposal stays."""
    world.edit(minutes=120)
    silence(world)

    with pytest.raises(AvailabilityUnknown):
        accepted(world)

    assert at(9) == world.booking().interval.start
    assert world.booking().proposal is not None


@pytest.mark.pitfall(22)
def test_the_moved_event_is_not_in_its_own_way(world):
    """Pitfall 22: a time that overlaps the old one, and the event that shows it, are the booking's own."""
    world.edit(minutes=15)

    assert at(9, 15) == accepted(world).interval.start


@pytest.mark.pitfall(22)
def test_a_longer_time_is_asked_for_to_its_end(world):
    """Pitfall 22: the owner made room for more; what is there by now is seen although it begins late."""
    start, end = at(11), at(13)
    span = {"start": start, "minutes": 120}
    world.stretch(**span)
    proposed = world.booking().proposal.interval
    world.enter(at(12, 45), minutes=10)

    with pytest.raises(SlotTaken):
        accepted(world)

    assert (start, end) == (proposed.start, proposed.end)


@pytest.mark.pitfall(22)
def test_words_and_deletions_need_no_free_time(world):
    """Pitfall 22: where no time changes, nobody is asked for one."""
    world.edit(title="with dog")
    silence(world)

    assert "with dog" == accepted(world).title
