"""One calendar that two people's accounts share, and to which both of their connections export."""

from __future__ import annotations

from dataclasses import replace

from common.domain.calendar.connection import CalendarUse
from common.domain.catalogue.records import Resource
from common.flows.connect.consent import start_consent
from common.flows.connect.disconnect import start_disconnect
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.booking_setup import CUSTOMER, booked
from tests.flows.setups.two_providers_setup import GOOGLE
from tests.world import ACCOUNT, OUTLOOK, RETURN_TO, WEEKDAYS, World

PARTNERS = {True: (ACCOUNT, "bea@example.com"), False: (OUTLOOK, "bea@contoso.test")}


class SharedCalendar(World):
    """Anna owns the calendar "Team" and shares it with Bea; both connections write their bookings there.

    They are connections of one resource, or, with ``resource``, the second one of another.
    """

    def __init__(self, kind, *, resource="anna", **exports):
        super().__init__()
        self.catalogue()
        if resource != "anna":
            self._add_resource(resource)
        self.kind = kind
        self.connections = []
        accounts = PARTNERS[kind is GOOGLE]
        admin = self.side.admin
        for account in accounts:
            admin.add_account(account)
        self.team = admin.add_calendar(accounts[0], "Team")
        if kind is GOOGLE:
            admin.share(self.team, accounts[1], "writer")
        else:
            admin.share(self.team, accounts[1], can_edit=True)
        for account, owner in zip(accounts, ("anna", resource), strict=True):
            made = self.connect(account, resource=owner, provider=kind)
            target = next(key for key, entry in made.calendars.items() if entry.name == "Team")
            change_settings(
                self.ports,
                tenant="t1",
                connection=made.id,
                settings={"exports": {"target": target, **exports}},
                calendars={target: CalendarUse.IMPORT},
            )
            start_sync(self.ports, tenant="t1", connection=made.id)
            self.drain()
            self.connections.append(made)

    def _add_resource(self, name):
        bea = Resource(id=name, name="Bea", email="bea@x.test", zone="Europe/Zurich", hours=WEEKDAYS)
        self.ports.catalogue.save_resource("t1", bea)
        cut = self.ports.catalogue.service("t1", "cut")
        self.ports.catalogue.save_service("t1", replace(cut, resources=("anna", name)))

    def consent(self, email=ACCOUNT, *, resource="anna", provider=GOOGLE, connection=None, **_):
        """A consent as ever; in Outlook an administrator gave the permission for shared calendars too."""
        started = start_consent(
            self.ports,
            tenant="t1",
            resource=resource,
            provider=provider,
            subject="staff-1",
            return_to=RETURN_TO,
            connection=connection,
        )
        asked = started.url.replace("Calendars.ReadWrite", "Calendars.ReadWrite+Calendars.ReadWrite.Shared")
        return self.follow_redirect(self.side.consent(asked, account=email))

    @property
    def side(self):
        """The provider's simulator."""
        return self.google if self.kind is GOOGLE else self.microsoft

    def connection(self, number):
        """One of the connections as it is now."""
        return self.ports.connections.get("t1", self.connections[number].id)

    def choose(self, number, **exports):
        """Change the export settings of one connection."""
        change_settings(
            self.ports,
            tenant="t1",
            connection=self.connections[number].id,
            settings={"exports": exports},
            calendars={},
        )

    def end(self, number):
        """Disconnect one connection."""
        start_disconnect(self.ports, tenant="t1", connection=self.connections[number].id)

    def book(self, clock="10:00", *, resource="anna"):
        """A booking, with everything that follows from it."""
        made = booked(self, clock, resource=resource).booking
        self.drain()
        return made

    def booking(self, made):
        """The booking as it is now."""
        return self.ports.bookings.get("t1", made.id)

    def settle(self, hours=28):
        """Let more time pass than the daily listing of a calendar takes."""
        for _ in range(0, hours, 4):
            self.maintain()
            self.advance(hours=4)

    def starts(self, calendar=None):
        """The start times of what Slotbridge wrote and is still in a calendar."""
        found = self.side.inspect.events(calendar or self.team)
        there = [one for one in found if one.get("status") != "cancelled"]
        own = [one for one in there if (one.get("transactionId") or one["id"]).startswith("sb")]
        return sorted(one["start"]["dateTime"][11:16] for one in own)

    def heard(self):
        """What the customer was mailed since the last call."""
        sent = [mail.subject for mail in self.postbox.to(CUSTOMER.email)]
        sent += [mail["kind"] for mail in self.side.admin.mails() if mail["to"] == CUSTOMER.email]
        self.postbox.mails.clear()
        self.side.admin.clear_logs()
        return sent
