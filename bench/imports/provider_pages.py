"""Generates pages of events as Google and Microsoft send them, from a seed; no real person's data."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

PLACE = "Europe/Zurich"
FIRST, DAYS = datetime(2027, 3, 15, 8, tzinfo=UTC), 126
GRAPH = "https://graph.microsoft.com/v1.0/me/calendars/c/calendarView/delta"

Event = dict[str, Any]


def google_pages(events: int, *, size: int, masked: bool) -> list[bytes]:
    """A full listing of single events; ``masked`` with the fields that Slotbridge requests, else with all."""
    rng = random.Random(1)
    items = [_google(rng, number, masked=masked) for number in range(events)]

    def page(part: list[Event], following: int | None) -> Event:
        more = {"nextSyncToken": "token"} if following is None else {"nextPageToken": str(following)}
        return {"kind": "calendar#events", "timeZone": PLACE, **more, "items": part}

    return _pages(items, size, page)


def graph_pages(events: int, *, size: int) -> list[bytes]:
    """The first round of a delta query, in which fields cannot be chosen."""
    rng = random.Random(1)
    items = [_graph(rng, number) for number in range(events)]

    def page(part: list[Event], following: int | None) -> Event:
        if following is None:
            return {"@odata.deltaLink": f"{GRAPH}?$deltatoken=d", "value": part}
        return {"@odata.nextLink": f"{GRAPH}?$skiptoken={following}", "value": part}

    return _pages(items, size, page)


def _pages(items: list[Event], size: int, page: Callable[[list[Event], int | None], Event]) -> list[bytes]:
    ends = range(size, len(items) + size, size)
    following = (end if end < len(items) else None for end in ends)
    return [
        json.dumps(page(items[end - size : end], more)).encode()
        for end, more in zip(ends, following, strict=True)
    ]


def _span(rng: random.Random) -> tuple[datetime, datetime]:
    start = FIRST + timedelta(days=rng.randrange(DAYS), minutes=15 * rng.randrange(44))
    return start, start + timedelta(minutes=rng.choice((15, 30, 45, 60, 90)))


def _google(rng: random.Random, number: int, *, masked: bool) -> Event:
    (start, end), place = _span(rng), ZoneInfo(PLACE)
    id_, guests = f"{rng.getrandbits(104):026x}", rng.choice((0, 0, 1, 2, 4))
    mine = {"self": True, "responseStatus": rng.choice(("accepted", "accepted", "needsAction", "declined"))}
    event: Event = {
        "etag": f'"{rng.getrandbits(50):016}"',
        "id": id_,
        "status": "confirmed" if rng.random() < 0.93 else "tentative",
        "updated": f"2027-02-{rng.randrange(1, 28):02}T10:11:12.{rng.randrange(1000):03}Z",
        "eventType": "default",
    }
    if rng.random() < 0.06:
        day = start.date()
        event |= {"start": {"date": f"{day}"}, "end": {"date": f"{day + timedelta(days=1)}"}}
        event["transparency"] = "transparent"
    else:
        for name, at in (("start", start), ("end", end)):
            event[name] = {"dateTime": at.astimezone(place).isoformat(), "timeZone": PLACE}
    if rng.random() < 0.08:
        event["visibility"] = "private"
    texts = "x" * rng.randrange(400)
    if masked:
        return event | ({"attendees": [mine, *[{"responseStatus": "accepted"}] * guests]} if guests else {})
    others = [{"email": f"guest{n}@example.org", "responseStatus": "accepted"} for n in range(guests)]
    return event | {
        "kind": "calendar#event",
        "htmlLink": f"https://www.google.com/calendar/event?eid={id_ * 2}",
        "created": "2027-01-03T09:00:00.000Z",
        "summary": f"Meeting {number} about things",
        "description": texts,
        "location": f"Room {number % 30}",
        "creator": {"email": "anna@example.com", "self": True},
        "organizer": {"email": "anna@example.com", "self": True},
        "iCalUID": f"{id_}@google.com",
        "sequence": 0,
        "reminders": {"useDefault": True},
        **({"attendees": [{"email": "anna@example.com", **mine}, *others]} if guests else {}),
    }


def _graph(rng: random.Random, number: int) -> Event:
    start, end = _span(rng)
    answer = rng.choice(("organizer", "accepted", "accepted", "notResponded", "declined"))
    return {
        "@odata.etag": f'W/"{rng.getrandbits(60)}"',
        "id": f"AQMk{rng.getrandbits(440):0110x}",
        "subject": f"Meeting {number} about things",
        "bodyPreview": "x" * 100,
        "importance": "normal",
        "sensitivity": "private" if rng.random() < 0.08 else "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": answer == "organizer",
        "showAs": "free" if rng.random() < 0.06 else "busy",
        "type": "singleInstance",
        "seriesMasterId": None,
        "transactionId": None,
        "createdDateTime": "2027-01-03T09:00:00.0000000Z",
        "lastModifiedDateTime": "2027-02-03T09:00:00.0000000Z",
        "responseStatus": {"response": answer, "time": "0001-01-01T00:00:00Z"},
        "body": {"contentType": "text", "content": "x" * rng.randrange(400)},
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{end:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
        "location": {"displayName": f"Room {number % 30}"},
        "attendees": [
            {"type": "required", "emailAddress": {"name": f"Guest {n}", "address": f"guest{n}@example.org"}}
            for n in range(rng.choice((0, 0, 1, 2, 4)))
        ],
        "organizer": {"emailAddress": {"name": "Anna", "address": "anna@example.com"}},
    }
