"""Writes events and calendars as Graph shows them to one request."""

import re
from html import escape, unescape
from urllib.parse import quote

from local.microsoft import ids
from local.microsoft.api.context import Prefs
from local.microsoft.errors import Json
from local.microsoft.events.expansion import Row
from local.microsoft.state import World
from local.microsoft.times import local, midnight, shown, stamp

NEVER = "0001-01-01T00:00:00Z"
NO_LOCATION: Json = {
    "displayName": "",
    "locationType": "default",
    "uniqueIdType": "unknown",
    "address": {},
    "coordinates": {},
}
PLAIN = (
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


def etag(found: Row) -> str:
    """The etag of a version."""
    return f'W/"{ids.change_key(found.item.change)}"'


def event(world: World, found: Row, prefs: Prefs) -> Json:
    """An event with all its properties."""
    item, body = found.item, found.body
    content = _body(body.get("body") or {}, prefs)
    event_id = world.id_of(item, immutable=prefs.immutable, day=found.day)
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
        "isOrganizer": item.mine,
        "isDraft": False,
        "seriesMasterId": _master_id(world, found, prefs),
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
        "organizer": _organizer(world, item.organizer),
    }
    made |= {name: body.get(name) for name in PLAIN}
    made |= times(found, prefs)
    if item.transaction:
        made["transactionId"] = item.transaction
    if found.slot is not None:
        made["originalStart"] = stamp(found.slot)
    return made | (body.get("_raw") or {})


def slim(world: World, found: Row, prefs: Prefs) -> Json:
    """An occurrence as delta shows it: everything else is the series'."""
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": etag(found),
        "id": world.id_of(found.item, immutable=prefs.immutable, day=found.day),
        "seriesMasterId": _master_id(world, found, prefs),
        "type": "occurrence",
        **times(found, prefs),
    }


def times(found: Row, prefs: Prefs) -> Json:
    """Start and end: converted, unless the event is all day."""
    if found.body.get("isAllDay"):
        zone = _day_zone(found)
        first, last = local(found.start, zone).date(), local(found.end, zone).date()
        return {"start": midnight(first, prefs.zone), "end": midnight(last, prefs.zone)}
    return {"start": shown(found.start, prefs.zone), "end": shown(found.end, prefs.zone)}


def _day_zone(found: Row) -> str:
    recurrence = found.body.get("recurrence") or {}
    named = recurrence.get("range", {}).get("recurrenceTimeZone")
    return str(named or found.body["start"].get("timeZone") or "UTC")


def _master_id(world: World, found: Row, prefs: Prefs) -> str | None:
    if not found.day:
        return None
    key = found.item.series or found.item.key
    made = ids.item_id(
        key, calendar=found.item.calendar, moves=found.item.moves, day="", immutable=prefs.immutable
    )
    world.references[made] = (key, "")
    return made


def _organizer(world: World, address: str) -> Json:
    whose = world.accounts.get(address)
    return {"emailAddress": {"name": whose.name if whose else address, "address": address}}


def _recurrence(found: Row) -> Json | None:
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


def _body(given: Json, prefs: Prefs) -> Json:
    content = given.get("content") or ""
    html = (given.get("contentType") or "text").lower() == "html"
    if prefs.plain_text:
        return {"contentType": "text", "content": _text(content) if html else content}
    if not content:
        return {"contentType": "html", "content": ""}
    inner = content if html else f'<div class="PlainText">{escape(content)}</div>'
    return {"contentType": "html", "content": inner if "<html" in inner.lower() else HTML.format(inner)}


def _text(content: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", content)).strip()


EXTENSION = "Microsoft.OutlookServices.OpenTypeExtension."


def extension(held: Json) -> Json:
    """An open extension as it is read."""
    kind = {"@odata.type": "#microsoft.graph.openTypeExtension"}
    return kind | {"id": f"{EXTENSION}{held['extensionName']}"} | held
