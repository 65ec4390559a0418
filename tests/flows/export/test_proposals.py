"""The edit policy "propose": an owner's edit of an event is kept as a proposal and decided by somebody."""

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
from tests.flows.setups.proposal_setup import OWNER, ProposalsAtGoogle, ProposalsAtOutlook
from tests.flows.setups.sync_setup import at


@pytest.fixture(params=[ProposalsAtGoogle, ProposalsAtOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


def outbox_entries(world):
    """The outbox entries due within 30 days."""
    return world.ports.ledger.outbox_due(world.clock.now() + timedelta(days=30), 99)


@pytest.mark.pitfall(22)
def test_an_edit_is_kept_as_a_proposal(world):
    """Pitfall 22: it has the new time and title; the booking is unchanged; the owner gets one notice."""
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
def test_an_accepted_proposal_changes_the_booking(world, minutes, title):
    """Pitfall 22: the booking and the event show the proposed time and title, and stay so."""
    before = world.shown()[0][1]
    world.edit(minutes=minutes, title=title)

    accepted = world.accept(revision=world.booking().revision)
    world.settled()

    assert world.booking().interval.start == at(9) + timedelta(minutes=minutes)
    assert (world.booking().title, world.booking().proposal) == (title, None)
    assert accepted.source is Source.STAFF
    assert [(at(9) + timedelta(minutes=minutes), title or before)] == world.shown()
    assert ["edit_proposed"] == world.notices()
    assert [] == [entry for entry in outbox_entries(world) if entry.kind is OutboxKind.PROPOSAL]


@pytest.mark.pitfall(22)
@pytest.mark.parametrize(("minutes", "title"), [(120, None), (0, "with dog"), (120, "with dog")])
def test_a_declined_proposal_restores_the_event(world, minutes, title):
    """Pitfall 22: the event shows the booking again, and no further notice is sent."""
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
def test_an_accepted_deletion_cancels_the_booking(world):
    """Pitfall 22: the time is free again, and no event is created."""
    world.erase()
    proposed = world.booking()

    world.accept()

    assert (proposed.active, proposed.proposal.deletion) == (True, True)
    assert BookingStatus.CANCELLED is world.booking().status
    assert [] == world.shown()
    assert [] == [path for path in world.documents.paths() if "/cells/" in path]


@pytest.mark.pitfall(22)
def test_a_declined_deletion_recreates_the_event(world):
    """Pitfall 22: as a new event, because providers never free the id of a deleted one."""
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
def test_only_authorised_staff_decide_on_a_proposal(world, flow):
    """Pitfall 22: another resource's staff and another tenant get "unknown"."""
    world.edit(minutes=120)

    with pytest.raises(UnknownResource):
        flow(world.ports, tenant=world.tenant, booking="b1", by=Staff(frozenset({"ben"})))
    with pytest.raises(UnknownResource):
        flow(world.ports, tenant="t2", booking="b1", by=OWNER)


@pytest.mark.pitfall(25)
def test_erasing_a_customer_erases_the_proposed_title(world):
    """Pitfall 25: what the owner wrote about the customer is erased with the customer's data."""
    world.edit(title="Carla with dog")

    assert anonymised(world.booking(), world.clock.now()).proposal is None
    assert anonymised(world.booking(), world.clock.now()).customer == Customer("Erased")
