"""Compares what Slotbridge has stored with the provider's calendar, read over the provider's own API."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.calendar.interval import Interval
from tests.machinery import CLIENT
from tests.transports import WsgiHttp, wsgi_session
from tests.world import World

SCOPE = "https://www.googleapis.com/auth/calendar"
MARK = "slotbridge"
Times = tuple[datetime, datetime, str]


class GoogleCalendarReader:
    """Reads the simulated Google calendars as any other client would: over the API, with its own grant."""

    def __init__(self, world: World, account: str) -> None:
        self._world = world
        self._account = account

    def instances(self, calendar: str, window: Interval) -> list[dict[str, Any]]:
        """Every event of a calendar as single instances, cancelled ones left out."""
        grant = self._world.google.admin.grant(self._account, CLIENT[0], [SCOPE])
        items: list[dict[str, Any]] = []
        page = ""
        while True:
            query = (
                f"singleEvents=true&maxResults=2500&timeMin={quote(window.start.isoformat())}"
                f"&timeMax={quote(window.end.isoformat())}" + (f"&pageToken={page}" if page else "")
            )
            response, content = WsgiHttp(self._world.google).request(
                f"http://google.test/calendar/v3/calendars/{quote(calendar, safe='')}/events?{query}",
                headers={"Authorization": f"Bearer {grant['access_token']}"},
            )
            assert response.status == 200, content
            answer = json.loads(content)
            items += answer["items"]
            page = answer.get("nextPageToken", "")
            if not page:
                return items

    def foreign(self, calendar: str, window: Interval, own: set[str], zone: str) -> set[Times]:
        """Times and titles of events that Slotbridge did not make; an event without length is left out."""
        found = {_times(item, zone) for item in self.instances(calendar, window) if item["id"] not in own}
        return {times for times in found if times[0] < times[1] and _within(times, window)}

    def own(self, calendar: str, own: set[str], window: Interval) -> dict[str, Times]:
        """The exported events of Slotbridge that exist in ``window``, by id."""
        ours = (item for item in self.instances(calendar, window) if item["id"] in own)
        found = {item["id"]: _times(item, "UTC") for item in ours}
        return {name: times for name, times in found.items() if _within(times, window)}


class GraphCalendarReader(GoogleCalendarReader):
    """Reads the simulated Outlook calendars in the same way, and answers in the terms of Google's API."""

    def instances(self, calendar: str, window: Interval) -> list[dict[str, Any]]:
        """Every event of a calendar view one day wider, since an all-day event has dates and no instants."""
        # What is compared is the calendar, whatever a story drew for the product's own requests.
        self._world.microsoft.admin.set_setting("stray_conflict_every", 0)
        grant = self._world.microsoft.admin.grant(self._account, CLIENT[0], ["Calendars.Read"])
        headers = {
            "Authorization": f"Bearer {grant['access_token']}",
            "Prefer": 'IdType="ImmutableId", outlook.timezone="UTC"',
        }
        session, day = wsgi_session(self._world.microsoft), timedelta(days=1)
        start, end = (quote(moment.isoformat()) for moment in (window.start - day, window.end + day))
        link: str | None = (
            f"https://graph.microsoft.com/v1.0/me/calendars/{quote(calendar)}/calendarView"
            f"?startDateTime={start}&endDateTime={end}&$top=500"
        )
        items: list[dict[str, Any]] = []
        while link:
            answer = session.get(link, headers=headers)
            assert answer.status_code == 200, answer.text
            items += [_as_google(item) for item in answer.json()["value"] if not item["isCancelled"]]
            link = answer.json().get("@odata.nextLink")
        return items


def _as_google(item: dict[str, Any]) -> dict[str, Any]:
    def moment(name: str) -> dict[str, str]:
        text = item[name]["dateTime"][:19]
        return {"date": text[:10]} if item["isAllDay"] else {"dateTime": f"{text}+00:00"}

    return {"id": item["id"], "summary": item["subject"], "start": moment("start"), "end": moment("end")}


def _times(item: dict[str, Any], zone: str) -> Times:
    return (_moment(item["start"], zone), _moment(item["end"], zone), item.get("summary", ""))


def _within(times: Times, window: Interval) -> bool:
    return times[0] < window.end and times[1] > window.start


def _moment(value: dict[str, str], zone: str) -> datetime:
    if "date" in value:
        day = date.fromisoformat(value["date"])
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return datetime.fromisoformat(value["dateTime"]).astimezone(UTC)


def differences(world: World, connection: Connection, account: str, *, days: int = 300) -> list[str]:
    """Everything in which the store and the provider's calendar differ from now on."""
    now = world.clock.now()
    window = Interval(now, now + timedelta(days=days))
    google = connection.provider is ProviderKind.GOOGLE
    truth = GoogleCalendarReader(world, account) if google else GraphCalendarReader(world, account)
    home = world.ports.catalogue.resource(connection.tenant, connection.resource).zone
    links = world.ports.bookings.links(connection.tenant, connection.id, after=None, limit=10_000)
    own = {link.event_id for link in links}
    found: list[str] = []
    exported: dict[str, Times] = {}
    for entry in connection.calendars.values():
        exported |= truth.own(entry.provider_id, own, window)
        if not connection.imports(entry):
            continue
        expected = truth.foreign(entry.provider_id, window, own, entry.zone or home)
        stored = {
            (event.interval.start, event.interval.end, event.title or "")
            for event in world.ports.sync_states.imported(connection.tenant, connection.id, entry.key, window)
        }
        found += [f"not imported: {item}" for item in sorted(expected - stored)]
        found += [f"imported, but not there: {item}" for item in sorted(stored - expected)]
    return [*found, *_bookings(world, connection, exported, window), *_seats(world, connection.tenant)]


def _seats(world: World, tenant: str) -> list[str]:
    """Everything in which sessions, their seats and the count of free places contradict each other."""
    everything = world.ports.bookings.page(tenant, after=None, limit=10_000)
    seats = {booking.id: booking for booking in everything if booking.is_seat and booking.takes_time}
    found = [f"{booking.id} is held for ever" for booking in everything if booking.held_until]
    for session in (booking for booking in everything if booking.is_session):
        mine = {name: seat for name, seat in seats.items() if seat.session == session.id}
        if session.active:
            places = sorted(place for seat in mine.values() for place in seat.places)
            roster = {name: seat.places for name, seat in session.roster.items()}
            if not mine or roster != {name: seat.places for name, seat in mine.items()}:
                found.append(f"session {session.id} has {roster}, its seats are {sorted(mine)}")
            if len(set(places)) < len(places):
                found.append(f"session {session.id} has a place twice")
            found += [f"{one.id} is elsewhere" for one in mine.values() if one.interval != session.interval]
        else:
            found += [f"{name} sits in no session" for name in mine]
    return found


def _bookings(
    world: World, connection: Connection, exported: dict[str, Times], window: Interval
) -> list[str]:
    found: list[str] = []
    bookings = world.ports.bookings.overlapping(connection.tenant, connection.resource, window)
    expected: dict[str, str] = {}
    for booking in bookings:
        link = world.ports.bookings.link(connection.tenant, connection.id, booking.id)
        if link is None:
            found.append(f"booking {booking.id} was not exported")
            continue
        expected[link.event_id] = booking.id
        times = exported.get(link.event_id)
        if times is None:
            found.append(f"the event of booking {booking.id} is not there ({link.state})")
        elif times[:2] != (booking.interval.start, booking.interval.end):
            found.append(f"booking {booking.id} is at {booking.interval}, its event at {times[:2]}")
    found += [f"an event of no booking: {name}" for name in exported if name not in expected]
    found += [
        f"{one.id} and {other.id} overlap"
        for one, other in combinations(bookings, 2)
        if one.claimed.overlaps(other.claimed)
    ]
    return found
