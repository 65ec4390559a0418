"""The policy "propose": what an owner did to an event is kept, shown, and decided by somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.booking.booking import BookingStatus, Customer, Source
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import LinkState
from common.domain.privacy.erasure import anonymised
from common.domain.shared.outbox import OutboxKind
from common.errors import UnknownResource
from common.flows.export.proposals import accept_proposal, decline_proposal
from tests.flows.setups.proposal_setup import OWNER, AskingGoogle, AskingOutlook
from tests.flows.setups.sync_setup import at


@pytest.fixture(params=[AskingGoogle, AskingOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


def promised(world):
    return world.ports.ledger.outbox_due(world.clock.now() + timedelta(days=30), 99)


@pytest.mark.pitfall(22)
def test_a_proposal_waits_beside_the_booking(world):
    """Pitfall 22: time and words are kept, nothing of the booking changes, and the owner is told once."""
    world.edit(minutes=120, title="with dog")
    world.settled()
    booking = world.booking()

    assert (at(9), None) == (booking.interval.start, booking.title)
    assert (Interval(at(11), at(11, 30)), "with dog") == (booking.proposal.interval, booking.proposal.title)
    assert (booking.proposal.connection, booking.proposal.deletion) == (world.connection_id, False)
    assert [(at(11), "with dog")] == world.shown()
    assert ["edit_proposed"] == world.notices()
    assert "with dog" not in repr(booking)


@pytest.mark.pitfall(22)
@pytest.mark.parametrize(("minutes", "title"), [(120, None), (0, "with dog"), (120, "with dog")])
def test_what_is_accepted_becomes_the_booking(world, minutes, title):
    """Pitfall 22: the booking and every calendar show it, and it stays so."""
    before = world.shown()[0][1]
    world.edit(minutes=minutes, title=title)

    accepted = world.accept(revision=world.booking().revision)
    world.settled()

    assert world.booking().interval.start == at(9) + timedelta(minutes=minutes)
    assert (world.booking().title, world.booking().proposal) == (title, None)
    assert accepted.source is Source.STAFF
    assert [(at(9) + timedelta(minutes=minutes), title or before)] == world.shown()
    assert ["edit_proposed"] == world.notices()
    assert [] == [entry for entry in promised(world) if entry.kind is OutboxKind.PROPOSAL]


@pytest.mark.pitfall(22)
@pytest.mark.parametrize(("minutes", "title"), [(120, None), (0, "with dog"), (120, "with dog")])
def test_what_is_declined_is_undone_in_the_calendar(world, minutes, title):
    """Pitfall 22: the event becomes again what the booking says, and nobody is asked again."""
    before = world.shown()
    world.edit(minutes=minutes, title=title)

    world.decline(revision=world.booking().revision)
    world.settled()

    assert before == world.shown()
    assert (at(9), None, None) == (
        world.booking().interval.start,
        world.booking().title,
        world.booking().proposal,
    )
    assert ["edit_proposed"] == world.notices()


@pytest.mark.pitfall(22)
def test_an_accepted_deletion_cancels(world):
    """Pitfall 22: the time is free again, and no event comes back."""
    world.erase()
    proposed = world.booking()

    world.accept()

    assert (proposed.active, proposed.proposal.deletion) == (True, True)
    assert BookingStatus.CANCELLED is world.booking().status
    assert [] == world.shown()
    assert [] == [path for path in world.documents.paths() if "/cells/" in path]


@pytest.mark.pitfall(22)
def test_a_declined_deletion_brings_the_event_back(world):
    """Pitfall 22: a new event, once, because providers never free the id of a deleted one."""
    before = world.shown()
    world.erase()
    meanwhile = world.shown()

    world.decline()
    world.settled()

    assert ([], before) == (meanwhile, world.shown())
    assert (True, None) == (world.booking().active, world.booking().proposal)
    assert LinkState.LIVE is world.link().state


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("flow", [accept_proposal, decline_proposal])
def test_only_those_who_may_decide_do(world, flow):
    """Pitfall 22: another resource's staff meet a booking that is not there."""
    world.edit(minutes=120)

    with pytest.raises(UnknownResource):
        flow(world.ports, tenant=world.tenant, booking="b1", by=Staff(frozenset({"ben"})))
    with pytest.raises(UnknownResource):
        flow(world.ports, tenant="t2", booking="b1", by=OWNER)


@pytest.mark.pitfall(25)
def test_an_erased_customer_leaves_no_proposed_words(world):
    """Pitfall 25: the owner's words about somebody go with that somebody."""
    world.edit(title="Carla with dog")

    assert anonymised(world.booking(), world.clock.now()).proposal is None
    assert anonymised(world.booking(), world.clock.now()).customer == Customer("Erased")
