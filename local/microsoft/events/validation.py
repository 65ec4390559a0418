"""Checks event bodies as Exchange does, and fills in what Exchange fills in.

https://learn.microsoft.com/graph/api/resources/event
Codes that no page of Graph and no row of docs/provider-facts.md names are those of Exchange's own list:
https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
"""

import re
from datetime import date, datetime, time, timedelta

from local.microsoft.api import schema
from local.microsoft.errors import GraphError, Json, invalid, time_zone_not_supported
from local.microsoft.events.recurrence import checked_recurrence, first_occurrence
from local.microsoft.times import (
    date_time_time_zone,
    format_wall_time,
    from_wall_time,
    parse_wall_time,
    to_moment,
    to_wall_time,
)

NAVIGATIONS = frozenset({"singleValueExtendedProperties", "extensions"})
# https://learn.microsoft.com/graph/api/resources/extended-properties-overview
PROPERTY_ID = re.compile(
    r"(String|Boolean|Integer|Double|SystemTime|CLSID|Binary|Long|Short|Float) "
    r"(\{[0-9A-Fa-f-]{36}\} (Name \S.*|Id 0x[0-9A-Fa-f]+)|0x[0-9A-Fa-f]+)"
)
DEFAULTS: Json = {
    "subject": "",
    "body": {"contentType": "text", "content": ""},
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isAllDay": False,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "categories": [],
    "attendees": [],
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "recurrence": None,
}
MOST_ATTENDEES = 500
VALIDATION_FAILURE = "ErrorPropertyValidationFailure"


def new_event_body(given: Json, *, longest_subject: int | None = None) -> Json:
    """Return the stored body of a new event; 400 if the given one is not valid."""
    plain = checked_properties(given, longest_subject=longest_subject)
    if not plain.get("start") or not plain.get("end"):
        raise invalid(
            VALIDATION_FAILURE, "At least one property failed validation: Start and End are required."
        )
    merged = DEFAULTS | {name: value for name, value in plain.items() if value is not None}
    return aligned_times(merged)


def checked_properties(given: Json, *, longest_subject: int | None = None) -> Json:
    """Return the ordinary properties of a body; 400 if one is unknown or not valid.

    A longer subject is cut to `longest_subject` characters (fact M72).
    """
    plain = {
        name: value
        for name, value in given.items()
        if name not in NAVIGATIONS and not name.startswith("@odata")
    }
    schema.check_body("event", plain)
    plain.pop("transactionId", None)
    for name in {"start", "end"} & set(plain):
        if not plain[name]:
            raise invalid(
                VALIDATION_FAILURE, "At least one property failed validation: Start and End are required."
            )
        if not plain[name].get("timeZone"):
            # Fact M74.
            raise time_zone_not_supported("")
        to_moment(plain[name])
    subject = plain.get("subject") or ""
    if longest_subject is not None and len(subject) > longest_subject:
        plain["subject"] = f"{subject[: longest_subject - 3]}..."
    for attendee in plain.get("attendees") or ():
        if not (attendee.get("emailAddress") or {}).get("address"):
            raise invalid("ErrorInvalidRecipients", "At least one recipient isn't valid.")
    if len(plain.get("attendees") or ()) > MOST_ATTENDEES:
        # https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
        raise invalid("ErrorInvalidRecipients", "An event has at most 500 attendees.")
    return plain


def patched_body(old: Json, changes: Json) -> Json:
    """Return a body with changes applied; a new location replaces the list of locations."""
    merged = old | changes
    if "location" in changes and "locations" not in changes:
        merged["locations"] = []
    for name, value in DEFAULTS.items():
        if merged.get(name) is None:
            merged[name] = value
    return merged


def aligned_times(body: Json) -> Json:
    """Return a body whose times fit together, else 400; a series is moved to its first occurrence.

    Facts M73 (no end before the start) and M88 (the recurrence begins on the first real date).
    """
    start, end = to_moment(body["start"]), to_moment(body["end"])
    if body["isAllDay"]:
        _check_all_day(body)
    if end < start:
        message = "The specified end date is earlier than the specified start date."
        raise invalid("ErrorCalendarEndDateIsEarlierThanStartDate", message)
    if not body.get("recurrence"):
        return body
    zone = body["start"].get("timeZone") or "UTC"
    named = body["recurrence"].get("range", {}).get("recurrenceTimeZone") or zone
    begins = to_wall_time(start, named)
    recurrence = checked_recurrence(body["recurrence"], begins.date(), named)
    first = first_occurrence(recurrence, begins)
    if recurrence["range"]["type"] == "endDate" and first.date() > date.fromisoformat(
        recurrence["range"]["endDate"]
    ):
        raise invalid("ErrorCalendarOccurrenceIsDeletedFromRecurrence", "The series has no occurrence.")
    recurrence["range"]["startDate"] = first.date().isoformat()
    moved = from_wall_time(first, named) - start
    if body["isAllDay"]:
        return _moved_all_day(body, first, begins) | {"recurrence": recurrence}
    end_zone = body["end"].get("timeZone") or "UTC"
    return body | {
        "recurrence": recurrence,
        "start": date_time_time_zone(start + moved, zone),
        "end": date_time_time_zone(end + moved, end_zone),
    }


def _moved_all_day(body: Json, first: datetime, begins: datetime) -> Json:
    step = timedelta(days=(first.date() - begins.date()).days)
    return {
        **body,
        **{
            name: {**body[name], "dateTime": format_wall_time(parse_wall_time(body[name]["dateTime"]) + step)}
            for name in ("start", "end")
        },
    }


def _check_all_day(body: Json) -> None:
    # https://learn.microsoft.com/graph/api/resources/event: midnight, and the same time zone (fact M81)
    start, end = (parse_wall_time(body[name]["dateTime"]) for name in ("start", "end"))
    for name, moment in (("Start", start), ("End", end)):
        if moment.time() != time.min:
            message = f"The Event.{name} property for an all-day event needs to be set to midnight."
            raise invalid(VALIDATION_FAILURE, message)
    if (body["start"].get("timeZone") or "UTC") != (body["end"].get("timeZone") or "UTC"):
        raise invalid(VALIDATION_FAILURE, "The start and end of an all-day event need the same time zone.")
    if end - start < timedelta(days=1):
        message = "The duration of an event marked as All day must be at least 24 hours."
        raise invalid(VALIDATION_FAILURE, message)


def extended_properties(given: Json) -> dict[str, str]:
    """Return the single-value extended properties of a body by their ids."""
    found = {}
    for each in _collection(given, "singleValueExtendedProperties"):
        name, value = str(each.get("id", "")), each.get("value")
        if not PROPERTY_ID.fullmatch(name):
            message = f"The property id '{name}' is not valid."
            raise invalid("ErrorInvalidPropertyId", message)
        if not isinstance(value, str):
            raise GraphError(400, "RequestBodyRead", "The value of an extended property is a string.")
        found[name] = value
    return found


def open_extensions(given: Json) -> dict[str, Json]:
    """Return the open extensions of a body by their names."""
    found = {}
    for each in _collection(given, "extensions"):
        name = each.get("extensionName")
        if not isinstance(name, str) or not name:
            raise invalid("ErrorInvalidParameter", "An extension needs an extensionName.")
        found[name] = {key: value for key, value in each.items() if not key.startswith("@odata")}
    return found


def _collection(given: Json, name: str) -> list[Json]:
    found = given.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise GraphError(400, "RequestBodyRead", f"The property '{name}' is a collection of objects.")
    return found
