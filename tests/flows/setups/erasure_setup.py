"""A tenant with everything in it, and its erasure."""

from __future__ import annotations

from common.domain.booking.booking import Customer
from common.domain.calendar.interval import Interval
from common.domain.catalogue.ics_feed import Shows
from common.domain.catalogue.records import Absence
from common.flows.booking.book import book
from common.flows.catalogue.ics_feed import publish_ics_feed
from common.flows.privacy.erasure import start_erasure
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sync_setup import at

CARLA = Customer(name="Carla Canary", email="Carla@Canary.example", phone="+41 79 111 22 33")
DORA = Customer(name="Dora Other", email="dora@other.example")


class Erasing(Life):
    """A synchronised account with events, bookings of two customers, an absence and an ICS feed."""

    def __init__(self, *, events=8, **options):
        super().__init__(**options)
        self.set(imports={"mode": "full", "private": "full"})
        self.fill(events)
        self.synchronise()
        for hour, who in ((8, CARLA), (9, DORA), (10, CARLA)):
            start = at(hour, 15, day=1)
            booked_here = self.book_for(start, who)
            assert booked_here.active
        away = Absence("away", Interval(at(9, day=3), at(12, day=3)))
        self.ports.catalogue.save_absence(self.tenant, "anna", away)
        publish_ics_feed(self.ports, tenant=self.tenant, resource="anna", shows=Shows.BUSY, subject="staff-1")
        self.drain()

    def book_for(self, start, customer, resource="anna"):
        made = book(
            self.ports,
            tenant=self.tenant,
            service="cut",
            resource=resource,
            start=start,
            customer=customer,
            note=customer.name,
        )
        self.drain()
        return made.booking

    def erase(self, **wish):
        """Order an erasure and let it run to its end."""
        confirm = wish.get("customer") or wish.get("resource") or self.tenant
        job = start_erasure(self.ports, tenant=self.tenant, subject="owner-1", confirm=confirm, **wish)
        self.drain()
        for _ in range(12):
            self.advance(minutes=2)
        return self.ports.archive.get(self.tenant, job.id)

    def paths(self, prefix=""):
        return [path for path in self.documents.paths() if path.startswith(prefix)]

    def everything(self):
        return "\n".join(f"{item.path} {item.data}" for item in self.documents.get(self.documents.paths()))


def said(world):
    tasks = [f"{done.task.name} {dict(done.task.payload)}" for done in world.done]
    return "\n".join([*world.log.lines, *tasks])
