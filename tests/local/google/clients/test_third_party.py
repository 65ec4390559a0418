import asyncio
from datetime import UTC, date, datetime, timedelta

import aiohttp
import httplib2
import pytest
from gcal_sync.api import GoogleCalendarService, ListEventsRequest, Range
from gcal_sync.auth import AbstractAuth
from gcal_sync.model import DateOrDatetime
from gcal_sync.model import Event as SyncEvent
from gcal_sync.store import InMemoryCalendarStore
from gcal_sync.sync import CalendarEventSyncManager, CalendarListSyncManager
from gcsa.event import Event
from gcsa.google_calendar import GoogleCalendar
from gcsa.recurrence import DAILY, Recurrence
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build

from local.google import GoogleServer
from tests.local.google.driver import ADA, timed


@pytest.fixture
def server(sim):
    with GoogleServer(sim) as running:
        yield running


@pytest.fixture
def token(sim):
    return sim.admin.grant(ADA, "client", ["calendar"])["access_token"]


@pytest.fixture
def gcsa(server, token):
    """The library gcsa, which builds its service for Google's address, with one for the simulator instead."""
    credentials = Credentials(token)
    found = GoogleCalendar(ADA, credentials=credentials, save_token=False)
    found.service.close()
    options = {"api_endpoint": server.calendar_endpoint}
    transport = AuthorizedHttp(credentials, http=httplib2.Http(timeout=20))
    found.service = build("calendar", "v3", http=transport, client_options=options)
    yield found
    found.service.close()


class Auth(AbstractAuth):
    """A fixed access token for gcal-sync."""

    def __init__(self, session, host, token):
        super().__init__(session, host)
        self.token = token

    async def async_get_access_token(self):
        return self.token


@pytest.fixture
def gcal_sync(server, token):
    """Runs a coroutine with a service of the library gcal-sync."""

    def run(work):
        async def inside():
            async with aiohttp.ClientSession() as session:
                auth = Auth(session, server.calendar_endpoint.rstrip("/"), token)
                return await work(GoogleCalendarService(auth))

        return asyncio.run(inside())

    return run


def test_gcsa_lists_creates_changes_and_deletes(sim, gcsa):
    """An event can be created, listed, changed and deleted with gcsa."""
    start = datetime(2026, 10, 5, 10, 0, tzinfo=UTC)
    made = gcsa.add_event(
        Event("Dentist", start=start, end=start + timedelta(hours=1), minutes_before_popup_reminder=5)
    )
    made.location = "Main street"
    gcsa.update_event(made)
    listed = list(gcsa.get_events(start - timedelta(days=1), start + timedelta(days=1), single_events=True))

    assert [(event.summary, event.location, event.start) for event in listed] == [
        ("Dentist", "Main street", start)
    ]
    assert [reminder.minutes_before_start for reminder in listed[0].reminders] == [5]

    gcsa.delete_event(made)

    assert list(gcsa.get_events(start - timedelta(days=1), start + timedelta(days=1))) == []
    assert [event["status"] for event in sim.inspect.events(ADA)] == ["cancelled"]


def test_gcsa_expands_recurring_events(gcsa):
    """Gcsa lists the instances of an all-day series, one of them moved."""
    gcsa.add_event(Event("Fair", start=date(2026, 10, 5), recurrence=Recurrence.rule(freq=DAILY, count=4)))
    instances = list(
        gcsa.get_events(date(2026, 10, 1), date(2026, 10, 30), single_events=True, order_by="startTime")
    )
    gcsa.delete_event(instances[1])
    left = list(gcsa.get_instances(instances[0].recurring_event_id, date(2026, 10, 1), date(2026, 10, 30)))

    assert [event.start.day for event in instances] == [5, 6, 7, 8]
    assert [event.start.day for event in left] == [5, 7, 8]


def test_gcsa_reads_calendar_list_and_free_busy(sim, gcsa):
    """Gcsa reads the calendar list and free/busy, and creates a calendar."""
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00"))
    window = {"time_min": datetime(2026, 10, 5, tzinfo=UTC), "time_max": datetime(2026, 10, 6, tzinfo=UTC)}
    busy = gcsa.get_free_busy(**window)

    assert [entry.id for entry in gcsa.get_calendar_list()] == [ADA]
    assert [item.start.hour for item in busy.calendars[ADA]] == [8]


def test_gcal_sync_lists_and_creates(gcal_sync):
    """gcal-sync creates an event and finds it expanded."""

    async def work(service):
        zone = datetime(2026, 10, 5, 10, 0, tzinfo=UTC)
        event = SyncEvent(
            summary="Dentist",
            start=DateOrDatetime(date_time=zone, timezone="UTC"),
            end=DateOrDatetime(date_time=zone + timedelta(hours=1), timezone="UTC"),
            rrule=[],
        )
        await service.async_create_event(ADA, event)
        request = ListEventsRequest(calendar_id=ADA, start_time=zone - timedelta(days=1))
        pages = [page.items async for page in await service.async_list_events(request)]
        calendars = await service.async_list_calendars()
        return [event.summary for page in pages for event in page], [entry.id for entry in calendars.items]

    assert gcal_sync(work) == (["Dentist"], [ADA])


def test_gcal_sync_uses_sync_tokens(sim, gcal_sync):
    """gcal-sync's store does a full sync, a change, an expired token and a deletion."""
    series = timed(
        "2026-10-05T10:00:00", id="series", summary="Series", recurrence=["RRULE:FREQ=DAILY;COUNT=3"]
    )
    sim.owner.put_event(ADA, series)
    sim.owner.put_event(ADA, timed("2026-10-05T15:00:00", id="single", summary="Single"))

    async def work(service):
        store = InMemoryCalendarStore()
        manager = CalendarEventSyncManager(service, calendar_id=ADA, store=store)

        async def timeline():
            await manager.run()
            found = await manager.store_service.async_get_timeline()
            return [(event.summary, event.start.value.day) for event in found]

        first = await timeline()
        sim.owner.delete_event(ADA, "series_20261006T080000Z")
        sim.owner.edit_event(ADA, "single", {"summary": "Renamed"})
        second = await timeline()
        sim.admin.expire_sync_tokens(ADA)
        sim.owner.delete_event(ADA, "single")
        third = await timeline()
        return first, second, third

    first, second, third = gcal_sync(work)

    assert first == [("Series", 5), ("Single", 5), ("Series", 6), ("Series", 7)]
    assert second == [("Series", 5), ("Renamed", 5), ("Series", 7)]
    assert third == [("Series", 5), ("Series", 7)]


def test_gcal_sync_deletes_an_instance_and_a_series(sim, gcal_sync):
    """gcal-sync cancels one instance by PATCH, and then deletes the whole series."""
    series = timed(
        "2026-10-05T10:00:00", id="series", summary="Series", recurrence=["RRULE:FREQ=DAILY;COUNT=3"]
    )
    sim.owner.put_event(ADA, series)

    def days():
        busy = sim.inspect.busy(ADA, time_min="2026-10-01T00:00:00Z", time_max="2026-10-30T00:00:00Z")
        return [start[:10] for start, _ in busy]

    async def work(service):
        manager = CalendarEventSyncManager(service, calendar_id=ADA, store=InMemoryCalendarStore())
        await manager.run()
        uid = "series@google.com"
        await manager.store_service.async_delete_event(uid, "series_20261006T080000Z", Range.NONE)
        without_one = days()
        await manager.store_service.async_delete_event(uid)
        return without_one

    assert gcal_sync(work) == ["2026-10-05", "2026-10-07"]
    assert days() == []


def test_gcal_sync_follows_the_calendar_list(sim, gcal_sync):
    """gcal-sync finds a new calendar by the list's sync token."""

    async def work(service):
        manager = CalendarListSyncManager(service, InMemoryCalendarStore())
        await manager.run()
        sim.admin.add_calendar(ADA, "Team")
        await manager.run()
        listed = await manager.store_service.async_list_calendars()
        return [entry.summary for entry in listed.calendars]

    assert gcal_sync(work) == [ADA, "Team"]
