"""What becomes of a proposal that something else overtakes."""

from __future__ import annotations

import pytest

from common.domain.booking.booking import Source
from common.errors import SlotTaken, StaleVersion, UnknownResource
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.export.proposals import accept_proposal, decline_proposal
from tests.flows.setups.proposal_setup import OWNER, AskingGoogle, AskingOutlook
from tests.flows.setups.sync_setup import at


@pytest.fixture(params=[AskingGoogle, AskingOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


@pytest.mark.pitfall(22)
def test_an_unanswered_proposal_lapses(world):
    """Pitfall 22: after a week nobody can decide any more; the calendar is put right."""
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
def test_a_time_that_somebody_else_has_is_not_accepted(world):
    """Pitfalls 22, 23: the other customer keeps the time, and the proposal can still be declined."""
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
def test_who_puts_the_event_back_takes_the_proposal_back(world):
    """Pitfall 22: calendar and booking agree again, so there is nothing to decide."""
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
def test_a_later_edit_replaces_what_is_proposed(world):
    """Pitfall 22: whoever saw the first proposal cannot accept the second one by mistake."""
    world.edit(minutes=120)
    seen = world.booking().revision
    world.edit(minutes=180)

    with pytest.raises(StaleVersion):
        accept_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER, revision=seen)
    world.accept(revision=world.booking().revision)

    assert at(12) == world.booking().interval.start
    assert ["edit_proposed", "edit_proposed"] == world.notices()


@pytest.mark.pitfall(22)
def test_the_customers_move_overrules_a_proposed_time(world):
    """Pitfall 22: the words stay in question, the time does not."""
    world.edit(minutes=120, title="with dog")

    reschedule(world.ports, tenant=world.tenant, booking="b1", start=at(14), by=OWNER)
    world.settled()
    proposal = world.booking().proposal
    world.accept()

    assert (None, "with dog") == (proposal.interval, proposal.title)
    assert (at(14), "with dog") == (world.booking().interval.start, world.booking().title)
    assert [(at(14), "with dog")] == world.shown()


@pytest.mark.pitfall(22)
def test_a_cancelled_booking_proposes_nothing(world):
    """Pitfall 22: the end ends the question as well."""
    world.edit(minutes=120, title="with dog")

    cancel_booking(world.ports, tenant=world.tenant, booking="b1", by=OWNER)
    world.settled()

    assert (None, []) == (world.booking().proposal, world.shown())
    with pytest.raises(UnknownResource):
        decline_proposal(world.ports, tenant=world.tenant, booking="b1", by=OWNER)
