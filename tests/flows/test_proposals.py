"""The policy "propose": what an owner did to an event is kept, shown, and decided by somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from common.domain.booking import BookingStatus, Customer, LinkState, Source
from common.domain.catalogue import EditPolicy, OwnerEditPolicy
from common.domain.erasure import anonymised
from common.domain.interval import Interval
from common.domain.manage import Staff
from common.domain.work import OutboxKind
from common.errors import SlotTaken, StaleVersion, UnknownResource
from common.flows.accept_proposal import AcceptProposal, accept_proposal
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.decline_proposal import DeclineProposal, decline_proposal
from common.flows.reschedule import Reschedule, reschedule
from tests.flows import graph_setup
from tests.flows.graph_setup import Outlook
from tests.flows.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT

OWNER = Staff(None)
ASK = OwnerEditPolicy(time=EditPolicy.PROPOSE, text=EditPolicy.PROPOSE, deletion=EditPolicy.PROPOSE)


class Asking:
    """A booked appointment in a synchronised calendar whose tenant wants to be asked."""

    def __init__(self):
        tenant = self.ports.catalogue.tenant(self.tenant)
        self.ports.catalogue.save_tenant(replace(tenant, owner_edits=ASK))
        self.book(at(9))
        self.settled()

    def settled(self):
        self.drain()
        for key in self.connection.calendars:
            self.look(key)
        self.drain()
        self.advance(minutes=2)
        assert not self.errors

    def decide(self, flow, command, **more):
        decided = flow(self.ports, command(self.tenant, "b1", OWNER, **more))
        self.settled()
        return decided

    def accept(self, **more):
        return self.decide(accept_proposal, AcceptProposal, **more)

    def decline(self, **more):
        return self.decide(decline_proposal, DeclineProposal, **more)


class AskingGoogle(Asking, Synced):
    def __init__(self):
        Synced.__init__(self)
        Asking.__init__(self)

    def edit(self, *, minutes=0, title=None, start=None):
        changes = {"summary": title} if title else {}
        if minutes or start:
            changes |= stamps(start or at(9) + timedelta(minutes=minutes), 30)
        self.google.owner.edit_event(ACCOUNT, self.link().event_id, changes)
        self.settled()

    def erase(self):
        self.google.owner.delete_event(ACCOUNT, self.link().event_id)
        self.settled()

    def shown(self):
        return [
            (datetime.fromisoformat(event["start"]["dateTime"]), event["summary"]) for event in self.alive()
        ]


class AskingOutlook(Asking, Outlook):
    def __init__(self):
        Outlook.__init__(self)
        Asking.__init__(self)

    def edit(self, *, minutes=0, title=None, start=None):
        changes = {"subject": title} if title else {}
        if minutes or start:
            changes |= graph_setup.stamps(start or at(9) + timedelta(minutes=minutes), 30)
        self.microsoft.owner.edit_event(self.calendar, self.link().event_id, changes)
        self.settled()

    def erase(self):
        self.microsoft.owner.delete_event(self.calendar, self.link().event_id)
        self.settled()

    def shown(self):
        return [
            (datetime.fromisoformat(event["start"]["dateTime"] + "+00:00"), event["subject"])
            for event in self.microsoft.inspect.events(self.calendar)
        ]


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
    assert ["edit_proposed"] == world.told()
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
    assert ["edit_proposed"] == world.told()
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
    assert ["edit_proposed"] == world.told()


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
        accept_proposal(world.ports, AcceptProposal(world.tenant, "b1", OWNER))


@pytest.mark.pitfall(22)
@pytest.mark.pitfall(23)
def test_a_time_that_somebody_else_has_is_not_accepted(world):
    """Pitfalls 22, 23: the other customer keeps the time, and the proposal can still be declined."""
    world.edit(minutes=120)
    world.book(at(11), "b2")
    world.settled()

    with pytest.raises(SlotTaken):
        accept_proposal(world.ports, AcceptProposal(world.tenant, "b1", OWNER))
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
        accept_proposal(world.ports, AcceptProposal(world.tenant, "b1", OWNER, seen))
    world.accept(revision=world.booking().revision)

    assert at(12) == world.booking().interval.start
    assert ["edit_proposed", "edit_proposed"] == world.told()


@pytest.mark.pitfall(22)
def test_the_customers_move_overrules_a_proposed_time(world):
    """Pitfall 22: the words stay in question, the time does not."""
    world.edit(minutes=120, title="with dog")

    reschedule(world.ports, Reschedule(world.tenant, "b1", at(14), OWNER))
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

    cancel_booking(world.ports, CancelBooking(world.tenant, "b1", OWNER))
    world.settled()

    assert (None, []) == (world.booking().proposal, world.shown())
    with pytest.raises(UnknownResource):
        decline_proposal(world.ports, DeclineProposal(world.tenant, "b1", OWNER))


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("flow", [accept_proposal, decline_proposal])
def test_only_those_who_may_decide_do(world, flow):
    """Pitfall 22: another resource's staff meet a booking that is not there."""
    world.edit(minutes=120)
    command = AcceptProposal if flow is accept_proposal else DeclineProposal

    with pytest.raises(UnknownResource):
        flow(world.ports, command(world.tenant, "b1", Staff(frozenset({"ben"}))))
    with pytest.raises(UnknownResource):
        flow(world.ports, command("t2", "b1", OWNER))


@pytest.mark.pitfall(25)
def test_an_erased_customer_leaves_no_proposed_words(world):
    """Pitfall 25: the owner's words about somebody go with that somebody."""
    world.edit(title="Carla with dog")

    assert anonymised(world.booking(), world.clock.now()).proposal is None
    assert anonymised(world.booking(), world.clock.now()).customer == Customer("Erased")
