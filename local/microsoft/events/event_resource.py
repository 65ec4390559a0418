"""The JSON of an event for one request: ids, time zone and body format depend on its Prefer headers."""

import re
from datetime import datetime
from html import escape, unescape
from urllib.parse import quote

from local.microsoft import ids
from local.microsoft.api.context import Preferences
from local.microsoft.errors import Json
from local.microsoft.events import online_meetings
from local.microsoft.events.expansion import ListedEvent
from local.microsoft.state import State
from local.microsoft.times import (
    all_day_boundary,
    date_time_time_zone,
    format_timestamp,
    format_wall_time,
    to_wall_time,
    zone,
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
        "onlineMeeting": _online_meeting(body),
        "recurrence": _recurrence(found),
        # Fact M68: either word is seen for own events.
        "responseStatus": body.get("responseStatus")
        or {"response": state.settings.own_response, "time": NEVER},
        "body": content,
        "location": NO_LOCATION | (body.get("location") or {}),
        "locations": _locations(body),
        "attendees": [_attendee(each) for each in body.get("attendees") or ()],
        "organizer": _organizer(state, item.organizer),
    }
    made |= {name: body.get(name) for name in COPIED_FIELDS}
    made |= render_times(found, preferences, converted=not _unconverted(state, found))
    if item.transaction:
        # Fact M43: left out where none was given.
        made["transactionId"] = item.transaction
    if found.original_start is not None:
        made["originalStart"] = _original_start(state, found.original_start, preferences)
    return made | (body.get("_raw") or {})


def render_occurrence(state: State, found: ListedEvent, preferences: Preferences) -> Json:
    """The JSON of an occurrence in delta: ids and times only, the rest is in the series (fact M2)."""
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": etag(found),
        "id": state.id_of(found.item, immutable=preferences.immutable, day=found.day),
        "seriesMasterId": _master_id(state, found, preferences),
        "type": "occurrence",
        **render_times(found, preferences),
    }


def _original_start(state: State, moment: datetime, preferences: Preferences) -> str:
    """The original start of an occurrence: with Z, or with an offset if another zone is preferred (M37)."""
    if state.settings.whole_minutes:
        moment = moment.replace(second=0, microsecond=0)
    if zone(preferences.zone) == zone("UTC"):
        return format_timestamp(moment)
    local = moment.astimezone(zone(preferences.zone))
    return f"{format_wall_time(local)}{local.isoformat()[-6:]}"


def _unconverted(state: State, found: ListedEvent) -> bool:
    """Whether the times are shown as they were written (setting `zone_not_converted`, fact M85)."""
    return state.settings.zone_not_converted and not found.item.is_organizer


def _online_meeting(body: Json) -> Json | None:
    address = online_meetings.join_url(body)
    return {"joinUrl": address} if address else None


def render_times(found: ListedEvent, preferences: Preferences, *, converted: bool = True) -> Json:
    """The start and end of an event in the preferred zone, or in its own one if they are not `converted`.

    All-day events are never converted (facts M80, M83).
    """
    if found.body.get("isAllDay"):
        own = _day_zone(found)
        first, last = to_wall_time(found.start, own).date(), to_wall_time(found.end, own).date()
        return {
            "start": all_day_boundary(first, preferences.zone),
            "end": all_day_boundary(last, preferences.zone),
        }
    own = found.body["start"].get("timeZone") or "UTC"
    shown = preferences.zone if converted else own
    return {
        "start": date_time_time_zone(found.start, shown),
        "end": date_time_time_zone(found.end, shown),
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
    # Fact M69: text comes back as HTML unless text is preferred.
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
