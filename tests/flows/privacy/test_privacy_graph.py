"""The overview and the erasure with a Microsoft account: the same promises as with Google's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import Customer
from common.domain.privacy.erasure import ErasureStage
from common.flows.booking.book import book
from common.flows.privacy.erasure import start_erasure
from common.flows.privacy.overview import read_overview
from tests.flows.setups.graph_setup import INVITING, OWN, Outlook
from tests.flows.setups.sync_setup import at

CARLA = Customer(name="Carla Canary", email="carla@canary.example", phone="+41 79 111 22 33")


def shop(*, show=False):
    """An account with a public, a private and a free event, and one booking."""
    life = Outlook(settings=replace(OWN, show_events=show), sync=False)
    life.enter(at(8), subject="secret public", body={"contentType": "text", "content": "secret body"})
    life.enter(at(10), subject="secret private", sensitivity="private")
    life.enter(at(12), subject="secret free", showAs="free")
    made = book(
        life.ports, tenant="t1", service="cut", resource="anna", start=at(13), customer=CARLA, note=CARLA.name
    )
    life.drain()
    assert made.booking.active
    return life


def overview(life):
    return read_overview(life.ports, tenant="t1", resource="anna", start=at(0), end=at(0, day=1))


def stored(life):
    return "\n".join(f"{item.path} {item.data}" for item in life.documents.get(life.documents.paths()))


def erased(life, confirm, **wish):
    job = start_erasure(life.ports, tenant="t1", subject="owner-1", confirm=confirm, **wish)
    life.drain()
    life.advance(hours=1)
    return life.ports.archive.get("t1", job.id)


@pytest.mark.pitfall(25)
def test_titles_of_outlook_are_shown_in_one_overview_and_stored_nowhere():
    """G1: with the switch on, single events with titles; nothing of them is stored, logged or queued."""
    life = shop(show=True)
    found = overview(life)

    assert [(block.title, block.busy, block.private) for block in found.external] == [
        ("secret public", True, False),
        ("secret private", True, True),
        ("secret free", False, False),
    ]
    assert [booking.customer.name for booking in found.bookings] == ["Carla Canary"]
    tasks = [f"{done.task.name} {dict(done.task.payload)}" for done in life.done]
    assert "secret" not in "\n".join([stored(life), *life.log.lines, *tasks])


def test_without_the_switch_outlook_shows_taken_times_alone():
    """G1: blocks without a word, and none for what is marked free."""
    found = overview(shop())

    assert [(block.start, block.end, block.title) for block in found.external] == [
        (at(8), at(9), None),
        (at(10), at(11), None),
    ]


@pytest.mark.pitfall(25)
def test_a_customer_is_anonymised_in_outlook_too():
    """G4: the event stays, without name, address, number and note."""
    life = shop()
    assert "Canary" in str(life.events())
    receipt = erased(life, CARLA.email, customer=CARLA.email)

    assert (receipt.stage, receipt.bookings_anonymised, receipt.events_erased) == (ErasureStage.DONE, 1, 1)
    assert len(life.events()) == 4
    assert [
        word for word in ("Canary", "canary", "111 22 33") if word in str(life.events()) + stored(life)
    ] == []


def test_a_tenant_with_outlook_is_erased():
    """G4: own events are gone, the others are as they were, and only receipt and audit entry stay."""
    life = shop()
    receipt = erased(life, "t1")
    left = [path for path in life.documents.paths() if path.startswith("tenants/t1")]

    assert (receipt.stage, receipt.events_erased, receipt.events_left) == (ErasureStage.DONE, 1, 0)
    assert [path.split("/")[2] for path in left] == ["audit", "erasures"]
    assert sorted(event["subject"] for event in life.events()) == [
        "secret free",
        "secret private",
        "secret public",
    ]
    assert receipt.finished_at - receipt.started_at < timedelta(hours=1)


def inviting():
    """One booking whose customer is a guest of the event, mailed once about it."""
    life = Outlook(settings=INVITING)
    book(life.ports, tenant="t1", service="cut", resource="anna", start=at(13), customer=CARLA)
    life.drain()
    assert [CARLA.email in str(event["attendees"]) for event in life.events()] == [True]
    return life


@pytest.mark.pitfall(25)
def test_an_event_with_a_guest_is_counted_as_left():
    """G4: Exchange would mail the guest a cancellation, so the event waits, and the receipt says so."""
    life = inviting()
    before = len(life.microsoft.admin.mails())
    receipt = erased(life, CARLA.email, customer=CARLA.email)

    assert (receipt.bookings_anonymised, receipt.events_erased, receipt.events_left) == (1, 0, 1)
    assert len(life.microsoft.admin.mails()) == before
    assert [word for word in ("Canary", "canary", "111 22 33") if word in stored(life)] == []


def test_events_with_guests_stay_at_the_provider_and_are_counted():
    """G4, E1: taken away, they would tell customers of cancellations that nobody meant."""
    life = inviting()
    before = len(life.microsoft.admin.mails())
    receipt = erased(life, "t1")

    assert (receipt.stage, receipt.events_erased, receipt.events_left) == (ErasureStage.DONE, 0, 1)
    assert (len(life.events()), len(life.microsoft.admin.mails())) == (1, before)
