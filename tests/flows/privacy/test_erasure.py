"""Erasing a tenant, a resource or a customer: nothing is left, here or at the provider, but what says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.privacy.erasure import ErasureStage, Scope
from common.errors import InvalidRequest, UnknownResource
from common.flows.privacy.erasure import start_erasure
from tests.flows.setups.erasure_setup import CARLA, DORA, Erasing, said
from tests.flows.setups.sync_setup import at
from tests.whole_lists import every
from tests.world import ACCOUNT


def test_a_tenant_is_erased_to_the_last_document():
    """G4: own events are deleted, the grant is given back, and only receipt and audit entry stay."""
    life = Erasing()
    other = replace(life.ports.catalogue.tenant("t1"), id="t2", version=None)
    life.ports.catalogue.save_tenant(other)
    assert len(life.own_events()) == 3
    receipt = life.erase()
    left = life.paths("tenants/t1")

    assert (receipt.stage, receipt.scope) == (ErasureStage.DONE, Scope.TENANT)
    assert [path.rsplit("/", 1)[0] for path in left] == ["tenants/t1/audit", "tenants/t1/erasures"]
    assert life.paths("tenants/t2") == ["tenants/t2"]
    assert life.paths("outbox") == life.paths("oauth_states") == []
    assert (receipt.connections_ended, receipt.events_erased, receipt.events_left) == (1, 3, 0)
    assert receipt.documents_erased > 20
    assert life.own_events() == []
    assert len(life.existing_events(ACCOUNT)) == 8
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

    assert receipt.stage is ErasureStage.DONE
    assert [path for path in life.paths("tenants/t1") if "/resources/anna" in path] == []
    assert [path for path in life.paths("tenants/t1") if "/connections/" in path] == []
    assert [item.id for item in ports.bookings.page("t1", after=None, limit=10)] == [kept.id]
    assert ports.catalogue.service("t1", "cut").resources == ("bob",)
    assert life.own_events() == []
    assert [word for word in ("Canary", "secret", ACCOUNT) if word in life.everything()] == []


@pytest.mark.pitfall(25)
def test_a_customer_is_anonymised_everywhere():
    """G4: the appointments stay, of nobody in particular, in the store and in the calendar."""
    life = Erasing()
    receipt = life.erase(customer="carla@canary.EXAMPLE")
    bookings = life.ports.bookings.page("t1", after=None, limit=10)
    texts = [f"{event.get('summary')} {event.get('description')}" for event in life.own_events()]

    assert (receipt.stage, receipt.bookings_anonymised, receipt.events_erased) == (ErasureStage.DONE, 2, 2)
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
    assert "canary" in str(life.own_events()).casefold()
    life.erase(customer=CARLA.email)

    assert "canary" not in str(life.own_events()).casefold()


def test_edited_titles_and_stopped_exports_hide_no_customer():
    """What the owner wrote into the event goes; where nothing is exported any more the event is removed."""
    life = Erasing()
    event = next(event for event in life.own_events() if "Carla" in event["summary"])
    life.google.owner.edit_event(ACCOUNT, event["id"], {"summary": "Carla Canary, bring cake"})
    life.drain()
    life.set(exports={"on": False})
    receipt = life.erase(customer=CARLA.email)
    summaries = [event["summary"] for event in life.own_events()]

    assert (receipt.events_erased, receipt.events_left) == (2, 0)
    assert len(summaries) == 1
    assert "Dora" in summaries[0]
    assert "Canary" not in life.everything()


def test_an_event_that_its_owner_deleted_is_not_made_again():
    """Anonymising writes into events that are there, and creates none."""
    life = Erasing()
    event = next(event for event in life.own_events() if "Carla" in event["summary"])
    life.google.owner.delete_event(ACCOUNT, event["id"])
    life.advance(minutes=5)
    before = len(life.own_events())
    life.erase(customer=CARLA.email)

    assert len(life.own_events()) == before
    assert "Canary" not in life.everything()


def test_nothing_can_be_booked_once_an_erasure_began():
    """The doors close first."""
    life = Erasing()
    start_erasure(life.ports, tenant="t1", subject="owner-1", confirm="t1")
    life.drain(within=timedelta(0))

    with pytest.raises(InvalidRequest):
        life.book_for(at(14, day=1), DORA)
    assert len(life.ports.bookings.page("t1", after=None, limit=10)) <= 3


def test_an_erasure_must_be_confirmed():
    """A slip of the hand erases nothing."""
    life = Erasing()

    for wish in (
        {"confirm": "t2"},
        {"confirm": "t1", "resource": "anna"},
        {"confirm": "anna", "customer": "x@y.z"},
    ):
        with pytest.raises(InvalidRequest):
            start_erasure(life.ports, tenant="t1", subject="owner-1", **wish)
    with pytest.raises(InvalidRequest):
        start_erasure(life.ports, tenant="t1", subject="o", confirm="anna", resource="anna", customer="x@y.z")
    with pytest.raises(UnknownResource):
        start_erasure(life.ports, tenant="t1", subject="owner-1", confirm="nobody", resource="nobody")
    assert every(life.ports.lists.erasures, "t1") == ()
