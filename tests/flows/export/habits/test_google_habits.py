"""Exports to a Google that has the habits of the real one, without any scripted fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.domain.notify import NoticeKind
from tests.flows.setups.booking_setup import CUSTOMER, booked
from tests.flows.setups.export_setup import moved
from tests.flows.setups.refusal_setup import Refusing
from tests.flows.setups.two_providers_setup import GOOGLE

BLOCK = "-::~:~::~:~:~::-"
CALL = f"Join:\n{BLOCK}\nhttps://meet.example\n{BLOCK}\nBring papers"
TIMES = [f"{hour:02d}:{minute:02d}" for hour in (9, 10, 11, 13, 14, 15) for minute in (0, 30)]


def habits(world: Refusing, **settings: Any) -> None:
    """Give the simulated Google these settings."""
    for name, value in settings.items():
        world.google.admin.set_setting(name, value)


@pytest.mark.parametrize("wanted", list(EditPolicy))
def test_a_conference_block_that_google_cuts_out_is_no_edit(wanted: EditPolicy) -> None:
    """Three other edits of the owner later there is no notice, no proposal, no write and no other text."""
    world = Refusing(GOOGLE, description=CALL)
    policy = OwnerEditPolicy(time=wanted, text=wanted, deletion=wanted)
    world.ports.catalogue.save_tenant(replace(world.ports.catalogue.tenant("t1"), owner_edits=policy))
    booking = world.book()
    link = world.link()
    for color in ("5", "6", "7"):
        world.google.owner.edit_event(link.calendar_id, link.event_id, {"colorId": color})
        world.drain()
    stored = world.ports.bookings.get("t1", booking.id)

    assert [event["description"] for event in world.own()] == ["Join:\n\nBring papers"]
    assert (world.notices(), stored.proposal, stored.description, world.calls("patch")) == (
        [],
        None,
        None,
        [],
    )


def test_a_zone_that_google_does_not_know_yet_is_left_out() -> None:
    """The event is written in UTC, moves with the booking, and one notice says so."""
    world = Refusing(GOOGLE)
    habits(world, unknown_zones=["Europe/Zurich"])
    booking = world.book()
    first = world.starts()
    moved(world, booking, "15:00")
    world.drain()

    assert (first, world.starts(), world.notices()) == (["09:00"], ["14:00"], [NoticeKind.EXPORT_STOPPED])


def test_an_address_that_google_does_not_take_is_left_out() -> None:
    """The event is there without its guest, the customer's mail is ours, and one notice says so."""
    world = Refusing(GOOGLE)
    habits(world, refused_addresses=[CUSTOMER.email])
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    (event,) = world.own()

    assert (world.starts(), event.get("attendees")) == (["08:00"], None)
    assert (world.mails(), world.notices()) == ((0, 1), [NoticeKind.EXPORT_STOPPED])


def test_the_default_reminder_comes_back_after_an_own_one() -> None:
    """A patch takes the stored reminder away, and nothing is parked."""
    world = Refusing(GOOGLE, reminder=30)
    booking = world.book()
    world.choose()
    moved(world, booking, "15:00")
    world.drain()
    (event,) = world.own()

    assert (world.starts(), event["reminders"], world.notices()) == (["14:00"], {"useDefault": True}, [])


@pytest.mark.parametrize("status", [403, 404])
def test_a_calendar_that_was_just_made_gets_its_first_event_within_minutes(status: int) -> None:
    """Its first seconds tell nobody anything, and stop nothing."""
    world = Refusing(GOOGLE, dedicated=True)
    habits(world, fresh_calendar_delay=20, fresh_calendar_status=status)
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    world.pass_time(minutes=5)
    made = world.link().calendar_id

    assert made != world.connection.default_calendar.provider_id
    assert len(world.google.inspect.events(made)) == 1
    assert (world.notices(), world.letters()) == ([], [])


def test_a_calendar_that_takes_few_writes_a_minute_gets_all_events() -> None:
    """Twelve bookings at once, three writes a minute: all events arrive, once each, and nobody is told."""
    world = Refusing(GOOGLE)
    habits(world, calendar_writes=3)
    for clock in TIMES:
        booked(world, clock)
    world.drain()
    world.pass_time(hours=1)

    assert len(world.own()) == len(TIMES)
    assert len(world.google.admin.mails()) == len(TIMES)
    assert world.notices() == []


def test_an_account_that_is_read_only_for_hours_gets_all_events_later() -> None:
    """Its events come when it can be written to again, and nobody is told for each of them."""
    world = Refusing(GOOGLE)
    habits(world, write_budget=1, read_only_period=4 * 3600)
    for clock in TIMES[:3]:
        booked(world, clock)
    world.drain()
    habits(world, write_budget=None)
    world.pass_time(hours=14)

    assert len(world.own()) == 3
    # That guests were left out, and that the limit is reached.
    assert world.notices() == [NoticeKind.EXPORT_STOPPED, NoticeKind.EXPORT_STOPPED]


def test_what_a_person_deleted_is_not_brought_back_by_a_move() -> None:
    """Deleted by hand, and moved by the customer before a push said so: the booking gets a new event."""
    world = Refusing(GOOGLE)
    booking = world.book()
    link = world.link()
    world.google.push.hold()
    world.google.owner.delete_event(link.calendar_id, link.event_id)
    moved(world, booking, "15:00")
    world.drain()
    world.google.push.release()
    world.pass_time(hours=2)
    stored = world.ports.bookings.get("t1", booking.id)

    expected = ["14:00"] if stored.status is BookingStatus.CONFIRMED else []
    assert world.starts() == expected
