"""The JSON of an event for one request: ids, time zone and body format depend on its Prefer headers."""

import re
from html import escape, unescape
from urllib.parse import quote

from local.microsoft import ids
from local.microsoft.api.context import Preferences
from local.microsoft.errors import Json
from local.microsoft.events.expansion import ListedEvent
from local.microsoft.state import State
from local.microsoft.times import (
    all_day_boundary,
    date_time_time_zone,
    format_timestamp,
    to_wall_time,
)

NEVER = "0001-01-01T00:00:00Z"
NO_LOCATION: Json = {
    "displayName": "",
    "locationType": "default",
    "uniqueIdType": "unknown",
    "address": {},
    "coordinates": {},
}
COPIED_FIELDS = (
    "subject",
    "importance",
    "sensitivity",
    "showAs",
    "isAllDay",
    "isReminderOn",
    "reminderMinutesBeforeStart",
    "responseRequested",
    "allowNewTimeProposals",
    "hideAttendees",
    "categories",
    "isOnlineMeeting",
    "onlineMeetingProvider",
)
HTML = (
    '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n'
    "<body>\r\n{}\r\n</body>\r\n</html>\r\n"
)


def etag(found: ListedEvent) -> str:
    """The etag of an event's version."""
    return f'W/"{ids.change_key(found.item.change)}"'


def render_event(state: State, found: ListedEvent, preferences: Preferences) -> Json:
    """The JSON of an event with all its properties."""
    item, body = found.item, found.body
    content = _body(body.get("body") or {}, preferences)
    event_id = state.id_of(item, immutable=preferences.immutable, day=found.day)
    made: Json = {
        "@odata.etag": etag(found),
        "id": event_id,
        "createdDateTime": item.created,
        "lastModifiedDateTime": item.modified,
        "changeKey": ids.change_key(item.change),
        "originalStartTimeZone": body.get("_label") or body["start"].get("timeZone") or "UTC",
        "originalEndTimeZone": body.get("_label") or body["end"].get("timeZone") or "UTC",
        "iCalUId": item.uid or ids.ical_uid(item.series or item.key, found.day),
        "hasAttachments": False,
        "bodyPreview": _text(content["content"])[:255],
        "isCancelled": bool(body.get("isCancelled")),
        "isOrganizer": item.is_organizer,
        "isDraft": False,
        "seriesMasterId": _master_id(state, found, preferences),
        "type": found.kind,
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(event_id)}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "onlineMeeting": None,
        "recurrence": _recurrence(found),
        "responseStatus": body.get("responseStatus") or {"response": "organizer", "time": NEVER},
        "body": content,
        "location": NO_LOCATION | (body.get("location") or {}),
        "locations": _locations(body),
        "attendees": [_attendee(each) for each in body.get("attendees") or ()],
        "organizer": _organizer(state, item.organizer),
    }
    made |= {name: body.get(name) for name in COPIED_FIELDS}
    made |= render_times(found, preferences)
    if item.transaction:
        made["transactionId"] = item.transaction
    if found.original_start is not None:
        made["originalStart"] = format_timestamp(found.original_start)
    return made | (body.get("_raw") or {})


def render_occurrence(state: State, found: ListedEvent, preferences: Preferences) -> Json:
    """The JSON of an occurrence in delta, which has ids and times only; the rest is in the series."""
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": etag(found),
        "id": state.id_of(found.item, immutable=preferences.immutable, day=found.day),
        "seriesMasterId": _master_id(state, found, preferences),
        "type": "occurrence",
        **render_times(found, preferences),
    }


def render_times(found: ListedEvent, preferences: Preferences) -> Json:
    """The start and end of an event in the preferred zone; all-day events are never converted."""
    if found.body.get("isAllDay"):
        zone = _day_zone(found)
        first, last = to_wall_time(found.start, zone).date(), to_wall_time(found.end, zone).date()
        return {
            "start": all_day_boundary(first, preferences.zone),
            "end": all_day_boundary(last, preferences.zone),
        }
    return {
        "start": date_time_time_zone(found.start, preferences.zone),
        "end": date_time_time_zone(found.end, preferences.zone),
    }


def _day_zone(found: ListedEvent) -> str:
    recurrence = found.body.get("recurrence") or {}
    named = recurrence.get("range", {}).get("recurrenceTimeZone")
    return str(named or found.body["start"].get("timeZone") or "UTC")


def _master_id(state: State, found: ListedEvent, preferences: Preferences) -> str | None:
    if not found.day:
        return None
    key = found.item.series or found.item.key
    made = ids.item_id(
        key, calendar=found.item.calendar, moves=found.item.moves, day="", immutable=preferences.immutable
    )
    state.event_ids[made] = (key, "")
    return made


def _organizer(state: State, address: str) -> Json:
    whose = state.accounts.get(address)
    return {"emailAddress": {"name": whose.name if whose else address, "address": address}}


def _recurrence(found: ListedEvent) -> Json | None:
    recurrence = found.body.get("recurrence")
    if found.kind != "seriesMaster" or not recurrence:
        return None
    label = found.body.get("_label")
    span = recurrence["range"] | ({"recurrenceTimeZone": label} if label else {})
    return {"pattern": recurrence["pattern"], "range": span}


def _locations(body: Json) -> list[Json]:
    given = body.get("locations") or []
    if not given and (body.get("location") or {}).get("displayName"):
        given = [body["location"]]
    return [NO_LOCATION | each for each in given]


def _attendee(given: Json) -> Json:
    address = given.get("emailAddress") or {}
    return {
        "type": given.get("type") or "required",
        "status": given.get("status") or {"response": "none", "time": NEVER},
        "emailAddress": {"name": address.get("name") or address["address"], "address": address["address"]},
    }


def _body(given: Json, preferences: Preferences) -> Json:
    content = given.get("content") or ""
    html = (given.get("contentType") or "text").lower() == "html"
    if preferences.plain_text:
        return {"contentType": "text", "content": _text(content) if html else content}
    if not content:
        return {"contentType": "html", "content": ""}
    inner = content if html else f'<div class="PlainText">{escape(content)}</div>'
    return {"contentType": "html", "content": inner if "<html" in inner.lower() else HTML.format(inner)}


def _text(content: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", content)).strip()


EXTENSION_PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."


def render_extension(held: Json) -> Json:
    """The JSON of an open extension."""
    kind = {"@odata.type": "#microsoft.graph.openTypeExtension"}
    return kind | {"id": f"{EXTENSION_PREFIX}{held['extensionName']}"} | held
