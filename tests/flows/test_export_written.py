"""A booking's event at Google: options, updates, moves, removals, and who is mailed how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.account import Connection, calendar_key
from common.domain.booking import Booking, Customer
from common.domain.manage import Staff
from common.domain.settings import ExportSettings
from common.errors import ProviderUnavailable
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.change_settings import ChangeSettings, change_settings
from common.flows.reschedule import Reschedule, reschedule
from common.flows.start_sync import StartSync, start_sync
from common.flows.steps.access import authorized
from tests.flows.booking_setup import (
    ACCOUNT,
    at,
    booked,
    entries,
    events,
    export,
    shop,
    slots,
    starts,
    synchronised,
)
from tests.world import World

INVITING = ExportSettings(attendee=True, notify=True)


def moved(world: World, booking: Booking, clock: str) -> Booking:
    return reschedule(world.ports, Reschedule("t1", booking.id, at(clock), Staff()))


def cancelled(world: World, booking: Booking) -> Booking:
    return cancel_booking(world.ports, CancelBooking("t1", booking.id, Staff()))


def mails(world: World) -> list[str]:
    return [mail["kind"] for mail in world.google.admin.mails()]


def writes(world: World) -> list[str]:
    reading = {"events.list", "events.get", "calendarList.list"}
    return [
        call["method"]
        for call in world.google.admin.calls()
        if call["method"].partition(".")[0] in {"events", "calendars"} and call["method"] not in reading
    ]


def with_calendars(world: World, connection: Connection, *names: str) -> tuple[Connection, list[str]]:
    """More calendars of the account, as a refresh would list them."""
    made = [world.google.admin.add_calendar(ACCOUNT, name) for name in names]
    world.connect()
    return world.ports.connections.get("t1", connection.id), made


def choose(world: World, connection: Connection, **exports: Any) -> Connection:
    return synchronised(world, connection, exports=ExportSettings(**exports))


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


def test_the_chosen_calendar_gets_the_events() -> None:
    """D1: one target among the writable calendars."""
    world, connection = shop()
    connection, (team,) = with_calendars(world, connection, "Team")
    connection = choose(world, connection, target=calendar_key(team))
    export(world, booked(world).booking, connection)

    assert (len(events(world, team)), events(world)) == (1, [])


@pytest.mark.pitfall(24)
def test_another_target_moves_the_event_with_the_next_change() -> None:
    """Pitfall 24: made in the new calendar, removed from the old one, one mail for the one change."""
    world, connection = shop(exports=INVITING)
    connection, (team,) = with_calendars(world, connection, "Team")
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    connection = choose(world, connection, target=calendar_key(team), attendee=True, notify=True)
    export(world, moved(world, booking, "11:00"), connection)

    assert ([event["start"]["dateTime"] for event in events(world, team)], events(world)) == (
        [at("11:00").isoformat()],
        [],
    )
    assert len(mails(world)) == 2


@pytest.mark.pitfall(24)
def test_a_move_for_the_settings_alone_mails_nobody() -> None:
    """Pitfall 24, 21: the booking did not change, so its customer hears nothing."""
    world, connection = shop(exports=INVITING)
    connection, (team,) = with_calendars(world, connection, "Team")
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    connection = choose(world, connection, target=calendar_key(team), attendee=True, notify=True)
    export(world, booking, connection)

    assert (len(events(world, team)), len(events(world)), len(mails(world))) == (1, 0, 1)


@pytest.mark.pitfall(24)
def test_a_cancellation_reaches_the_event_where_it_lives() -> None:
    """Pitfall 24: the removal goes to the old calendar, though the target is another one by now."""
    world, connection = shop()
    connection, (team,) = with_calendars(world, connection, "Team")
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    connection = choose(world, connection, target=calendar_key(team))
    export(world, cancelled(world, booking), connection)

    assert (events(world), events(world, team)) == ([], [])


def dedicated(world: World) -> list[str]:
    """The secondary calendars of the account, as its owner would list them."""
    connection = next(iter(world.ports.connections.of_resource("t1", "anna")))
    provider = world.ports.providers[connection.provider].calendar
    page = authorized(world.ports, connection, lambda token: provider.list_calendars(token, page=None))
    return [entry.provider_id for entry in page.entries if not entry.primary]


def test_a_dedicated_calendar_is_made_when_first_needed() -> None:
    """D1: one calendar for all bookings, which never counts as the owner's busy time."""
    world, connection = shop(exports=ExportSettings(dedicated=True))
    assert dedicated(world) == []
    for clock in ("10:00", "11:00"):
        export(world, booked(world, clock).booking, connection)
    (made,) = dedicated(world)
    stored = world.ports.connections.get("t1", connection.id)

    assert len(events(world, made)) == 2
    assert (stored.dedicated_calendar, stored.dedicated_pending) == (calendar_key(made), False)
    assert [line.state for line in slots(world).calendars] == ["known"]
    assert "10:00" not in starts(slots(world))


@pytest.mark.pitfall(13)
def test_an_interrupted_attempt_makes_no_second_dedicated_calendar() -> None:
    """Pitfall 13: the calendar was made and the answer lost; the next attempt finds it."""
    world, connection = shop(exports=ExportSettings(dedicated=True))
    booking = booked(world, "10:00").booking
    world.google.inspect.add_fault("drop_after", method="calendars.insert")
    with pytest.raises(ProviderUnavailable):
        export(world, booking, connection)
    export(world, booking, connection)

    assert (len(dedicated(world)), len(events(world, dedicated(world)[0]))) == (1, 1)


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


@pytest.mark.pitfall(22)
def test_the_dedicated_calendar_is_watched_from_the_start() -> None:
    """Pitfall 22, D2: an event that its owner moves in the new calendar moves its booking, in seconds."""
    world = World()
    world.catalogue()
    world.account()
    connection = world.connect()
    chosen = {"exports": {"dedicated": True}}
    change_settings(world.ports, ChangeSettings("t1", connection.id, chosen, {}))
    start_sync(world.ports, StartSync(tenant="t1", connection=connection.id))
    world.drain()
    booking = booked(world, "10:00").booking
    world.drain()
    (made,) = dedicated(world)
    world.google.owner.shift_event(made, events(world, made)[0]["id"], minutes=60)
    world.drain()
    stored = world.ports.bookings.get("t1", booking.id)

    assert (stored.interval.start, stored.source, world.errors) == (at("11:00"), "external", [])
