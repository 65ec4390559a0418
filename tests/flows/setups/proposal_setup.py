"""Appointments whose tenant wants proposals of what owners change, at either provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.booking.access import Staff
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.flows.export.proposals import accept_proposal, decline_proposal
from tests.flows.setups import graph_setup
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT

OWNER = Staff(None)
ASK = OwnerEditPolicy(time=EditPolicy.PROPOSE, text=EditPolicy.PROPOSE, deletion=EditPolicy.PROPOSE)


class ProposalWorld:
    """A booked appointment in a synchronised calendar whose tenant wants proposals."""

    def __init__(self):
        tenant = self.ports.catalogue.tenant(self.tenant)
        self.ports.catalogue.save_tenant(replace(tenant, owner_edits=ASK))
        self.book(at(9))
        self.settled()

    def settled(self):
        self.drain()
        for key in self.connection.calendars:
            self.request_sync(key)
        self.drain()
        self.advance(minutes=2)
        assert not self.errors

    def decide(self, flow, **more):
        decided = flow(self.ports, tenant=self.tenant, booking="b1", by=OWNER, **more)
        self.settled()
        return decided

    def accept(self, **more):
        return self.decide(accept_proposal, **more)

    def decline(self, **more):
        return self.decide(decline_proposal, **more)


class ProposalsAtGoogle(ProposalWorld, Synced):
    def __init__(self):
        Synced.__init__(self)
        ProposalWorld.__init__(self)

    def edit(self, *, minutes=0, title=None, start=None):
        changes = {"summary": title} if title else {}
        if minutes or start:
            changes |= stamps(start or at(9) + timedelta(minutes=minutes), 30)
        self.google.owner.edit_event(ACCOUNT, self.link().event_id, changes)
        self.settled()

    def stretch(self, *, start, minutes):
        self.google.owner.edit_event(ACCOUNT, self.link().event_id, stamps(start, minutes))
        self.settled()

    def erase(self):
        self.google.owner.delete_event(ACCOUNT, self.link().event_id)
        self.settled()

    def shown(self):
        return [
            (datetime.fromisoformat(event["start"]["dateTime"]), event["summary"])
            for event in self.existing_events()
        ]


class ProposalsAtOutlook(ProposalWorld, Outlook):
    def __init__(self):
        Outlook.__init__(self)
        ProposalWorld.__init__(self)

    def edit(self, *, minutes=0, title=None, start=None):
        changes = {"subject": title} if title else {}
        if minutes or start:
            changes |= graph_setup.stamps(start or at(9) + timedelta(minutes=minutes), 30)
        self.microsoft.owner.edit_event(self.calendar, self.link().event_id, changes)
        self.settled()

    def stretch(self, *, start, minutes):
        changes = graph_setup.stamps(start, minutes)
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
