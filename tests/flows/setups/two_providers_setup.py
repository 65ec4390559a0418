"""One account at Google and one at Microsoft, in one world."""

from __future__ import annotations

from dataclasses import replace

from common.domain.calendar.connection import ProviderKind
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.booking_setup import booked
from tests.world import World

GOOGLE, MICROSOFT = ProviderKind.GOOGLE, ProviderKind.MICROSOFT
ADDRESSES = ("anna@example.com", "anna@contoso.test")


class Two(World):
    """One resource with two connections, both followed, both with the customer as guest who is mailed."""

    def __init__(self, *kinds):
        super().__init__()
        self.catalogue()
        self.connections = []
        for kind, address in zip(kinds, ADDRESSES, strict=False):
            (self.google if kind is GOOGLE else self.microsoft).admin.add_account(address)
            made = self.connect(address, provider=kind)
            choice = {"exports": {"attendee": True, "notify": True}}
            change_settings(self.ports, tenant="t1", connection=made.id, settings=choice, calendars={})
            start_sync(self.ports, tenant="t1", connection=made.id)
            self.drain()
            self.connections.append(made)

    def mails_received(self):
        """Everything that reached the customer, from providers or by mail, since the last call; how many."""
        sent = [
            *self.google.admin.mails(),
            *self.microsoft.admin.mails(),
            *self.postbox.to("zoe@example.net"),
        ]
        for side in (self.google, self.microsoft):
            side.admin.clear_logs()
        self.postbox.mails.clear()
        return len(sent)

    def own_event(self, connection):
        """The one event of ours in a connection's calendar."""
        link = self.ports.bookings.link("t1", connection.id, self.booking)
        return link.calendar_id, link.event_id

    def book(self):
        self.booking = booked(self).booking.id
        self.drain()
        return self.ports.bookings.get("t1", self.booking)

    def side(self, connection):
        return self.google if connection.provider is GOOGLE else self.microsoft

    def set_status(self, connection, status):
        """Store another status of a connection."""
        current = self.ports.connections.get("t1", connection.id)
        self.ports.connections.save(replace(current, status=status))
