"""A booking's event at Google: options, updates, removals, and who is mailed how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import Customer
from common.domain.connect.settings import ExportSettings
from tests.flows.setups.booking_setup import ACCOUNT, at, booked, entries, events, export, shop
from tests.flows.setups.export_setup import INVITING, cancelled, choose, mails, moved
from tests.world import World


def writes(world: World) -> list[str]:
    reading = {"events.list", "events.get", "calendarList.list"}
    return [
        call["method"]
        for call in world.google.admin.calls()
        if call["method"].partition(".")[0] in {"events", "calendars"} and call["method"] not in reading
    ]


def test_the_task_of_a_booking_writes_its_event_in_seconds() -> None:
    """F5: the booked appointment is in the staff member's calendar, and the promise is kept."""
    world, connection = shop()
    made = booked(world, "10:00")
    before = world.clock.now()
    world.drain(within=timedelta(seconds=5))

    assert [event["start"]["dateTime"] for event in events(world)] == [at("10:00").isoformat()]
    assert (entries(world, connection), world.errors) == ((), [])
    assert world.clock.now() - before < timedelta(seconds=5)
    assert made.booking.revision == 1


def test_every_option_is_written() -> None:
    """D3 to D7: attendee, acceptance, reminder, title, description with the management link."""
    world, connection = shop(
        exports=ExportSettings(
            attendee=True,
            auto_accept=True,
            reminder=25,
            title="{service} with {customer}",
            description="{reference}\n{note}\n{manage_link}",
        )
    )
    made = booked(world, "10:00")
    export(world, made.booking, connection)
    (event,) = events(world)
    link = f"https://shop.example/booking#t1/{made.booking.id}/{made.manage_token}"

    assert event["attendees"][0]["email"] == "zoe@example.net"
    assert event["attendees"][0]["responseStatus"] == "accepted"
    assert event["reminders"]["overrides"] == [{"method": "popup", "minutes": 25}]
    assert event["summary"] == "Cut with Zoe Zimmer"
    assert event["description"] == f"{made.booking.id[-8:].upper()}\n{link}"


def test_the_automatic_reminder_is_the_calendars_own() -> None:
    """D6: without a number of minutes, the calendar decides."""
    world, connection = shop()
    export(world, booked(world).booking, connection)

    assert events(world)[0]["reminders"] == {"useDefault": True}


@pytest.mark.pitfall(21)
def test_each_change_is_mailed_exactly_once() -> None:
    """Pitfall 21, D4: invitation, update and cancellation are one mail each, however often the task runs."""
    world, connection = shop(exports=INVITING)
    booking = booked(world, "10:00").booking
    counts = []
    for change in (
        lambda one: one,
        lambda one: moved(world, one, "11:00"),
        lambda one: cancelled(world, one),
    ):
        booking = change(booking)
        for _ in range(3):
            export(world, booking, connection)
        counts.append(len(mails(world)))

    assert (counts, events(world)) == ([1, 2, 3], [])


@pytest.mark.pitfall(21)
def test_nobody_is_mailed_unless_chosen() -> None:
    """Pitfall 21: an attendee alone is no reason to send mails."""
    world, connection = shop(exports=ExportSettings(attendee=True))
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    export(world, moved(world, booking, "11:00"), connection)

    assert (mails(world), len(events(world))) == ([], 1)


@pytest.mark.pitfall(12)
def test_a_repeat_of_a_task_sends_nothing() -> None:
    """Pitfall 12: old and repeated tasks find nothing to do."""
    world, connection = shop()
    first = booked(world, "10:00").booking
    second = moved(world, first, "11:00")
    export(world, second, connection)
    world.google.admin.clear_logs()
    results = [export(world, booking, connection).result for booking in (first, second, first)]

    assert (results, writes(world)) == (["unchanged"] * 3, [])
    assert entries(world, connection) == ()


@pytest.mark.pitfall(21)
def test_an_update_patches_only_what_changed() -> None:
    """Pitfall 21: what the owner added to the event survives, and the event stays the same one."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    before = events(world)[0]
    world.google.owner.edit_event(ACCOUNT, before["id"], {"location": "Room 3", "colorId": "5"})
    after = moved(world, booking, "11:00")
    export(world, after, connection)
    (event,) = events(world)

    assert (event["id"], event["location"], event["colorId"]) == (before["id"], "Room 3", "5")
    assert event["start"]["dateTime"] == at("11:00").isoformat()


def test_exports_can_be_switched_off() -> None:
    """D8: nothing more is written, and nothing waits."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    choose(world, connection, on=False)
    result = export(world, booking, connection).result

    assert (result, events(world), entries(world, connection)) == ("unchanged", [], ())


@pytest.mark.pitfall(25)
def test_a_customer_without_address_is_no_attendee() -> None:
    """D3: the appointment is written all the same."""
    world, connection = shop(exports=INVITING)
    export(world, booked(world, customer=Customer("Yan")).booking, connection)

    assert ("attendees" in events(world)[0], mails(world)) == (False, [])


@pytest.mark.pitfall(22)
def test_the_owners_words_stay_when_the_time_changes() -> None:
    """Pitfall 22: a title of the owner's that reached the booking is written back as it is."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    world.google.owner.edit_event(ACCOUNT, events(world)[0]["id"], {"summary": "Zoe (VIP)"})
    world.drain()
    current = world.ports.bookings.get("t1", booking.id)
    export(world, moved(world, replace(current), "11:00"), connection)

    assert events(world)[0]["summary"] == "Zoe (VIP)"
