"""Reads and writes times as Graph does: local times with Windows or IANA time zones."""

import re
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from local.microsoft.errors import Json, invalid, time_zone_not_supported

WALL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?")
# Exchange keeps no time outside these years: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal
FIRST_YEAR, LAST_YEAR = 1601, 4500
_WINDOWS = {name.lower(): (name, path_target) for name, path_target in WINDOWS_TO_OLSON.items()}
# Only the zones that stand for a Windows zone are on Microsoft's list of IANA names.
# https://learn.microsoft.com/graph/api/resources/datetimetimezone
_IANA = frozenset(WINDOWS_TO_OLSON.values()) | {"Etc/UTC", "Etc/GMT"}


@cache
def zone(name: str) -> ZoneInfo:
    """Return the time zone with a Windows name or a supported IANA name; 400 for any other (fact M86)."""
    if name.lower() in {"utc", "tzone://microsoft/utc"}:
        return ZoneInfo("UTC")
    if name.lower() in _WINDOWS:
        return ZoneInfo(_WINDOWS[name.lower()][1])
    if name in _IANA:
        return ZoneInfo(name)
    raise time_zone_not_supported(name)


def supported_zones(standard: str) -> list[Json]:
    """Return the time zones that `supportedTimeZones` lists."""
    if standard.lower() == "iana":
        return [{"alias": name, "displayName": name} for name in sorted(_IANA)]
    names = sorted([*WINDOWS_TO_OLSON, "UTC"])
    return [{"alias": name, "displayName": f"({name}) {name}"} for name in names]


def parse_wall_time(text: object) -> datetime:
    """Read a local time without offset, with up to seven digits of a second; 400 for anything else."""
    found = WALL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise invalid("ErrorInvalidParameter", "The value of a dateTime property is not a date and time.")
    if not FIRST_YEAR <= int(found.group(1)[:4]) <= LAST_YEAR:
        raise invalid("ErrorInvalidParameter", "The value of a dateTime property is out of range.")
    fraction = (found.group(3) or "").ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(f"{found.group(1)}{found.group(2) or ':00'}.{fraction}")
    except ValueError as error:
        raise invalid("ErrorInvalidParameter", "The value of a dateTime property is no date.") from error


def to_moment(value: Json) -> datetime:
    """Return the moment that a dateTimeTimeZone stands for."""
    text = value.get("dateTime")
    return _to_moment(text if isinstance(text, str) else "", value.get("timeZone") or "UTC")


@lru_cache(maxsize=65536)
def _to_moment(text: str, name: str) -> datetime:
    moment = parse_wall_time(text)
    found = WALL.fullmatch(text)
    if found is not None and found.group(4):
        return datetime.fromisoformat(f"{moment.isoformat()}{found.group(4)}").astimezone(UTC)
    return moment.replace(tzinfo=zone(name)).astimezone(UTC)


def parse_parameter(text: str) -> datetime:
    """Read startDateTime or endDateTime of a query; without an offset it is UTC."""
    return to_moment({"dateTime": text.replace(" ", "+"), "timeZone": "UTC"})


def format_wall_time(moment: datetime) -> str:
    """Write a local time with seven digits of a second, as Graph does."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0"


def date_time_time_zone(moment: datetime, name: str) -> Json:
    """Write a moment as a dateTimeTimeZone in a zone."""
    return {"dateTime": format_wall_time(moment.astimezone(zone(name))), "timeZone": name}


def all_day_boundary(day: date, name: str) -> Json:
    """Write the beginning of a day in the zone asked for; all-day events are never converted (fact M80)."""
    return {"dateTime": f"{day.isoformat()}T00:00:00.0000000", "timeZone": name}


def format_timestamp(moment: datetime) -> str:
    """Write a moment as a DateTimeOffset in UTC."""
    moment = moment.astimezone(UTC)
    return f"{format_wall_time(moment)}Z"


def to_wall_time(moment: datetime, name: str) -> datetime:
    """Return the local time of a moment in a zone."""
    return moment.astimezone(zone(name)).replace(tzinfo=None)


def from_wall_time(wall_time: datetime, name: str) -> datetime:
    """Return the moment of a local time in a zone."""
    return wall_time.replace(tzinfo=zone(name)).astimezone(UTC)
