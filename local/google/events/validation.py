"""Checks event bodies as Calendar does: what is refused, silently dropped, shortened or filled in."""

import re
from copy import deepcopy
from datetime import datetime
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
# Plain ASCII addresses; which others Google takes is not known, some are refused (G72).
EMAIL = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
# https://support.google.com/a/answer/172013: more only by inviting groups (G74).
MOST_GUESTS = 200
# Two clients name this limit (G70); whether a longer text is cut or refused is not known.
LONGEST_DESCRIPTION = 8192
# Google's own conference block, which it removes from a description that is written (G68).
CONFERENCE_BLOCK = re.compile(r"-::~[:~]*::-.*?-::~[:~]*::-", re.DOTALL)
REMINDER_METHODS = frozenset({"email", "popup"})
LATEST_REMINDER = 40320
# What an all-day event with default reminders comes back with (G49); the times are those of a new account.
ALL_DAY_REMINDERS = [{"method": "popup", "minutes": 30}]
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
    """Return an event id that the client chose; 400 if it is not valid (G25)."""
    if not EVENT_ID.match(value):
        raise invalid("Invalid resource id value.", "id")
    return value


def checked_event(
    body: Json,
    calendar: Calendar,
    *,
    previous: Json | None = None,
    attachments: bool = False,
    by_hand: bool = True,
) -> Json:
    """Return what is stored of a complete event body; 400 if the body is not valid.

    Some of it is refused only through the API, and not by hand in Google's pages.
    """
    fields = {name: deepcopy(body[name]) for name in WRITABLE_FIELDS if body.get(name) is not None}
    _check_texts(fields, by_hand=by_hand)
    for name, allowed in ENUMS.items():
        if fields.get(name, allowed[0]) not in allowed:
            raise invalid("Invalid value for: " + name, name)
    _check_times(fields, calendar)
    if not by_hand:
        _check_length(fields, previous)
    if fields.get("recurrence"):
        _check_recurrence(body, fields)
    else:
        fields.pop("recurrence", None)
    _check_attendees(fields)
    _check_properties(fields)
    _check_other_fields(fields, attachments=attachments)
    check_type(fields, calendar, previous=previous)
    return {name: value for name, value in fields.items() if DEFAULTS.get(name) != value}


def _check_texts(fields: Json, *, by_hand: bool) -> None:
    """Cut the conference block out of a description, and leave empty texts out (G42).

    Other texts are kept as they are, with their markup (G69).
    """
    if "description" in fields:
        fields["description"] = CONFERENCE_BLOCK.sub("", fields["description"])
    if not by_hand and len(fields.get("description", "")) > LONGEST_DESCRIPTION:
        raise invalid("The description is too long.", "description")
    for name in ("summary", "description", "location"):
        if fields.get(name) == "":
            del fields[name]


def _check_length(fields: Json, previous: Json | None) -> None:
    """Refuse an event of no length, unless it already is one: people can make them in the page (G56)."""
    times = {name: fields[name] for name in ("start", "end")}
    held = {name: (previous or {}).get(name) for name in ("start", "end")}
    if times != held and not is_all_day(times["start"]):
        begins, ends = (datetime.fromisoformat(times[name]["dateTime"]) for name in ("start", "end"))
        if begins == ends:
            raise _empty_range()


def _empty_range() -> ApiError:
    # Located at a parameter that an event does not have (G55).
    message = "The specified time range is empty."
    return ApiError(400, "timeRangeEmpty", message, domain="calendar", location="timeMax")


def _check_times(fields: Json, calendar: Calendar) -> None:
    start = stored_time(fields.get("start"), calendar.time_zone, what="start")
    end = stored_time(fields.get("end"), calendar.time_zone, what="end")
    if is_all_day(start) != is_all_day(end):  # G60
        raise invalid("The start and end times must either both be date or both be dateTime.", "start")
    begins, ends = to_moment(start, calendar.time_zone), to_moment(end, calendar.time_zone)
    if ends < begins or (is_all_day(start) and ends == begins):
        raise _empty_range()
    fields |= {"start": start, "end": end}


def _check_recurrence(body: Json, fields: Json) -> None:
    """Refuse a recurring event with a time that does not name its zone (G53)."""
    for name in ("start", "end"):
        if not is_all_day(fields[name]) and not body[name].get("timeZone"):
            raise required(f"Missing time zone definition for {name} time.", f"{name}.timeZone")
    fields["recurrence"] = check_recurrence(fields["recurrence"], fields["start"])


def _check_attendees(fields: Json) -> None:
    """Refuse attendees without an address (G73), with one that Google does not take, and too many."""
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
    if len(seen) > MOST_GUESTS:
        raise invalid("Too many attendees.", "attendees")
    fields.pop("attendees", None)
    if seen:
        fields["attendees"] = list(seen.values())


def _check_properties(fields: Json) -> None:
    # https://developers.google.com/workspace/calendar/api/guides/extended-properties (G39)
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


def checked_reminders(value: Any, start: Json) -> Json:
    """Return what is stored of a `reminders` object; 400 if it is not valid.

    Default reminders together with overrides are refused, and a missing `useDefault` counts as true (G43,
    G44). Minutes are brought into their range (G46), unknown methods are dropped (G47), equal reminders
    become one, in another order (G48).
    """
    value = value or {}
    overrides = value.get("overrides") or []
    if value.get("useDefault", True) and overrides:
        reason = "cannotUseDefaultRemindersAndSpecifyOverride"
        message = "Cannot specify both default reminders and overrides at the same time."
        raise ApiError(400, reason, message, domain="calendar")
    if len(overrides) > 5:  # G45
        message = "The maximum number of override reminders is exceeded."
        raise ApiError(400, "eventRemindersCountExceedsLimit", message, domain="calendar")
    if value.get("useDefault", True):
        if is_all_day(start):
            return {"useDefault": False, "overrides": deepcopy(ALL_DAY_REMINDERS)}
        return {"useDefault": True}
    kept = {_checked_reminder(item) for item in overrides if item.get("method") in REMINDER_METHODS}
    shown = [{"method": method, "minutes": minutes} for method, minutes in sorted(kept)]
    return {"useDefault": False} | ({"overrides": shown} if shown else {})


def _checked_reminder(item: Json) -> tuple[str, int]:
    minutes = item.get("minutes")
    if not isinstance(minutes, int):
        raise invalid("Invalid reminder minutes.", "reminders.overrides.minutes")
    return item["method"], min(max(minutes, 0), LATEST_REMINDER)
