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

    def mails_to(self, address):
        """The kinds and subjects of what reached somebody, from providers or by mail, since the last call."""
        sent = [*self.google.admin.mails(), *self.microsoft.admin.mails()]
        found = [mail["kind"] for mail in sent if mail["to"] == address]
        found += [mail.subject for mail in self.postbox.to(address)]
        self.mails_received()
        return found

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


class OneCalendar(Two):
    """A resource with one synchronised connection whose exports can be switched on and off."""

    def choose(self, **exports):
        """Change the connection's export settings."""
        (connection,) = self.connections
        change_settings(
            self.ports, tenant="t1", connection=connection.id, settings={"exports": exports}, calendars={}
        )
        self.drain()

    @property
    def connection(self):
        """The connection as it is now."""
        return self.ports.connections.get("t1", self.connections[0].id)

    @property
    def owner(self):
        """What the owner does by hand in the calendar."""
        return self.side(self.connection).owner

    def edit(self, **changes):
        """The owner changes the booking's event by hand; nobody has heard of it yet."""
        calendar, event = self.own_event(self.connection)
        self.owner.edit_event(calendar, event, changes)

    def invite(self, *addresses):
        """The owner has these guests, and no others."""
        if self.connection.provider is GOOGLE:
            self.edit(attendees=[{"email": address} for address in addresses])
        else:
            people = [{"emailAddress": {"address": address, "name": address}} for address in addresses]
            self.edit(attendees=[{**person, "type": "required"} for person in people])

    def events(self):
        """The start times of the exported events in the calendar."""
        (connection,) = self.connections
        (entry,) = self.ports.connections.get("t1", connection.id).calendars.values()
        found = self.side(connection).inspect.events(entry.provider_id)
        own = [one for one in found if one.get("status") != "cancelled" and self.ours(one)]
        return [one["start"]["dateTime"][11:16] for one in own]

    def ours(self, event):
        """Whether Slotbridge created the event."""
        return event["id"].startswith("sb") or (event.get("transactionId") or "").startswith("sb")

    def waiting(self):
        """The connection's outbox entries."""
        (connection,) = self.connections
        return self.ports.ledger.outbox_of("t1", connection.id, 10)
