"""Checks event bodies as Calendar does: what is refused, silently dropped, shortened or filled in."""

import re
from copy import deepcopy
from typing import Any

from local.google.errors import ApiError, Json, invalid, required
from local.google.events.event_types import check_type
from local.google.events.recurrence import checked_recurrence as check_recurrence
from local.google.model import Calendar
from local.google.times import is_all_day, stored_time, to_moment

WRITABLE_FIELDS = [
    "summary",
    "description",
    "location",
    "start",
    "end",
    "recurrence",
    "attendees",
    "transparency",
    "visibility",
    "status",
    "extendedProperties",
    "colorId",
    "source",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "anyoneCanAddSelf",
    "attachments",
    "conferenceData",
    "sequence",
    "eventType",
    "focusTimeProperties",
    "outOfOfficeProperties",
    "workingLocationProperties",
    "birthdayProperties",
]
EVENT_ID = re.compile(r"^[a-v0-9]{5,1024}$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
ENUMS = {
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
}
# What a missing field means; a field with this value is neither stored nor shown.
DEFAULTS = {
    "transparency": "opaque",
    "visibility": "default",
    "guestsCanInviteOthers": True,
    "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True,
    "anyoneCanAddSelf": False,
}


def checked_event_id(value: str) -> str:
    """Return an event id that the client chose; 400 if it is not valid."""
    if not EVENT_ID.match(value):
        raise invalid("Invalid resource id value.", "id")
    return value


def checked_event(
    body: Json, calendar: Calendar, *, previous: Json | None = None, attachments: bool = False
) -> Json:
    """Return what is stored of a complete event body; 400 if the body is not valid."""
    fields = {name: deepcopy(body[name]) for name in WRITABLE_FIELDS if body.get(name) is not None}
    for name, allowed in ENUMS.items():
        if fields.get(name, allowed[0]) not in allowed:
            raise invalid("Invalid value for: " + name, name)
    _check_times(fields, calendar)
    if fields.get("recurrence"):
        _check_recurrence(body, fields)
    else:
        fields.pop("recurrence", None)
    _check_attendees(fields)
    _check_properties(fields)
    _check_other_fields(fields, attachments=attachments)
    check_type(fields, calendar, previous=previous)
    return {name: value for name, value in fields.items() if DEFAULTS.get(name) != value}


def _check_times(fields: Json, calendar: Calendar) -> None:
    start = stored_time(fields.get("start"), calendar.time_zone, what="start")
    end = stored_time(fields.get("end"), calendar.time_zone, what="end")
    if is_all_day(start) != is_all_day(end):
        raise invalid("Invalid start time.", "start")
    begins, ends = to_moment(start, calendar.time_zone), to_moment(end, calendar.time_zone)
    if ends < begins or (is_all_day(start) and ends == begins):
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    fields |= {"start": start, "end": end}


def _check_recurrence(body: Json, fields: Json) -> None:
    for name in ("start", "end"):
        if not is_all_day(fields[name]) and not body[name].get("timeZone"):
            raise required(f"Missing time zone definition for {name} time.", f"{name}.timeZone")
    fields["recurrence"] = check_recurrence(fields["recurrence"], fields["start"])


def _check_attendees(fields: Json) -> None:
    seen: dict[str, Json] = {}
    for guest in fields.get("attendees", ()):
        address = guest.get("email") if isinstance(guest, dict) else None
        if not address:
            raise required("Missing attendee email.", "attendees")
        if not isinstance(address, str) or not EMAIL.match(address):
            raise invalid("Invalid attendee email.", "attendees")
        response = guest.get("responseStatus", "needsAction")
        if response not in {"needsAction", "declined", "tentative", "accepted"}:
            raise invalid("Invalid attendee response status.", "attendees")
        kept = {
            name: guest[name]
            for name in ("displayName", "optional", "comment", "resource")
            if guest.get(name)
        }
        if guest.get("additionalGuests"):
            kept["additionalGuests"] = guest["additionalGuests"]
        seen[address.lower()] = {"email": address.lower(), "responseStatus": response} | kept
    fields.pop("attendees", None)
    if seen:
        fields["attendees"] = list(seen.values())


def _check_properties(fields: Json) -> None:
    # https://developers.google.com/workspace/calendar/api/guides/extended-properties
    total = size = 0
    kept: Json = {}
    for kind in ("private", "shared"):
        values = fields.get("extendedProperties", {}).get(kind) or {}
        for key, value in values.items():
            if value is None or len(key) > 44:
                continue
            kept.setdefault(kind, {})[key] = str(value)[:1024]
            total, size = total + 1, size + len(key) + len(str(value)[:1024])
    if total > 300 or size > 32 * 1024:
        raise invalid("Extended properties limit exceeded.", "extendedProperties")
    fields.pop("extendedProperties", None)
    if kept:
        fields["extendedProperties"] = kept


def _check_other_fields(fields: Json, *, attachments: bool) -> None:
    color = fields.get("colorId", "1")
    if not (color.isdigit() and 1 <= int(color) <= 11):
        raise invalid("Invalid color id.", "colorId")
    url = fields.get("source", {}).get("url", "https://")
    if not str(url).startswith(("http://", "https://")):
        raise invalid("Invalid source URL.", "source.url")
    if not attachments:
        fields.pop("attachments", None)
    if len(fields.get("attachments", ())) > 25:
        raise invalid("Too many attachments.", "attachments")


def checked_reminders(value: Any) -> Json:
    """Return what is stored of a `reminders` object; 400 if it is not valid."""
    if value is None:
        return {"useDefault": True}
    overrides = value.get("overrides") or []
    if value.get("useDefault") and overrides:
        reason = "cannotUseDefaultRemindersAndSpecifyOverride"
        message = "Cannot specify both default reminders and overrides at the same time."
        raise ApiError(400, reason, message, domain="calendar")
    if len(overrides) > 5:
        raise invalid("Too many override reminders.", "reminders.overrides")
    for item in overrides:
        if item.get("method") not in {"email", "popup"}:
            raise invalid("Invalid reminder method.", "reminders.overrides.method")
        minutes = item.get("minutes")
        if not isinstance(minutes, int) or not 0 <= minutes <= 40320:
            raise invalid("Invalid reminder minutes.", "reminders.overrides.minutes")
    if value.get("useDefault"):
        return {"useDefault": True}
    kept = [{"method": item["method"], "minutes": item["minutes"]} for item in overrides]
    return {"useDefault": False} | ({"overrides": kept} if kept else {})
