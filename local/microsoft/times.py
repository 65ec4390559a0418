"""Decides which time zone names Exchange knows, and writes and reads its local times."""

import re
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from local.microsoft.errors import Json, invalid, time_zone_not_supported

WALL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?")
# Exchange keeps no time outside these years.
FIRST_YEAR, LAST_YEAR = 1601, 4500
_WINDOWS = {name.lower(): (name, path_target) for name, path_target in WINDOWS_TO_OLSON.items()}
# Only the zones that stand for a Windows zone are on Microsoft's list of IANA names.
# https://learn.microsoft.com/graph/api/resources/datetimetimezone
_IANA = frozenset(WINDOWS_TO_OLSON.values()) | {"Etc/UTC", "Etc/GMT"}


@cache
def zone(name: str) -> ZoneInfo:
    """The rules of a Windows zone or of a listed IANA zone; 400 for any other name."""
    if name.lower() in {"utc", "tzone://microsoft/utc"}:
        return ZoneInfo("UTC")
    if name.lower() in _WINDOWS:
        return ZoneInfo(_WINDOWS[name.lower()][1])
    if name in _IANA:
        return ZoneInfo(name)
    raise time_zone_not_supported(name)


def supported_zones(standard: str) -> list[Json]:
    """The zones of the list that `supportedTimeZones` answers."""
    if standard.lower() == "iana":
        return [{"alias": name, "displayName": name} for name in sorted(_IANA)]
    names = sorted([*WINDOWS_TO_OLSON, "UTC"])
    return [{"alias": name, "displayName": f"({name}) {name}"} for name in names]


def parse_wall_time(text: object) -> datetime:
    """A wall time without offset, as Graph writes it: up to seven digits of a second."""
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
    """The moment a dateTimeTimeZone names."""
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
    """The moment of a startDateTime or endDateTime: by its own offset, UTC without one."""
    return to_moment({"dateTime": text.replace(" ", "+"), "timeZone": "UTC"})


def format_wall_time(moment: datetime) -> str:
    """A wall time with Graph's seven digits."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0"


def date_time_time_zone(moment: datetime, name: str) -> Json:
    """A moment as a dateTimeTimeZone in a zone."""
    return {"dateTime": format_wall_time(moment.astimezone(zone(name))), "timeZone": name}


def all_day_boundary(day: date, name: str) -> Json:
    """A day's beginning, in whatever zone was asked for: all-day events are never converted."""
    return {"dateTime": f"{day.isoformat()}T00:00:00.0000000", "timeZone": name}


def format_timestamp(moment: datetime) -> str:
    """A moment as a DateTimeOffset in UTC."""
    moment = moment.astimezone(UTC)
    return f"{format_wall_time(moment)}Z"


def to_wall_time(moment: datetime, name: str) -> datetime:
    """A moment as wall time in a zone."""
    return moment.astimezone(zone(name)).replace(tzinfo=None)


def from_wall_time(wall_time: datetime, name: str) -> datetime:
    """The moment of a wall time in a zone."""
    return wall_time.replace(tzinfo=zone(name)).astimezone(UTC)
