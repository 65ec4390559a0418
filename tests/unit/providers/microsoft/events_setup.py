"""Items of Graph's as events and changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from common.domain.calendar.event import Detail, ExternalEvent
from common.providers.microsoft import events_to_domain
from common.providers.microsoft.event_structs import item_of
from common.providers.microsoft.events_to_domain import GraphContext

TIMES = GraphContext.of("Europe/Zurich", Detail.TIMES)
START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event_of(item: dict[str, Any], place: GraphContext) -> ExternalEvent:
    found = item_of(item)
    assert found is not None
    return events_to_domain.event_of(found, place)


def at(text: str, zone: str | None = "UTC") -> dict[str, str]:
    return {"dateTime": text, **({"timeZone": zone} if zone is not None else {})}


def item(**changes: Any) -> dict[str, Any]:
    made = {
        "@odata.etag": 'W/"1"',
        "id": "AAkA",
        "start": at("2026-10-05T08:00:00.0000000"),
        "end": at("2026-10-05T09:00:00.0000000"),
        "isAllDay": False,
        "showAs": "busy",
        "sensitivity": "normal",
        "isCancelled": False,
        "isOrganizer": True,
        "type": "singleInstance",
        "seriesMasterId": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "lastModifiedDateTime": "2026-10-01T08:00:00.1234567Z",
        "subject": "Meeting",
        "body": {"contentType": "text", "content": "Words"},
        "location": {"displayName": "Room 1"},
        "iCalUId": "uid",
    }
    return {**made, **changes}
