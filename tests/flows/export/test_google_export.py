"""Events of bookings in Google Calendar: options, updates, deletions and the number of mails."""

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
    """The writing API calls that Google received."""
    reading = {"events.list", "events.get", "calendarList.list"}
    return [
        call["method"]
        for call in world.google.admin.calls()
        if call["method"].partition(".")[0] in {"events", "calendars"} and call["method"] not in reading
    ]


def test_a_booking_is_exported_within_seconds() -> None:
    """F5: the event is in the staff member's calendar and the outbox is empty."""
    world, connection = shop()
    made = booked(world, "10:00")
    before = world.clock.now()
    world.drain(within=timedelta(seconds=5))

    assert [event["start"]["dateTime"] for event in events(world)] == [at("10:00").isoformat()]
    assert (entries(world, connection), world.errors) == ((), [])
    assert world.clock.now() - before < timedelta(seconds=5)
    assert made.booking.revision == 1


def test_every_export_option_is_written() -> None:
    """D3 to D7: attendee, acceptance, reminder, title and description with the management link."""
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


def test_without_a_reminder_the_calendars_default_applies() -> None:
    """D6: without a number of minutes the calendar's own reminder is used."""
    world, connection = shop()
    export(world, booked(world).booking, connection)

    assert events(world)[0]["reminders"] == {"useDefault": True}


@pytest.mark.pitfall(21)
def test_each_change_is_mailed_exactly_once() -> None:
    """Pitfall 21, D4: one invitation, one update and one cancellation, however often the task runs."""
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
def test_an_attendee_is_not_mailed_unless_notifications_are_on() -> None:
    """Pitfall 21: the attendee option alone sends no mail."""
    world, connection = shop(exports=ExportSettings(attendee=True))
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    export(world, moved(world, booking, "11:00"), connection)

    assert (mails(world), len(events(world))) == ([], 1)


@pytest.mark.pitfall(12)
def test_a_repeated_task_writes_nothing() -> None:
    """Pitfall 12: repeated and outdated tasks change nothing in the calendar."""
    world, connection = shop()
    first = booked(world, "10:00").booking
    second = moved(world, first, "11:00")
    export(world, second, connection)
    world.google.admin.clear_logs()
    results = [export(world, booking, connection).result for booking in (first, second, first)]

    assert (results, writes(world)) == (["unchanged"] * 3, [])
    assert entries(world, connection) == ()


@pytest.mark.pitfall(21)
def test_an_update_changes_only_what_differs() -> None:
    """Pitfall 21: the owner's additions to the event stay, and it keeps its id."""
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
    """D8: no event is written and no outbox entry stays."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    choose(world, connection, on=False)
    result = export(world, booking, connection).result

    assert (result, events(world), entries(world, connection)) == ("unchanged", [], ())


@pytest.mark.pitfall(25)
def test_a_customer_without_an_email_is_no_attendee() -> None:
    """D3: the event is written without an attendee and without a mail."""
    world, connection = shop(exports=INVITING)
    export(world, booked(world, customer=Customer("Yan")).booking, connection)

    assert ("attendees" in events(world)[0], mails(world)) == (False, [])


@pytest.mark.pitfall(22)
def test_the_owners_title_stays_when_the_time_changes() -> None:
    """Pitfall 22: a title that the owner wrote into the event is kept by later exports."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    world.google.owner.edit_event(ACCOUNT, events(world)[0]["id"], {"summary": "Zoe (VIP)"})
    world.drain()
    current = world.ports.bookings.get("t1", booking.id)
    export(world, moved(world, replace(current), "11:00"), connection)

    assert events(world)[0]["summary"] == "Zoe (VIP)"
