"""The baseline of an import: json, a pydantic model, and a document for each event in batches of 500."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

BATCH = 500


class When(BaseModel):
    """A time of either provider."""

    dateTime: datetime | None = None  # noqa: N815 - the providers' name
    date: str | None = None
    timeZone: str = "UTC"  # noqa: N815 - the providers' name


class Guest(BaseModel):
    """An attendee at Google."""

    self: bool = False
    responseStatus: str = "needsAction"  # noqa: N815 - Google's name


class Answer(BaseModel):
    """The owner's answer at Microsoft."""

    response: str = "none"


class Event(BaseModel):
    """The fields that an import needs, of both providers."""

    id: str
    start: When
    end: When
    status: str = "confirmed"
    transparency: str = "opaque"
    visibility: str = "default"
    eventType: str = "default"  # noqa: N815 - Google's name
    recurringEventId: str | None = None  # noqa: N815 - Google's name
    attendees: list[Guest] = []
    updated: datetime | None = None
    etag: str | None = None
    showAs: str = "busy"  # noqa: N815 - Graph's name
    sensitivity: str = "normal"
    isCancelled: bool = False  # noqa: N815 - Graph's name
    responseStatus: Answer | None = None  # noqa: N815 - Graph's name
    lastModifiedDateTime: datetime | None = None  # noqa: N815 - Graph's name


class Page(BaseModel):
    """A page of either provider."""

    items: list[Event] = []
    value: list[Event] = []


def import_pages(client: Any, bodies: Sequence[bytes]) -> int:
    """Store every event of some pages; returns their number."""
    collection, batch, count = client.collection("events"), client.batch(), 0
    for body in bodies:
        page = Page.model_validate(json.loads(body))
        for event in (*page.items, *page.value):
            batch.set(collection.document(event.id), _document(event))
            count += 1
            if count % BATCH == 0:
                batch.commit()
                batch = client.batch()
    if count % BATCH:
        batch.commit()
    return count


def _document(event: Event) -> dict[str, Any]:
    mine = next((guest.responseStatus for guest in event.attendees if guest.self), None)
    return {
        "tenant": "t",
        "calendar": "c",
        "id": event.id,
        "start": _instant(event.start),
        "end": _instant(event.end),
        "all_day": event.start.date is not None,
        "cancelled": event.isCancelled or event.status == "cancelled",
        "busy": event.transparency != "transparent" and event.showAs != "free",
        "private": event.visibility == "private" or event.sensitivity == "private",
        "type": event.eventType,
        "series": event.recurringEventId,
        "response": mine or (event.responseStatus.response if event.responseStatus else None),
        "updated": event.updated or event.lastModifiedDateTime,
        "etag": event.etag,
    }


def _instant(when: When) -> datetime:
    if when.dateTime is None:
        return datetime.fromisoformat(when.date or "").replace(tzinfo=ZoneInfo(when.timeZone)).astimezone(UTC)
    known = when.dateTime if when.dateTime.tzinfo else when.dateTime.replace(tzinfo=ZoneInfo(when.timeZone))
    return known.astimezone(UTC)
