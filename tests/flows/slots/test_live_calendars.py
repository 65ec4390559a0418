"""Which times are offered while calendars are asked live."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.calendar.connection import CalendarUse
from common.domain.catalogue.records import Resource
from common.flows.booking.book import book
from common.flows.booking.change import cancel_booking
from tests.flows.setups.booking_setup import (
    ACCOUNT,
    CUSTOMER,
    MONDAY,
    at,
    booked,
    enter,
    events,
    export,
    shop,
    slots,
    starts,
    synchronised,
)
from tests.world import WEEKDAYS, World


def test_an_event_entered_at_google_removes_its_slots_at_once() -> None:
    """F2: the calendars are asked at that moment, without waiting for a synchronisation."""
    world, _ = shop()
    before = starts(slots(world))
    enter(world, "09:00", "12:00")
    world.advance(seconds=6)

    after = starts(slots(world))

    assert ("09:00" in before, after[0]) == (True, "13:00")


def test_a_booking_removes_its_slot_without_being_exported() -> None:
    """Our own agenda takes time as well."""
    world, _ = shop()
    booked(world, "09:00")

    assert starts(slots(world))[0] == "09:30"


@pytest.mark.pitfall(12)
def test_an_exported_booking_does_not_block_twice() -> None:
    """Pitfall 12: our own event in the calendar takes no time beyond its booking's."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)

    assert starts(slots(world))[:2] == ["09:30", "09:45"]


@pytest.mark.pitfall(22)
def test_an_own_event_that_was_moved_a_moment_ago_blocks_where_it_is_now() -> None:
    """Pitfall 22: until the booking has followed, both times are taken."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)
    world.google.owner.shift_event(ACCOUNT, events(world)[0]["id"], minutes=240)
    found = starts(slots(world))

    assert [clock in found for clock in ("09:00", "12:30", "13:00", "13:30")] == [False, False, False, True]


@pytest.mark.pitfall(22)
def test_an_own_event_that_came_from_far_away_blocks() -> None:
    """Pitfall 22: the owner drags a later appointment to this Monday; its booking has not followed yet."""
    world, connection = shop()
    far = at("09:00", MONDAY + timedelta(days=35))
    made = book(world.ports, tenant="t1", service="cut", resource="anna", start=far, customer=CUSTOMER)
    export(world, made.booking, connection)
    world.google.owner.shift_event(ACCOUNT, events(world)[0]["id"], minutes=-35 * 24 * 60 + 60)

    # Summer time has begun meanwhile: an hour later in UTC is the same time on the clock.
    assert starts(slots(world))[0] == "09:30"


def test_the_event_of_a_cancelled_booking_does_not_block() -> None:
    """Its time is free at once, also while the event still waits for its removal."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)
    stored = world.ports.bookings.get("t1", made.booking.id)
    cancel_booking(world.ports, tenant="t1", booking=stored.id, by=Staff())

    assert starts(slots(world))[0] == "09:00"


@pytest.mark.pitfall(12)
def test_a_copy_of_an_own_event_is_foreign_and_blocks() -> None:
    """Pitfall 12: whoever copies an exported event has made an appointment of their own."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)
    marker = {"private": {"slotbridge": f"{made.booking.id}.0"}}
    enter(world, "10:00", "11:00", extendedProperties=marker)

    assert {"09:30", "10:00", "11:00"} & set(starts(slots(world))) == {"09:30", "11:00"}


@pytest.mark.pitfall(18)
def test_what_blocks_follows_the_one_table() -> None:
    """Pitfall 18: declined and free events do not block, tentative and unanswered ones do."""
    world, _ = shop()
    declined = [{"email": "boss@example.com"}, {"email": ACCOUNT, "responseStatus": "declined"}]
    enter(world, "09:00", "10:00", attendees=declined)
    enter(world, "10:00", "11:00", transparency="transparent")
    enter(world, "11:00", "12:00", status="tentative")
    waiting = [{"email": "boss@example.com"}, {"email": ACCOUNT, "responseStatus": "needsAction"}]
    enter(world, "13:00", "14:00", attendees=waiting)
    found = starts(slots(world))

    assert [clock in found for clock in ("09:00", "10:00", "11:00", "13:00", "14:00")] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_every_calendar_that_is_on_counts_and_no_other() -> None:
    """F2: all of the resource's calendars; one that is switched off is not even asked."""
    world, connection = shop()
    second = world.google.admin.add_calendar(ACCOUNT, "Team")
    third = world.google.admin.add_calendar(ACCOUNT, "Off")
    enter(world, "09:00", "10:00", calendar=second)
    enter(world, "13:00", "14:00", calendar=third)
    listed = world.connect()
    switched = {
        key: replace(entry, use=CalendarUse.NONE if entry.provider_id == third else CalendarUse.IMPORT)
        for key, entry in listed.calendars.items()
    }
    world.ports.connections.save(replace(synchronised(world, listed), calendars=switched))
    found = slots(world)

    assert (starts(found)[0], "13:00" in starts(found), len(found.calendars)) == ("10:00", True, 2)
    assert connection.resource == listed.resource


def external_free(world: World) -> None:
    resource = Resource("anna", "Anna", ACCOUNT, "Europe/Zurich", WEEKDAYS, use_external_free=True)
    world.ports.catalogue.save_resource("t1", resource)


def test_with_external_free_times_no_free_event_means_no_slot() -> None:
    """C3: no such events means no availability, never all of it."""
    world, _ = shop()
    external_free(world)

    assert starts(slots(world)) == []


def test_external_free_times_replace_the_opening_hours() -> None:
    """C3: bookable time is only where the calendar has events marked free; busy ones still block."""
    world, _ = shop()
    external_free(world)
    enter(world, "18:00", "20:00", transparency="transparent")
    enter(world, "18:30", "19:00")

    assert starts(slots(world)) == ["18:00", "19:00", "19:15", "19:30"]
