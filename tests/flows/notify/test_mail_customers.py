"""Mails to customers about their bookings: one for each change, from one sender."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import Customer
from common.domain.catalogue.records import Language
from common.domain.notify import booking_key
from common.flows.sync.initial_sync import start_sync
from common.flows.sync.resync import resync
from tests.flows.setups.booking_setup import CUSTOMER, at, booked, events, shop
from tests.flows.setups.export_setup import INVITING
from tests.flows.setups.notify_setup import (
    BOOKED,
    CANCELLED,
    MOVED,
    OWNER,
    cancel,
    mailed,
    move,
    pending_notifications,
    policy,
)
from tests.world import ACCOUNT, World


def synchronised_world() -> World:
    """A world whose calendar is synchronised."""
    world = World()
    world.catalogue()
    world.account()
    start_sync(world.ports, tenant="t1", connection=world.connect().id)
    world.drain()
    return world


def test_each_change_of_a_booking_is_one_mail() -> None:
    """D2: confirmation, new time and cancellation reach the customer once each."""
    world, _ = shop()
    booking = booked(world).booking
    world.drain()
    booking = move(world, booking, "11:00")
    world.drain()
    cancel(world, booking)
    world.drain()
    world.advance(hours=1)
    world.maintain()
    world.drain()

    assert mailed(world) == [BOOKED, MOVED, CANCELLED]
    assert pending_notifications(world) == []


def test_the_attached_calendar_files_describe_one_appointment() -> None:
    """The same UID, a growing SEQUENCE, the current time, and the method CANCEL at the end."""
    world, _ = shop()
    booking = booked(world).booking
    world.drain()
    booking = move(world, booking, "11:00")
    world.drain()
    cancel(world, booking)
    world.drain()
    files = [mail.calendar for mail in world.postbox.mails]
    found = [file.walk("VEVENT")[0] for file in files if file]

    assert len({str(event["UID"]) for event in found}) == 1
    assert [int(event["SEQUENCE"]) for event in found] == [1, 2, 3]
    assert [str(event["STATUS"]) for event in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [event["DTSTART"].dt for event in found] == [at("10:00"), at("11:00"), at("11:00")]
    assert [str(file["METHOD"]) for file in files if file] == ["PUBLISH", "PUBLISH", "CANCEL"]


def test_the_mail_describes_the_booking_in_the_tenants_language() -> None:
    """German where the tenant chose it; text and HTML agree; replies go to the owner."""
    world, _ = shop()
    policy(world, language=Language.GERMAN, owner=OWNER)
    booked(world)
    world.drain()
    (mail,) = world.postbox.mails

    assert mail.subject == "Ihr Termin bei Salon"
    assert "Montag, 22. März 2027, 10:00-10:30 (Europe/Zurich)" in mail.text
    for part in (mail.text, mail.html):
        assert "Bei: Anna" in part
        assert "https://shop.example/booking#t1/" in part
    assert OWNER in str(mail.message["Reply-To"])
    assert str(mail.message["From"]).startswith("Salon <")


@pytest.mark.parametrize(
    ("wish", "settings"),
    [({}, {"customers": False}), ({"customer": Customer("Nobody")}, {})],
    ids=["switched off", "without an address"],
)
def test_no_mail_is_sent_when_switched_off_or_without_an_address(wish, settings) -> None:
    """The tenant's switch for mails, and a customer without an address."""
    world, _ = shop()
    policy(world, **settings)
    booking = booked(world, **wish).booking
    world.drain()
    cancel(world, booking)
    world.drain()

    assert world.postbox.mails == []
    assert pending_notifications(world) == []


@pytest.mark.pitfall(21)
def test_slotbridge_sends_no_mail_where_the_provider_does() -> None:
    """Pitfall 21: one sender for each booking and change."""
    world, _ = shop(exports=INVITING)
    booking = booked(world).booking
    world.drain()
    move(world, booking, "11:00")
    world.drain()

    assert world.postbox.mails == []
    assert len(world.google.admin.mails()) == 2


@pytest.mark.pitfall(21)
def test_a_delayed_export_does_not_mail_again() -> None:
    """Pitfall 21: Slotbridge mails while the grant is revoked; the later export sends no second mail."""
    world, _ = shop(exports=INVITING)
    booking = booked(world).booking
    world.drain()
    before = len(world.google.admin.mails())
    world.google.admin.revoke_grant(ACCOUNT)
    world.maintain()
    world.advance(hours=1)
    cancel(world, booking)
    world.drain()
    first = mailed(world)
    world.connect()
    world.drain()
    world.advance(hours=2)
    world.maintain()
    world.drain()

    assert before == 1
    assert first == [CANCELLED]
    assert mailed(world) == [CANCELLED]
    assert events(world) == []
    assert len(world.google.admin.mails()) == before


@pytest.mark.pitfall(20)
def test_slotbridge_mails_when_the_provider_cannot_invite() -> None:
    """Pitfall 20: the account's limit for guests is used up, so the customer gets Slotbridge's mails."""
    world, _ = shop(exports=INVITING)
    world.google.inspect.add_fault(
        "status", method="events.insert", status=403, reason="quotaExceeded", domain="usageLimits"
    )
    booking = booked(world).booking
    world.drain()
    move(world, booking, "11:00")
    world.drain()

    assert len(events(world)) == 1
    assert mailed(world) == [BOOKED, MOVED]
    assert world.google.admin.mails() == []


@pytest.mark.pitfall(22)
def test_an_owners_change_in_the_calendar_is_mailed_once() -> None:
    """Pitfall 22, D2: the booking follows the calendar, and the customer gets one mail for each change."""
    world = synchronised_world()
    booked(world)
    world.drain()
    (event,) = events(world)
    world.google.owner.shift_event(ACCOUNT, event["id"], minutes=60)
    world.drain()
    world.advance(minutes=30)

    assert mailed(world) == [BOOKED, MOVED]
    world.google.owner.delete_event(ACCOUNT, event["id"])
    world.drain()
    world.advance(minutes=30)
    assert mailed(world) == [BOOKED, MOVED, CANCELLED]


def test_a_new_title_is_not_mailed() -> None:
    """A changed title of the event is no change for the customer."""
    world = synchronised_world()
    booked(world)
    world.drain()
    (event,) = events(world)
    world.google.owner.edit_event(ACCOUNT, event["id"], {"summary": "mine"})
    world.drain()

    assert mailed(world) == [BOOKED]


@pytest.mark.pitfall(21)
def test_a_first_synchronisation_mails_nobody() -> None:
    """Pitfall 21: existing bookings are exported without a mail, also by a later full synchronisation."""
    world = World()
    world.catalogue()
    world.account()
    policy(world, customers=False)
    for clock in ("09:00", "10:00", "11:00"):
        booked(world, clock)
    world.drain()
    policy(world)
    connection = world.connect()
    start_sync(world.ports, tenant="t1", connection=connection.id)
    world.drain()
    resync(world.ports, tenant="t1", connection=connection.id, full=True)
    world.drain()

    assert len(events(world)) == 3
    assert world.postbox.mails == []
    assert world.google.admin.mails() == []


def test_tasks_and_log_lines_hold_no_personal_data() -> None:
    """G3: about mails they hold ids only."""
    world, _ = shop()
    booking = booked(world, customer=replace(CUSTOMER, name="Canary Bird"), note="canary").booking
    world.drain()
    move(world, booking, "11:00")
    world.drain()
    said = "\n".join([*world.log.lines, *(str(done.task) for done in world.done)]).lower()

    assert mailed(world) == [BOOKED, MOVED]
    assert [word for word in ("canary", "zoe@", "example.net", "salon", "anna@") if word in said] == []
    assert world.ports.notifications.last("t1", booking_key(booking.id)) is not None
