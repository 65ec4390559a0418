"""A calendar whose zone changes: its all-day events are taken where they are now, live and in the copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.connection import Grant
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource
from common.domain.shared.task_records import RefreshCalendars
from common.flows.connect.calendars import refresh_calendars
from common.flows.shared.calendar_access import reference
from common.ports.provider import BusyRequest
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced
from tests.machinery import CLIENT
from tests.world import ACCOUNT, OUTLOOK, WEEKDAYS

DAY = "2027-03-24"
ZURICH = datetime(2027, 3, 23, 23, tzinfo=UTC)
# Daylight saving time has begun there by then.
NEW_YORK = datetime(2027, 3, 24, 4, tzinfo=UTC)


def whole_day(start):
    return Interval(start, start + timedelta(days=1))


def google():
    """A calendar in Zurich with one whole day."""
    world = Synced()
    day = {"start": {"date": DAY}, "end": {"date": "2027-03-25"}}
    world.google.owner.put_event(ACCOUNT, {"summary": "holiday", **day})
    world.drain()
    return world


def outlook(**options):
    """A mailbox in Zurich with one whole day, whose settings may be read."""
    world = Outlook(**options)
    answer = world.microsoft.admin.grant(
        OUTLOOK, CLIENT[0], ["Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read"]
    )
    allow(world, answer["access_token"])
    day = {
        "start": {"dateTime": f"{DAY}T00:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2027-03-25T00:00:00", "timeZone": "UTC"},
        "isAllDay": True,
    }
    world.microsoft.owner.put_event(world.calendar, {"subject": "holiday", **day})
    refresh(world)
    world.request_sync()
    world.drain()
    return world


def allow(world, token):
    """Let the connection use this access token."""
    ids = {"tenant": world.tenant, "connection": world.connection_id}
    grant = Grant(token, "refresh", world.clock.now() + timedelta(minutes=50), ("Calendars.ReadWrite",))
    sealed = world.ports.vault.seal(grant, **ids)
    _, version = world.ports.connections.sealed(world.tenant, world.connection_id)
    world.ports.connections.save_sealed(world.tenant, world.connection_id, sealed, expected=version)


def refresh(world):
    refresh_calendars(world.ports, RefreshCalendars(world.tenant, world.connection_id))


def live(world):
    """The times that the calendar says are taken when it is asked now."""
    connection = world.connection
    calendar = reference(world.ports, connection, connection.calendars[world.key])
    provider = world.ports.providers[connection.provider].calendar
    grant, _ = world.ports.connections.sealed(world.tenant, world.connection_id)
    token = world.ports.vault.open(grant, tenant=world.tenant, connection=world.connection_id).access_token
    around = Interval(ZURICH - timedelta(days=1), NEW_YORK + timedelta(days=2))
    (page,) = provider.busy(token, [BusyRequest(calendar)], around)
    return [event.span for event in page.events]


def copied(world):
    return [event.interval for event in world.imported()]


@pytest.mark.parametrize("changed", [False, True])
def test_a_google_calendar_that_moves_to_new_york_is_taken_there(changed):
    """Every answer names the zone: the live one is right at once, the copy within the same sync."""
    world = google()
    assert ([whole_day(ZURICH)], [whole_day(ZURICH)]) == (live(world), copied(world))

    world.google.admin.set_time_zone(ACCOUNT, "America/New_York")
    at_once = live(world)
    if changed:
        world.enter(datetime(2027, 3, 26, 9, tzinfo=UTC))
    else:
        world.request_sync()
    world.drain()

    assert not world.errors
    assert [whole_day(NEW_YORK)] == at_once == live(world)
    assert whole_day(NEW_YORK) == copied(world)[0]
    assert [2, 1][not changed] == len(copied(world))
    assert "America/New_York" == world.connection.calendars[world.key].zone


def test_a_zone_that_the_list_of_calendars_told_first_changes_the_copy_too():
    """The daily listing stores the new zone: the next sync finds that the copy was made in another one."""
    world = google()
    world.google.admin.set_time_zone(ACCOUNT, "America/New_York")
    refresh(world)
    world.request_sync()
    world.drain()

    assert ([whole_day(NEW_YORK)], [whole_day(NEW_YORK)]) == (live(world), copied(world))


def test_an_outlook_mailbox_that_moves_to_new_york_is_taken_there():
    """Outlook places whole days in the mailbox's zone, which is read with the list of calendars."""
    world = outlook()
    assert ([whole_day(ZURICH)], [whole_day(ZURICH)]) == (live(world), copied(world))

    world.microsoft.admin.set_time_zone(OUTLOOK, "Eastern Standard Time")
    refresh(world)
    at_once = live(world)
    world.request_sync()
    world.drain()

    assert not world.errors
    assert [whole_day(NEW_YORK)] == at_once
    assert [whole_day(NEW_YORK)] == copied(world)


def test_without_the_permission_whole_days_of_outlook_are_in_the_resources_zone():
    """The mailbox's settings may not be read: the list works, and the resource's zone counts."""
    world = outlook()
    answer = world.microsoft.admin.grant(OUTLOOK, CLIENT[0], ["Calendars.Read", "Calendars.ReadWrite"])
    allow(world, answer["access_token"])
    refresh(world)
    without = (world.connection.calendars[world.key].zone, live(world))
    moved = Resource(id="anna", name="Anna", email=ACCOUNT, zone="America/New_York", hours=WEEKDAYS)
    world.ports.catalogue.save_resource(world.tenant, moved)
    world.request_sync()
    world.drain()

    assert (None, [whole_day(ZURICH)]) == without
    assert ([whole_day(NEW_YORK)], [whole_day(NEW_YORK)]) == (live(world), copied(world))
