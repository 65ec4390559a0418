"""The rules of the event types: focus time, out of office, working location and birthday."""

# https://developers.google.com/workspace/calendar/api/guides/calendar-status

from datetime import date

from local.google.errors import ApiError, Json, invalid
from local.google.model import Calendar
from local.google.times import is_all_day

# The list is closed here, though new types appear without notice (G90): `put_raw` stores any.
TYPES = ("default", "focusTime", "outOfOffice", "workingLocation", "birthday", "fromGmail")
PROPERTIES = {
    "focusTime": "focusTimeProperties",
    "outOfOffice": "outOfOfficeProperties",
    "workingLocation": "workingLocationProperties",
    "birthday": "birthdayProperties",
}


STATUS_TYPES = frozenset({"focusTime", "outOfOffice", "workingLocation"})
# What an app may patch of a birthday: little, but the exact list is not documented (G85).
BIRTHDAY_CHANGES = frozenset({"summary", "colorId", "reminders"})


def restricted(message: str) -> ApiError:
    """400: the event's type does not allow this."""
    return ApiError(400, "eventTypeRestriction", message, domain="calendar")


def _refused(message: str) -> ApiError:
    return ApiError(400, "malformedSpecialEvent", message, domain="calendar")


def check_type(fields: Json, calendar: Calendar, *, previous: Json | None) -> None:
    """Answer 400 for what the event's type does not allow, and fill in what the type implies."""
    kind = fields.setdefault("eventType", (previous or {}).get("eventType", "default"))
    if kind not in TYPES:
        raise invalid("Invalid event type.", "eventType")
    if previous and kind != previous.get("eventType", "default"):
        raise restricted("Event type cannot be changed.")
    if kind == "fromGmail" and previous is None:
        raise restricted("Events from Gmail cannot be created.")
    for owner, name in PROPERTIES.items():
        if owner != kind and name in fields:  # G87
            raise _refused(f"{name} may only be set on {owner} events.")
    if kind in STATUS_TYPES:
        _check_status_event(kind, fields, calendar)
    if kind == "birthday":
        _check_birthday(fields)


def _check_status_event(kind: str, fields: Json, calendar: Calendar) -> None:
    # A title is not needed (G89).
    if not calendar.primary:
        raise _refused(f"A {kind} event is only supported on a primary calendar.")
    if fields.get("attendees"):
        raise _refused(f"A {kind} event cannot have attendees.")
    if kind == "workingLocation":
        if fields.get("visibility") != "public" or fields.get("transparency") != "transparent":
            raise _refused("A working location event must be public and transparent.")
        if "workingLocationProperties" not in fields:
            raise _refused("A working location event needs workingLocationProperties.")
        if is_all_day(fields["start"]) and _days(fields) != 1:
            raise _refused("An all-day working location event must span exactly one day.")
        return
    if is_all_day(fields["start"]):
        raise _refused(f"A {kind} event cannot be an all-day event.")
    if fields.get("transparency", "opaque") != "opaque":
        raise _refused(f"A {kind} event must be opaque.")


def _days(fields: Json) -> int:
    return (date.fromisoformat(fields["end"]["date"]) - date.fromisoformat(fields["start"]["date"])).days


def _check_birthday(fields: Json) -> None:
    if fields.get("extendedProperties", {}).get("private"):  # G86
        raise _refused("A birthday cannot have private extended properties.")
    yearly = any("FREQ=YEARLY" in line for line in fields.get("recurrence", ()))
    if not is_all_day(fields["start"]) or _days(fields) != 1 or not yearly:
        raise _refused("A birthday is an all-day event of one day that recurs every year.")
    fields |= {"visibility": "private", "transparency": "transparent"}
