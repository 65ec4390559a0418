"""Reads and writes times as the Calendar API does: RFC 3339, all-day dates and IANA time zones."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from local.google.errors import Json, bad_request, invalid, required

RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
LOCAL = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?$")


@cache
def zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name."""
    return ZoneInfo(name)


@cache
def zone_names() -> frozenset[str]:
    """Every IANA time zone name that this machine knows."""
    return frozenset(available_timezones())


def checked_zone(name: Any, location: str = "timeZone") -> str:
    """Return an IANA time zone name; 400 if it is unknown, as those of Windows are (G52)."""
    if not isinstance(name, str) or name not in zone_names():
        raise invalid("Invalid time zone definition.", location)
    return name


def parse_parameter(text: str) -> datetime:
    """Read a time in a query: RFC 3339 with an offset, fractions of a second dropped; else 400 (G20, G57)."""
    if " " in text or not RFC3339.match(text):
        raise bad_request()
    try:
        return datetime.fromisoformat(text.upper()).replace(microsecond=0)
    except ValueError as error:
        raise bad_request() from error


def format_timestamp(moment: datetime) -> str:
    """Write a server time as in the field `updated`: UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_timestamp(text: str) -> datetime:
    """Read what `format_timestamp` wrote."""
    return datetime.fromisoformat(text)


def format_event_time(moment: datetime, where: tzinfo) -> str:
    """Write the time of an event: whole seconds (G41) with the zone's offset, Z for UTC."""
    text = moment.astimezone(where).replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def is_all_day(value: Json) -> bool:
    """Whether the start or end of an event is a date."""
    return "date" in value


def stored_time(value: Any, default_zone: str, *, what: str) -> Json:
    """Return the start or end of an event as it is stored; 400 if it is not valid, or missing (G58).

    That is a date, or a time with an offset and the IANA zone (the given one, else the calendar's).
    """
    if not isinstance(value, dict):
        raise required(f"Missing {what} time.", what)
    has_date, has_time = value.get("date") is not None, value.get("dateTime") is not None
    if has_date == has_time:
        raise invalid(f"Invalid {what} time.", what)
    if has_date:
        return {"date": _date(value["date"], what).isoformat()}
    named = checked_zone(value["timeZone"], f"{what}.timeZone") if value.get("timeZone") else ""
    moment = _moment(value["dateTime"], named, what)
    stored = {"dateTime": format_event_time(moment, zone(named or default_zone))}
    return stored | {"timeZone": named or default_zone}


def _date(text: Any, what: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise invalid(f"Invalid {what} time.", what) from error


def _moment(text: Any, named: str, what: str) -> datetime:
    text = str(text)
    try:
        if RFC3339.match(text):
            return datetime.fromisoformat(text.upper())
        if LOCAL.match(text) and named:
            return datetime.fromisoformat(text.upper()).replace(tzinfo=zone(named))
    except ValueError as error:
        raise invalid(f"Invalid {what} time.", what) from error
    if LOCAL.match(text):
        raise required(f"Missing time zone definition for {what} time.", what)
    raise invalid(f"Invalid {what} time.", what)


def to_moment(value: Json, calendar_zone: str) -> datetime:
    """Return the moment of a stored start or end; a date means midnight in the calendar's zone."""
    if is_all_day(value):
        return midnight(date.fromisoformat(value["date"]), calendar_zone)
    return datetime.fromisoformat(value["dateTime"])


def midnight(day: date, zone_name: str) -> datetime:
    """Return the first moment of a day in a time zone."""
    return datetime.combine(day, time(), zone(zone_name)).astimezone(UTC)


def shift_time(value: Json, by: timedelta) -> Json:
    """Return a stored start or end moved by a duration (whole days for dates)."""
    if is_all_day(value):
        return {"date": (date.fromisoformat(value["date"]) + timedelta(days=by.days)).isoformat()}
    moved = datetime.fromisoformat(value["dateTime"]) + by
    return value | {"dateTime": format_event_time(moved, zone(value["timeZone"]))}
