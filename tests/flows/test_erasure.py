"""Erasing a tenant, a resource or a customer: nothing is left, here or at the provider, but the receipt."""

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking import Customer
from common.domain.catalogue import Absence
from common.domain.erasure import Scope, Stage
from common.domain.interval import Interval
from common.domain.subscription import Shows
from common.errors import InvalidRequest, UnknownResource
from common.flows.advance_erasure import AdvanceErasure, advance_erasure
from common.flows.book import Book, book
from common.flows.publish_feed import PublishFeed, publish_feed
from common.flows.read_export import ReadExport, read_export
from common.flows.start_erasure import StartErasure, start_erasure
from common.ports import Tuning
from tests.crashing import Crash, Plan, mortal
from tests.flows.life_setup import Life
from tests.flows.sync_setup import at
from tests.world import ACCOUNT, World

CARLA = Customer(name="Carla Canary", email="Carla@Canary.example", phone="+41 79 111 22 33")
DORA = Customer(name="Dora Other", email="dora@other.example")


class Erasing(Life):
    """A synchronised account with events, bookings of two customers, an absence and a feed."""

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
        publish_feed(self.ports, PublishFeed(self.tenant, "anna", Shows.BUSY, "staff-1"))
        self.drain()

    def book_for(self, start, customer, resource="anna"):
        made = book(self.ports, Book(self.tenant, "cut", resource, start, customer, note=customer.name))
        self.drain()
        return made.booking

    def erase(self, **wish):
        """Order an erasure and let it run to its end."""
        confirm = wish.get("customer") or wish.get("resource") or self.tenant
        job = start_erasure(self.ports, StartErasure(self.tenant, "owner-1", confirm, **wish))
        self.drain()
        for _ in range(12):
            self.advance(minutes=2)
        return self.ports.archive.get(self.tenant, job.id)

    def paths(self, prefix=""):
        return [path for path in self.documents.paths() if path.startswith(prefix)]

    def everything(self):
        return "\n".join(f"{item.path} {item.data}" for item in self.documents.get(self.documents.paths()))


class Often(Plan):
    """Kills again and again, each time one call later than the last time."""

    def around(self, name, call):
        try:
            return super().around(name, call)
        except Crash:
            self.arm(self.crashes + 1, after=self.after)
            raise


def said(world):
    tasks = [f"{done.task.name} {dict(done.task.payload)}" for done in world.done]
    return "\n".join([*world.log.lines, *tasks])


def test_a_tenant_is_erased_to_the_last_document():
    """G4: own events are deleted, the grant is given back, and only receipt and audit entry stay."""
    life = Erasing()
    other = replace(life.ports.catalogue.tenant("t1"), id="t2", version=None)
    life.ports.catalogue.save_tenant(other)
    assert len(life.own()) == 3
    receipt = life.erase()
    left = life.paths("tenants/t1")

    assert (receipt.stage, receipt.scope) == (Stage.DONE, Scope.TENANT)
    assert [path.rsplit("/", 1)[0] for path in left] == ["tenants/t1/audit", "tenants/t1/erasures"]
    assert life.paths("tenants/t2") == ["tenants/t2"]
    assert life.paths("outbox") == life.paths("oauth_states") == []
    assert (receipt.connections_ended, receipt.events_erased, receipt.events_left) == (1, 3, 0)
    assert receipt.documents_erased > 20
    assert life.own() == []
    assert len(life.alive(ACCOUNT)) == 8
    assert life.google.inspect.grants() == []
    assert [word for word in ("Canary", "Dora", "secret", ACCOUNT) if word in life.everything()] == []


def test_a_resource_is_erased_and_the_others_stay():
    """G4: its connection, bookings, feed and absences go; another resource of the service goes on."""
    life = Erasing()
    ports = life.ports
    bob = replace(ports.catalogue.resource("t1", "anna"), id="bob", name="Bob", email=None, version=None)
    ports.catalogue.save_resource("t1", bob)
    service = ports.catalogue.service("t1", "cut")
    ports.catalogue.save_service("t1", replace(service, resources=("anna", "bob")))
    kept = life.book_for(at(9, 30, day=2), DORA, resource="bob")
    receipt = life.erase(resource="anna")

    assert receipt.stage is Stage.DONE
    assert [path for path in life.paths("tenants/t1") if "/resources/anna" in path] == []
    assert [path for path in life.paths("tenants/t1") if "/connections/" in path] == []
    assert [item.id for item in ports.bookings.page("t1", after=None, limit=10)] == [kept.id]
    assert ports.catalogue.service("t1", "cut").resources == ("bob",)
    assert life.own() == []
    assert [word for word in ("Canary", "secret", ACCOUNT) if word in life.everything()] == []


@pytest.mark.pitfall(25)
def test_a_customer_is_forgotten_everywhere():
    """G4: the appointments stay, of nobody in particular, in the store and in the calendar."""
    life = Erasing()
    receipt = life.erase(customer="carla@canary.EXAMPLE")
    bookings = life.ports.bookings.page("t1", after=None, limit=10)
    texts = [f"{event.get('summary')} {event.get('description')}" for event in life.own()]

    assert (receipt.stage, receipt.bookings_anonymised, receipt.events_erased) == (Stage.DONE, 2, 2)
    assert sorted(item.customer.name for item in bookings) == ["Dora Other", "Erased", "Erased"]
    assert all(item.active for item in bookings)
    assert sorted("Erased" in text for text in texts) == [False, True, True]
    canaries = ("Canary", "canary", "111 22 33")
    assert [word for word in canaries if word in life.everything() + str(texts) + said(life)] == []
    assert (receipt.address, "Carla" in str(receipt)) == (None, False)
    assert receipt.subject == life.erase(customer="CARLA@canary.example").subject


def test_a_customer_as_attendee_is_taken_out_of_the_event():
    """Where the customer was a guest of the event, the guest is removed, and nobody is mailed."""
    life = Erasing()
    life.set(exports={"attendee": True, "notify": True})
    life.book_for(at(14, day=1), CARLA)
    assert "canary" in str(life.own()).casefold()
    life.erase(customer=CARLA.email)

    assert "canary" not in str(life.own()).casefold()


def test_words_of_the_owner_and_stopped_exports_hide_no_customer():
    """What the owner wrote into the event goes; where nothing is exported any more the event is removed."""
    life = Erasing()
    event = next(event for event in life.own() if "Carla" in event["summary"])
    life.google.owner.edit_event(ACCOUNT, event["id"], {"summary": "Carla Canary, bring cake"})
    life.drain()
    life.set(exports={"on": False})
    receipt = life.erase(customer=CARLA.email)
    summaries = [event["summary"] for event in life.own()]

    assert (receipt.events_erased, receipt.events_left) == (2, 0)
    assert len(summaries) == 1
    assert "Dora" in summaries[0]
    assert "Canary" not in life.everything()


def test_an_event_that_its_owner_deleted_is_not_made_again():
    """Anonymising writes into events that are there, and creates none."""
    life = Erasing()
    event = next(event for event in life.own() if "Carla" in event["summary"])
    life.google.owner.delete_event(ACCOUNT, event["id"])
    life.advance(minutes=5)
    before = len(life.own())
    life.erase(customer=CARLA.email)

    assert len(life.own()) == before
    assert "Canary" not in life.everything()


def test_a_dead_grant_leaves_events_and_the_receipt_says_so():
    """What cannot be reached cannot be deleted; everything here goes all the same."""
    life = Erasing()
    life.google.admin.revoke_grant(ACCOUNT)
    receipt = life.erase()

    assert (receipt.stage, receipt.events_erased, receipt.events_left) == (Stage.DONE, 0, 3)
    assert [path.split("/")[2] for path in life.paths("tenants/t1")] == ["audit", "erasures"]


def test_an_outage_delays_an_erasure_and_ends_it_not():
    """While the provider is down the job waits, visibly, and then goes on."""
    life = Erasing()
    life.google.add_fault("status", method="events.delete", times=3, status=503)
    job = start_erasure(life.ports, StartErasure("t1", "owner-1", "t1"))
    life.drain(within=timedelta(0))
    waiting = life.ports.archive.get("t1", job.id)
    life.advance(hours=1)

    assert (waiting.stage, waiting.waiting_until is not None) == (Stage.DISCONNECTING, True)
    assert life.ports.archive.get("t1", job.id).stage is Stage.DONE
    assert life.own() == []


def test_what_is_stored_late_is_swept():
    """Somebody who held a lease when it began stores something behind the first pass."""
    life = Erasing()
    feed = life.feed()
    job = start_erasure(life.ports, StartErasure("t1", "owner-1", "t1"))
    life.drain()
    while life.ports.archive.get("t1", job.id).stage is not Stage.WAITING:
        life.advance(seconds=20)
    life.ports.feeds.save(replace(feed, version=None))
    life.advance(minutes=30)

    assert life.ports.archive.get("t1", job.id).stage is Stage.DONE
    assert [path.split("/")[2] for path in life.paths("tenants/t1")] == ["audit", "erasures"]


def test_nothing_can_be_booked_once_it_began():
    """The doors close first."""
    life = Erasing()
    start_erasure(life.ports, StartErasure("t1", "owner-1", "t1"))
    life.drain(within=timedelta(0))

    with pytest.raises(InvalidRequest):
        life.book_for(at(14, day=1), DORA)
    assert len(life.ports.bookings.page("t1", after=None, limit=10)) <= 3


@pytest.mark.parametrize("wish", [{}, {"resource": "anna"}, {"customer": CARLA.email}], ids=str)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_erasure_survives_crashes(wish, after):
    """Killed at one port call after the other, it ends as if nothing had happened."""
    plan = Often()
    small = Tuning(page_budget=1, backfill_chunk=2, poison_attempts=100)
    life = Erasing(events=3, wrap=lambda ports: mortal(ports, plan), tuning=small)
    confirm = next(iter(wish.values()), "t1")
    job = start_erasure(life.ports, StartErasure("t1", "owner-1", confirm, **wish))
    plan.arm(1, after=after)
    life.advance(hours=2)
    plan.disarm()
    life.advance(hours=2)

    assert plan.crashes > 8
    assert life.ports.ledger.dead_letters("t1") == ()
    assert life.ports.archive.get("t1", job.id).stage is Stage.DONE
    assert "Canary" not in life.everything()
    if "customer" not in wish:
        assert life.own() == []
        assert life.paths("tenants/t1/connections") == life.paths("tenants/t1/resources/anna") == []


def test_an_erasure_must_be_confirmed():
    """A slip of the hand erases nothing."""
    life = Erasing()

    for wish in (
        {"confirm": "t2"},
        {"confirm": "t1", "resource": "anna"},
        {"confirm": "anna", "customer": "x@y.z"},
    ):
        with pytest.raises(InvalidRequest):
            start_erasure(life.ports, StartErasure("t1", "owner-1", **wish))
    with pytest.raises(InvalidRequest):
        start_erasure(life.ports, StartErasure("t1", "o", "anna", resource="anna", customer="x@y.z"))
    with pytest.raises(UnknownResource):
        start_erasure(life.ports, StartErasure("t1", "owner-1", "nobody", resource="nobody"))
    assert life.ports.archive.of_tenant("t1") == ()


def exported(world, **wish):
    """All pages, and how many."""
    documents, after, pages = [], None, 0
    while True:
        page = read_export(world.ports, ReadExport("t1", "owner-1", after=after, **wish))
        documents += page.documents
        pages += 1
        if page.next is None:
            return documents, pages
        after = page.next


def test_an_export_is_complete_and_holds_no_secret():
    """G4: every document of the tenant once, but no token and no hash of a secret; told in the trail."""
    life = Erasing()
    documents, pages = exported(life)
    wanted = {path for path in life.paths("tenants/t1") if "/grants/" not in path and "/audit/" not in path}
    told = [item.path for item in documents if "/audit/" not in item.path]

    assert pages > 1
    assert (set(told), len(told)) == (wanted, len(wanted))
    assert [item.path for item in documents if "sealed" in item.data or "secret_hash" in item.data] == []
    assert "Carla Canary" in str([dict(item.data) for item in documents])
    (entry,) = life.ports.oversight.trail("t1", after=None, limit=5)
    assert (entry.action.value, entry.target, entry.who) == ("exported", "tenant/t1", "owner-1")


def test_an_export_of_a_resource_or_customer_holds_only_theirs():
    """A customer's export is for that customer: nobody else is in it."""
    life = Erasing()
    mine, _ = exported(life, customer="carla@canary.example")
    anna, _ = exported(life, resource="anna")

    assert len(mine) == 2
    assert "Dora" not in str([dict(item.data) for item in mine])
    assert {"resources", "connections", "bookings"} <= {item.parts[0] for item in anna}
    assert "services" not in {item.parts[0] for item in anna}
    assert "anary" not in said(life)


@pytest.mark.parametrize(
    "after", ["tenants/t2/bookings/b", "tenants/t1/x", "tenants/t1/../t2/a", "outbox/x", ""]
)
def test_a_cursor_leads_nowhere_else(after):
    """What a caller sends back as its place cannot name another tenant's."""
    world = World()
    world.catalogue()

    with pytest.raises(UnknownResource):
        read_export(world.ports, ReadExport("t1", "owner-1", after=after))


def test_a_job_that_is_not_there_is_no_error():
    """A late task of a job that was never written does nothing."""
    world = World()

    advance_erasure(world.ports, AdvanceErasure("t1", "nobody"))
    assert world.documents.paths() == ()


def test_a_used_up_account_delays_and_ends_nothing():
    """A limit for hours is waited out: the event goes in the end, and the job says that it is not done."""
    life = Erasing()
    life.set(exports={"on": False})
    life.google.add_fault(
        "status",
        method="events.delete",
        times=2,
        status=403,
        reason="quotaExceeded",
        domain="usageLimits",
    )
    job = start_erasure(life.ports, StartErasure("t1", "owner-1", CARLA.email, customer=CARLA.email))
    life.drain()
    before = life.ports.archive.get("t1", job.id)
    life.advance(hours=3)
    after = life.ports.archive.get("t1", job.id)

    assert (before.stage, after.stage, after.events_left) == (Stage.ERASING, Stage.DONE, 0)
    assert len(life.own()) == 1
