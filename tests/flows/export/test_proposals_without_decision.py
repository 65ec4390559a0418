"""How a proposal ends without a decision, or is refused because something else changed."""

from __future__ import annotations

import pytest

from common.domain.booking.booking import Source
from common.errors import SlotTaken, StaleVersion, UnknownResource
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.export.proposals import accept_proposal, decline_proposal
from tests.flows.setups.proposal_setup import OWNER, ProposalsAtGoogle, ProposalsAtOutlook
from tests.flows.setups.sync_setup import at


@pytest.fixture(params=[ProposalsAtGoogle, ProposalsAtOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


@pytest.mark.pitfall(22)
def test_an_undecided_proposal_expires(world):
    """Pitfall 22: after a week it can no longer be accepted, and the event shows the booking again."""
    before = world.shown()
    world.edit(minutes=120, title="with dog")
    expires = world.booking().proposal.expires_at

    world.advance(seconds=(expires - world.clock.now()).total_seconds() + 1)
    world.settled()

    assert before == world.shown()
    assert (None, Source.SYSTEM) == (world.booking().proposal, world.booking().source)
    with pytest.raises(UnknownResource):
        accept_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER)


@pytest.mark.pitfall(22)
@pytest.mark.pitfall(23)
def test_a_time_that_another_customer_booked_is_not_accepted(world):
    """Pitfalls 22, 23: the other booking keeps the time, and the proposal can still be declined."""
    world.edit(minutes=120)
    world.book(at(11), "b2")
    world.settled()

    with pytest.raises(SlotTaken):
        accept_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER)
    still = world.booking().proposal
    world.decline()

    assert still is not None
    assert [at(9), at(11)] == sorted(start for start, _ in world.shown())


@pytest.mark.pitfall(22)
def test_undoing_the_edit_withdraws_the_proposal(world):
    """Pitfall 22: calendar and booking agree, so there is nothing left to decide."""
    title = world.shown()[0][1]
    world.edit(minutes=120, title="with dog")
    proposed = world.booking().proposal

    world.edit(title=title)
    words_back = world.booking().proposal
    world.edit(start=at(9))

    assert (proposed.title, words_back.title) == ("with dog", None)
    assert words_back.interval == proposed.interval
    assert None is world.booking().proposal


@pytest.mark.pitfall(22)
def test_a_later_edit_replaces_the_proposal(world):
    """Pitfall 22: accepting with the revision of the first proposal is refused."""
    world.edit(minutes=120)
    seen = world.booking().revision
    world.edit(minutes=180)

    with pytest.raises(StaleVersion):
        accept_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER, revision=seen)
    world.accept(revision=world.booking().revision)

    assert at(12) == world.booking().interval.start
    assert ["edit_proposed", "edit_proposed"] == world.notices()


@pytest.mark.pitfall(22)
def test_rescheduling_withdraws_the_proposed_time(world):
    """Pitfall 22: a proposed title still waits for a decision, the proposed time does not."""
    world.edit(minutes=120, title="with dog")

    reschedule(world.ports, tenant=world.tenant, booking="b1", start=at(14), by=OWNER)
    world.settled()
    proposal = world.booking().proposal
    world.accept()

    assert (None, "with dog") == (proposal.interval, proposal.title)
    assert (at(14), "with dog") == (world.booking().interval.start, world.booking().title)
    assert [(at(14), "with dog")] == world.shown()


@pytest.mark.pitfall(22)
def test_a_cancellation_withdraws_the_proposal(world):
    """Pitfall 22: there is nothing to decide any more, and no event."""
    world.edit(minutes=120, title="with dog")

    cancel_booking(world.ports, tenant=world.tenant, booking="b1", by=OWNER)
    world.settled()

    assert (None, []) == (world.booking().proposal, world.shown())
    with pytest.raises(UnknownResource):
        decline_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER)
