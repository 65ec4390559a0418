"""One booking in two calendars whose owner edits both events: in the end all three agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import EditPolicy
from common.domain.shared.task_records import LapseProposal
from common.flows.export.proposals import (
    accept_proposal,
    decline_proposal,
    lapse_proposal,
)
from common.flows.privacy.erasure import start_erasure
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups import graph_setup, sync_setup
from tests.flows.setups.booking_setup import booked
from tests.flows.setups.proposal_setup import ASK, OWNER
from tests.whole_lists import every
from tests.world import World

GOOGLE, MICROSOFT = ProviderKind.GOOGLE, ProviderKind.MICROSOFT
ADDRESSES = ("anna@example.com", "anna@contoso.test")


class TwoCalendars(World):
    """A resource with one booking in two calendars, of a tenant with the edit policy "propose"."""

    def __init__(self, *kinds):
        super().__init__()
        self.catalogue()
        self.policy(ASK)
        self.connections = []
        for kind, address in zip(kinds, ADDRESSES, strict=True):
            self.side(kind).admin.add_account(address)
            made = self.connect(address, provider=kind)
            start_sync(self.ports, tenant="t1", connection=made.id)
            self.drain()
            self.connections.append(made)
        self.name = booked(self).booking.id
        self.settled()
        self.start = self.booking.interval.start
        self.words = self.shown(0)[1]

    def policy(self, policy):
        """Set the tenant's policy for owners' edits."""
        tenant = self.ports.catalogue.tenant("t1")
        self.ports.catalogue.save_tenant(replace(tenant, owner_edits=policy))

    def side(self, kind):
        """The simulator of this provider."""
        return self.google if kind is GOOGLE else self.microsoft

    @property
    def booking(self):
        """The current booking."""
        return self.ports.bookings.get("t1", self.name)

    def settled(self):
        """Run all tasks for some minutes, without errors."""
        for _ in range(2):
            self.drain()
            self.advance(minutes=5)
        assert self.errors == []

    def place(self, which):
        """A connection's provider, and the ids of calendar and event."""
        connection = self.connections[which]
        link = self.ports.bookings.link("t1", connection.id, self.name)
        return connection.provider, link.calendar_id, link.event_id

    def edit(self, which, *, hours=0, title=None):
        """The owner edits the event in one of the calendars."""
        kind, calendar, event = self.place(which)
        words, setup = ("summary", sync_setup) if kind is GOOGLE else ("subject", graph_setup)
        changes = {words: title} if title else {}
        if hours:
            changes |= setup.stamps(self.start + timedelta(hours=hours), 30)
        self.side(kind).owner.edit_event(calendar, event, changes)
        self.settled()

    def delete(self, which):
        """The owner deletes the event in one of the calendars."""
        kind, calendar, event = self.place(which)
        self.side(kind).owner.delete_event(calendar, event)
        self.settled()

    def shown(self, which):
        """Start and title of the event in one of the calendars, or None."""
        kind, calendar, _ = self.place(which)
        events = [event for event in self.side(kind).inspect.events(calendar) if self.ours(event)]
        assert len(events) < 2
        for event in events:
            moment = datetime.fromisoformat(event["start"]["dateTime"] + ("" if kind is GOOGLE else "+00:00"))
            return moment, event["summary" if kind is GOOGLE else "subject"]
        return None

    @staticmethod
    def ours(event):
        """Whether this is an undeleted event of Slotbridge."""
        named = event["id"].startswith("sb") or (event.get("transactionId") or "").startswith("sb")
        return named and event.get("status") != "cancelled"

    def notices(self):
        """The kinds of all notices, each with the number of its connection, oldest first."""
        names = {item.id: number for number, item in enumerate(self.connections)}
        found = reversed(every(self.ports.lists.notices, "t1"))
        return [(item.kind.value, names[item.connection]) for item in found]

    def assert_equal(self, hours=0, title=None):
        """Assert that the booking and both events have this time and title, and no proposal is left."""
        start = self.start + timedelta(hours=hours)
        assert (start, None) == (self.booking.interval.start, self.booking.proposal)
        assert [(start, title or self.words)] * 2 == [self.shown(0), self.shown(1)]


def decide(two, flow):
    """Accept or decline the proposal."""
    flow(two.ports, tenant="t1", booking=two.name, by=OWNER)
    two.settled()


def expire(two):
    """Let the proposal expire."""
    two.clock.advance_to(two.booking.proposal.expires_at)
    lapse_proposal(two.ports, LapseProposal("t1", two.name, "gone"))
    two.settled()


@pytest.fixture(
    params=[(GOOGLE, GOOGLE), (GOOGLE, MICROSOFT), (MICROSOFT, GOOGLE), (MICROSOFT, MICROSOFT)],
    ids="-".join,
)
def two(request):
    return TwoCalendars(*request.param)


@pytest.mark.pitfall(22)
def test_the_later_edit_becomes_the_proposal(two):
    """Pitfall 22: the first edited event is restored at once, and its owner gets a notice."""
    two.edit(0, hours=1, title="with dog")
    two.edit(1, hours=2)
    proposal = two.booking.proposal

    assert (two.connections[1].id, None) == (proposal.connection, proposal.title)
    assert two.start + timedelta(hours=2) == proposal.interval.start
    assert (two.start, two.words) == two.shown(0)
    assert [("edit_proposed", 0), ("edit_proposed", 1), ("edit_reverted", 0)] == sorted(
        two.notices(), key=lambda item: (item[0], item[1])
    )


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("end", ["accept", "decline", "lapse"])
def test_every_decision_makes_both_events_equal_the_booking(two, end):
    """Pitfall 22: accepted, declined or expired, calendars and booking agree."""
    two.edit(0, hours=1, title="with dog")
    two.edit(1, hours=2)
    if end == "accept":
        decide(two, accept_proposal)
    elif end == "decline":
        decide(two, decline_proposal)
    else:
        expire(two)

    two.assert_equal(hours=2 if end == "accept" else 0)


@pytest.mark.pitfall(22)
def test_a_deletion_replaces_a_proposed_edit_and_an_edit_a_proposed_deletion(two):
    """Pitfall 22: each time the earlier change is undone, and a deleted event is recreated."""
    two.edit(0, hours=1)
    two.delete(1)
    first = (two.booking.proposal.deletion, two.shown(0), two.shown(1))
    two.edit(0, title="with dog")
    second = (two.booking.proposal.title, two.shown(1))
    decide(two, decline_proposal)

    assert (True, (two.start, two.words), None) == first
    assert ("with dog", (two.start, two.words)) == second
    two.assert_equal()


@pytest.mark.pitfall(22)
def test_a_reverted_deletion_keeps_the_proposal_of_the_other_calendar(two):
    """Pitfall 22: where deletions are reverted, a proposal from another calendar stays undecided."""
    two.policy(replace(ASK, deletion=EditPolicy.REVERT))
    two.edit(0, hours=1)
    two.delete(1)
    waiting = two.booking.proposal
    decide(two, decline_proposal)

    assert two.connections[0].id == waiting.connection
    two.assert_equal()


@pytest.mark.pitfall(22)
def test_an_applied_new_time_withdraws_a_proposed_one(two):
    """Pitfall 22: the policy changed to "apply", the booking has another time, so the proposal is void."""
    two.edit(0, hours=1)
    two.policy(replace(ASK, time=EditPolicy.APPLY))
    two.edit(1, hours=2)

    two.assert_equal(hours=2)


@pytest.mark.pitfall(22)
@pytest.mark.pitfall(25)
def test_erasing_a_customer_withdraws_the_proposed_time(two):
    """Pitfalls 22, 25: the proposal ends, and both events show the booking's time."""
    two.edit(0, hours=1)
    email = two.booking.customer.email
    start_erasure(two.ports, tenant="t1", subject="owner-1", confirm=email, customer=email)
    two.settled()

    assert (two.start, None) == (two.booking.interval.start, two.booking.proposal)
    assert [two.start] * 2 == [two.shown(0)[0], two.shown(1)[0]]
