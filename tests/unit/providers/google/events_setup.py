"""Items of Google's as events and changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from common.domain.calendar.event import Detail, ExternalEvent
from common.providers.google import events_to_domain
from common.providers.google.event_structs import item_of
from common.providers.google.events_to_domain import GoogleContext

ZURICH = GoogleContext.of(["Europe/Zurich"], Detail.FULL)
TEN, ELEVEN = datetime(2026, 10, 6, 10, tzinfo=UTC), datetime(2026, 10, 6, 11, tzinfo=UTC)


def event_of(item: dict[str, Any], place: GoogleContext) -> ExternalEvent:
    found = item_of(item)
    assert found is not None
    return events_to_domain.event_of(found, place)


def timed(**changes: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "status": "confirmed",
        "start": {"dateTime": "2026-10-06T12:00:00+02:00", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": "2026-10-06T13:00:00+02:00", "timeZone": "Europe/Zurich"},
        **changes,
    }
