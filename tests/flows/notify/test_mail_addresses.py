"""Addresses that cannot be mailed to, from before they were checked: nobody else goes without a mail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import ProviderKind
from common.domain.notify import NoticeKind
from common.errors import Forbidden, ProviderUnavailable
from common.flows.ops.dead_letters import replay_dead_letter
from tests.flows.notify.test_mail_owners import REAUTH, revoked_world, run_outbox
from tests.flows.setups.booking_setup import CUSTOMER, at, booked, shop
from tests.flows.setups.export_setup import notices
from tests.flows.setups.group_setup import guest, joined, studio
from tests.flows.setups.notify_setup import (
    BOOKED,
    OWNER,
    mailed,
    pending_notifications,
    policy,
)
from tests.flows.setups.two_providers_setup import Two
from tests.whole_lists import every
from tests.world import ACCOUNT, World

OLD = ("büro@salon.example", "a..b@x")
BOTH = pytest.mark.parametrize("kind", list(ProviderKind), ids=str)


def letters(world: World) -> list[str]:
    """The codes of the dead letters."""
    return [letter.code for letter in every(world.ports.lists.dead_letters, "t1")]


def give_address(world: World, address: str) -> None:
    """Anna has another address."""
    anna = world.ports.catalogue.resource("t1", "anna")
    world.ports.catalogue.save_resource("t1", replace(anna, email=address))


@pytest.mark.parametrize("address", OLD)
def test_an_unusable_address_for_answers_stops_no_mail(address: str) -> None:
    """Customers are mailed without it; the console says so once, and no log line names it."""
    world, _ = shop()
    policy(world, owner=address)
    booked(world)
    booked(world, "11:00")
    world.drain()
    run_outbox(world)

    assert mailed(world) == [BOOKED, BOOKED]
    assert [mail.message["Reply-To"] for mail in world.postbox.mails] == [None, None]
    assert notices(world) == [NoticeKind.OWNER_ADDRESS_UNUSABLE]
    assert (letters(world), pending_notifications(world)) == ([], [])
    assert address not in "".join(world.log.lines)


@pytest.mark.parametrize("address", OLD)
def test_an_owner_who_cannot_be_mailed_keeps_no_other_from_it(address: str) -> None:
    """Whose calendar it is reads the notice; the owner's mail waits as a dead letter."""
    world = revoked_world()
    policy(world, customers=False, owner=address)
    run_outbox(world)
    first = [mail.to for mail in world.postbox.mails]
    policy(world, customers=False, owner=OWNER)
    (letter,) = every(world.ports.lists.dead_letters, "t1")
    replay_dead_letter(world.ports, tenant="t1", letter=letter.id)
    world.drain()

    assert (first, letter.code) == ([(ACCOUNT,)], "invalid_address")
    assert [mail.to for mail in world.postbox.mails] == [(ACCOUNT,), (OWNER,)]
    assert (letters(world), pending_notifications(world)) == ([], ["reminder"])


@pytest.mark.parametrize("address", OLD)
def test_a_resource_that_cannot_be_mailed_keeps_the_owner_from_nothing(address: str) -> None:
    """And the other way round."""
    world = revoked_world()
    give_address(world, address)
    run_outbox(world)

    assert [mail.to for mail in world.postbox.mails] == [(OWNER,)]
    assert letters(world) == ["invalid_address"]
    assert address not in "".join(world.log.lines)


def test_each_recipient_is_tried_again_alone() -> None:
    """Whoever was mailed is not mailed again while the mail service cannot take the other's mail."""
    world = revoked_world()
    world.postbox.refused[ACCOUNT] = ProviderUnavailable("busy")
    run_outbox(world)
    first = [mail.to for mail in world.postbox.mails]
    world.postbox.refused.clear()
    world.advance(minutes=30)

    assert first == [(OWNER,)]
    assert [(mail.to, mail.subject) for mail in world.postbox.mails] == [
        ((OWNER,), REAUTH),
        ((ACCOUNT,), REAUTH),
    ]


def test_one_address_of_owner_and_resource_is_mailed_once() -> None:
    """The owner is often the one whose calendar it is."""
    world = revoked_world()
    give_address(world, OWNER)
    run_outbox(world)

    assert [mail.to for mail in world.postbox.mails] == [(OWNER,)]


@pytest.mark.parametrize("address", OLD)
def test_a_customer_who_cannot_be_mailed_is_not_taken_as_told(address: str) -> None:
    """The booking stands, and a dead letter says that its mail was not sent."""
    world, _ = shop()
    booking = booked(world, customer=replace(CUSTOMER, email=address)).booking
    world.drain()

    assert letters(world) == ["invalid_address"]
    assert world.ports.notifications.last("t1", f"booking-{booking.id}") is None
    assert "mail_sent" not in "".join(world.log.lines)
    assert pending_notifications(world) == []


def test_one_guest_of_a_class_who_cannot_be_mailed_keeps_no_other_from_it() -> None:
    """Each seat has a mail of its own."""
    world, _ = studio()
    world.postbox.refused[str(guest(1).email)] = Forbidden("no", code="mail_rejected")
    joined(world, number=1)
    joined(world, number=2)
    world.drain()

    assert [mail.to for mail in world.postbox.mails] == [(guest(2).email,)]
    assert letters(world) == ["mail_rejected"]


def test_a_customer_with_an_internationalised_domain_is_mailed() -> None:
    """Under the name that mail services know."""
    world, _ = shop()
    booked(world, customer=replace(CUSTOMER, email="zoe@bücher.example"))
    world.drain()

    assert [mail.to for mail in world.postbox.mails] == [("zoe@xn--bcher-kva.example",)]


def guests(world: Two, kind: ProviderKind) -> list[str]:
    """The addresses of the guests of our event."""
    calendar, event = world.own_event(world.connections[0])
    if kind is ProviderKind.GOOGLE:
        (found,) = [item for item in world.google.inspect.events(calendar) if item["id"] == event]
        return [str(item["email"]) for item in found.get("attendees", ())]
    (found,) = [item for item in world.microsoft.inspect.events(calendar) if item["id"] == event]
    return [str(item["emailAddress"]["address"]) for item in found.get("attendees", ())]


@BOTH
def test_a_guest_with_an_internationalised_domain_is_invited_by_its_punycode(kind: ProviderKind) -> None:
    """Both providers are given the form that every mail server knows."""
    world = Two(kind)
    made = booked(world, customer=replace(CUSTOMER, email="zoe@bücher.example"))
    world.booking = made.booking.id
    world.drain()

    assert guests(world, kind) == ["zoe@xn--bcher-kva.example"]
    assert world.postbox.mails == []


@BOTH
@pytest.mark.parametrize("address", OLD)
def test_an_event_is_written_without_a_guest_who_cannot_be_mailed(kind: ProviderKind, address: str) -> None:
    """The appointment is in the calendar, at its time, whatever the address."""
    world = Two(kind)
    made = booked(world, customer=replace(CUSTOMER, email=address))
    world.booking = made.booking.id
    world.drain()

    assert guests(world, kind) == []
    assert world.ports.bookings.get("t1", made.booking.id).interval.start == at("10:00")
    assert letters(world) == ["invalid_address"]
