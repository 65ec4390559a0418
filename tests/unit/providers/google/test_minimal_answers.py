"""The smallest and the fullest answers that Google's discovery document allows, fed to the adapter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httplib2
import pytest
from googleapiclient.discovery_cache import get_static_doc

from common.domain.calendar.connection import AccessRole, CalendarRef
from common.domain.calendar.event import Detail, ExternalEvent, Kind, Removal, SeriesTouched, ShowAs, Upsert
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.errors import UnexpectedReply
from common.ports.provider import BusyPage, BusyRequest, ChannelRequest
from common.providers.google.calendar import GoogleCalendar
from common.providers.google.client import GoogleClient

START = datetime(2027, 3, 15, 9, 0, tzinfo=UTC)
DAY = Interval(START, START + timedelta(days=1))
CALENDAR = CalendarRef("ada@example.com", zone="Europe/Zurich", role=AccessRole.OWNER)
FULL = Cursor(snapshot=True, window=DAY)
DELTA = Cursor(snapshot=False, window=DAY, token="t")
TIMES = {
    "start": {"dateTime": "2027-03-15T10:00:00+01:00"},
    "end": {"dateTime": "2027-03-15T11:00:00+01:00"},
}
SAMPLES = {
    "date": "2027-03-15",
    "date-time": "2027-03-15T10:00:00.000Z",
    "int32": 7,
    "int64": "1805105000000",
    "uint32": 7,
}


@cache
def schemas() -> dict[str, Any]:
    """The schemas of the discovery document that ships with Google's client."""
    document: str = get_static_doc("calendar", "v3")  # type: ignore[no-untyped-call]
    found: dict[str, Any] = json.loads(document)["schemas"]
    return found


def fullest(schema: dict[str, Any]) -> Any:
    """A value with every field of a schema."""
    if "$ref" in schema:
        return fullest(schemas()[schema["$ref"]])
    if "properties" in schema:
        return {name: fullest(value) for name, value in schema["properties"].items()}
    if "additionalProperties" in schema:
        return {"any": fullest(schema["additionalProperties"])}
    if schema["type"] == "array":
        return [fullest(schema["items"])]
    plain = {"boolean": False, "integer": 7, "number": 0.5}.get(schema["type"], "word")
    return SAMPLES.get(schema.get("format", ""), schema.get("default", plain))


def timed(**changes: Any) -> dict[str, Any]:
    """The fullest event, made a timed one: "date" and "dateTime" exclude each other."""
    whole: dict[str, Any] = fullest(schemas()["Event"])
    single = {name: value for name, value in whole.items() if name not in {"recurringEventId", "recurrence"}}
    return {**single, "id": "e1", "status": "confirmed", "transparency": "opaque", **TIMES, **changes}


class Answering(httplib2.Http):
    """A connection whose other side says one thing after the other."""

    def __init__(self, answers: Iterator[Any]) -> None:
        super().__init__()
        self.answers = answers

    def request(self, *_: Any, **__: Any) -> tuple[httplib2.Response, bytes]:
        return httplib2.Response({"status": "200"}), json.dumps(next(self.answers)).encode()


def google(*answers: Any) -> GoogleCalendar:
    said = iter(answers)
    return GoogleCalendar(GoogleClient(http_factory=lambda _: Answering(said)))


def changes(*items: Any, cursor: Cursor = FULL, **page: Any) -> tuple[Any, ...]:
    reply = {"kind": "calendar#events", "nextSyncToken": "s", "items": list(items), **page}
    return google(reply).changes("token", CALENDAR, cursor, detail=Detail.FULL).changes


def test_the_smallest_event() -> None:
    """An id and times: opaque, confirmed, public, the owner's own, without a title."""
    (change,) = changes({"id": "e1", **TIMES})

    assert isinstance(change, Upsert)
    event = change.event
    assert (event.kind, event.show_as, event.private, event.title) == (Kind.SINGLE, ShowAs.BUSY, False, "")
    assert (event.etag, event.updated, event.marker) == (None, None, None)
    assert (event.start, event.end) == (START, START + timedelta(hours=1))


def test_the_fullest_event() -> None:
    """Every field of the schema at once, most of which are none of our business."""
    (change,) = changes(timed())

    assert isinstance(change, Upsert)
    assert (change.event.id, change.event.start) == ("e1", START)
    assert change.event.title == "word"


def test_the_smallest_tombstones() -> None:
    """Of a deleted event only its id is sure, of a cancelled occurrence also whose it was."""
    single = {"id": "e1", "status": "cancelled"}
    occurrence = {"id": "s_1", "status": "cancelled", "recurringEventId": "s", "originalStartTime": {}}

    assert changes(single, occurrence, cursor=DELTA) == (Removal("e1"), SeriesTouched("s", "s_1"))


@pytest.mark.parametrize("page", [{}, {"items": None}, {"timeZone": "Mars/Phobos"}, {"timeZone": None}])
def test_the_smallest_page(page: dict[str, Any]) -> None:
    """Without items it is an empty listing only if it says that it is a listing."""
    reply = {"kind": "calendar#events", "nextSyncToken": "s", **page}
    answer = google(reply).changes("token", CALENDAR, FULL, detail=Detail.FULL)

    assert (answer.changes, answer.last, answer.next.token) == ((), True, "s")


def test_the_fullest_page() -> None:
    """A page with both tokens is followed; the sync token comes with the last one."""
    reply = {**fullest(schemas()["Events"]), "items": [timed()], "nextPageToken": "p"}
    answer = google(reply).changes("token", CALENDAR, FULL, detail=Detail.FULL)

    assert (len(answer.changes), answer.last, answer.next.page) == (1, False, "p")


def test_the_smallest_and_the_fullest_calendar() -> None:
    """An id alone is a calendar that nothing is known of; with every field it has a name and a zone."""
    full = {**fullest(schemas()["CalendarListEntry"]), "id": "b", "timeZone": "Asia/Tokyo"}
    page = google({"kind": "calendar#calendarList", "items": [{"id": "a"}, full]})
    small, rich = page.list_calendars("token", page=None).entries

    assert (small.provider_id, small.name, small.zone, small.role) == ("a", "", None, AccessRole.NONE)
    assert (rich.provider_id, rich.name, rich.zone) == ("b", "word", "Asia/Tokyo")


def test_the_smallest_and_the_fullest_channel() -> None:
    """What it watches and until when is all that is needed."""
    asked = ChannelRequest("c", "https://x", "t", created_at=START, expires_at=DAY.end)
    small = google({"resourceId": "r", "expiration": "1805105000000"})
    rich = google({**fullest(schemas()["Channel"]), "resourceId": "r"})

    assert small.watch("token", CALENDAR, asked) == rich.watch("token", CALENDAR, asked)


@pytest.mark.parametrize("more", [{}, {"errors": []}, {"groups": {}, "kind": "calendar#freeBusy"}])
def test_the_smallest_free_busy_answer(more: dict[str, Any]) -> None:
    """Times without anything else."""
    times = {"start": "2027-03-15T09:00:00Z", "end": "2027-03-15T10:00:00Z"}
    reply = {"calendars": {CALENDAR.provider_id: {"busy": [times], **more}}}
    (page,) = busy(reply)

    assert isinstance(page, BusyPage)
    assert [(event.start, event.end) for event in page.events] == [(START, START + timedelta(hours=1))]


@pytest.mark.parametrize("reply", [{}, {"calendars": {}}, {"calendars": {CALENDAR.provider_id: {}}}])
def test_a_free_busy_answer_without_times_is_not_free(reply: dict[str, Any]) -> None:
    """The schema lets everything be left out; unknown never counts as free."""
    (error,) = busy(reply)

    assert isinstance(error, UnexpectedReply)


def busy(reply: dict[str, Any]) -> tuple[Any, ...]:
    blind = CalendarRef(CALENDAR.provider_id, zone="Europe/Zurich", role=AccessRole.FREE_BUSY)
    return google(reply).busy("token", [BusyRequest(blind)], DAY)


@pytest.mark.parametrize("event", [{"id": "e1", **TIMES}, timed()])
def test_one_event(event: dict[str, Any]) -> None:
    """Read alone it is the same as in a listing."""
    read = google(event).get_event("token", CALENDAR, "e1", detail=Detail.FULL)

    assert isinstance(read, ExternalEvent)
    assert (read.start, read.end) == (START, START + timedelta(hours=1))
