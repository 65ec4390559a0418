"""Computes the instances of a recurring event from RRULE, RDATE and EXDATE, on the wall clock of its zone.

An instance keeps its time on the wall clock when summer time begins or ends (G59).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from dateutil.rrule import rruleset, rrulestr

from local.google.errors import Json, invalid
from local.google.times import format_event_time, is_all_day, midnight, to_moment, zone

LINE = re.compile(r"^(RRULE|EXRULE|RDATE|EXDATE)([;:])(.+)$", re.DOTALL)
# How many instances of an endless series a listing shows (G7).
EXPANSION_LIMIT = 730
# The exact size that Google allows is not known (G61); this is less than what it was seen to refuse.
SIZE_LIMIT = 8192
SPLIT_OFF = re.compile(r"_R\d{8}(T\d{6})?$")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a series: its id, its original start (which never changes), and its times."""

    id: str
    original: Json
    start: Json
    end: Json
    starts_at: datetime
    ends_at: datetime


def checked_recurrence(recurrence: Any, start: Json) -> list[str]:
    """Return the recurrence lines; 400 if they are not valid, or too long with all their dates (G61)."""
    if not isinstance(recurrence, list) or not all(isinstance(line, str) for line in recurrence):
        raise invalid("Invalid recurrence rule.", "recurrence")
    if sum(len(line) for line in recurrence) > SIZE_LIMIT:
        raise invalid("The recurrence exceeds the allowed size.", "recurrence")
    for line in recurrence:
        if not LINE.match(line) or "SECONDLY" in line:
            raise invalid("Invalid recurrence rule.", "recurrence")
    try:
        rules = _rules(tuple(recurrence), _wall(start), _zone_name(start))
        next(iter(rules), None)
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("Invalid recurrence rule.", "recurrence") from error
    return list(recurrence)


def instances(master: Json, calendar_zone: str, *, after: datetime | None = None) -> Iterator[Instance]:
    """Yield the instances of a series in order; with `after`, only those that end after that moment."""
    start, end = master["start"], master["end"]
    length = to_moment(end, "UTC") - to_moment(start, "UTC")
    rules = _rules(tuple(master["recurrence"]), _wall(start), _zone_name(start))
    walls: Any = iter(rules)
    if after is not None:
        local = after.astimezone(zone(_zone_name(start))).replace(tzinfo=None)
        walls = rules.xafter(local - length - timedelta(days=2), inc=True)
    for wall in walls:
        instance = _instance(master, wall, length, calendar_zone)
        if after is None or instance.ends_at > after:
            yield instance


def base_id(series_id: str) -> str:
    """The id that a series had before it was split: instances of all its parts are named after it (G62)."""
    return SPLIT_OFF.sub("", series_id)


def find_instance(master: Json, instance_id: str, calendar_zone: str) -> Instance | None:
    """Return the instance of a series that has this id, or None."""
    suffix = instance_id.removeprefix(base_id(master["id"]) + "_")
    start = master["start"]
    try:
        if is_all_day(start):
            wall = datetime.strptime(suffix, "%Y%m%d")  # noqa: DTZ007
        else:
            moment = datetime.strptime(suffix, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            wall = moment.astimezone(zone(_zone_name(start))).replace(tzinfo=None)
    except ValueError:
        return None
    rules = _rules(tuple(master["recurrence"]), _wall(start), _zone_name(start))
    length = to_moment(master["end"], "UTC") - to_moment(start, "UTC")
    # Three hours of slack: the id of an instance in a DST gap names the shifted wall time.
    for candidate in rules.xafter(wall - timedelta(hours=3), inc=True):
        instance = _instance(master, candidate, length, calendar_zone)
        if instance.id == instance_id:
            return instance
        if candidate > wall + timedelta(hours=3):
            return None
    return None


def _instance(master: Json, wall: datetime, length: timedelta, calendar_zone: str) -> Instance:
    base = base_id(master["id"])
    if is_all_day(master["start"]):
        day, last = wall.date(), wall.date() + length
        begin_operation, finish = {"date": day.isoformat()}, {"date": last.isoformat()}
        moments = midnight(day, calendar_zone), midnight(last, calendar_zone)
        return Instance(f"{base}_{day:%Y%m%d}", begin_operation, begin_operation, finish, *moments)
    name = master["start"]["timeZone"]
    # A wall time inside a DST gap becomes the one an hour later, by way of UTC.
    begins = wall.replace(tzinfo=zone(name)).astimezone(UTC)
    ends = begins + length
    begin_operation = {"dateTime": format_event_time(begins, zone(name)), "timeZone": name}
    end_name = master["end"].get("timeZone", name)
    finish = {"dateTime": format_event_time(ends, zone(end_name)), "timeZone": end_name}
    return Instance(f"{base}_{begins:%Y%m%dT%H%M%SZ}", begin_operation, begin_operation, finish, begins, ends)


def _zone_name(start: Json) -> str:
    return str(start.get("timeZone", "UTC"))


def _wall(start: Json) -> datetime:
    if is_all_day(start):
        day = date.fromisoformat(start["date"])
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001
    moment = datetime.fromisoformat(start["dateTime"]).astimezone(zone(_zone_name(start)))
    return moment.replace(tzinfo=None)


@lru_cache(maxsize=2048)
def _rules(lines: tuple[str, ...], wall: datetime, zone_name: str) -> rruleset:
    rules = rruleset(cache=True)
    for line in lines:
        found = LINE.match(line)
        if not found:
            raise ValueError(line)
        kind, separator, rest = found.groups()
        if kind in {"RRULE", "EXRULE"}:
            if separator == ";":
                raise ValueError(line)
            rule = rrulestr(_local_until(rest, zone_name), dtstart=wall, cache=True)
            (rules.rrule if kind == "RRULE" else rules.exrule)(rule)  # type: ignore[arg-type]
            continue
        for moment in _moments(rest, separator, zone_name):
            (rules.rdate if kind == "RDATE" else rules.exdate)(moment)
    return rules


def _local_until(rule: str, zone_name: str) -> str:
    def local(found: re.Match[str]) -> str:
        text = found.group(1)
        if len(text) == 8:
            return f"UNTIL={text}T235959"
        return "UNTIL=" + _local(text, zone_name).strftime("%Y%m%dT%H%M%S")

    return re.sub(r"UNTIL=(\d{8}(?:T\d{6}Z?)?)", local, rule)


def _moments(rest: str, separator: str, zone_name: str) -> Iterator[datetime]:
    named, values = "", rest
    if separator == ";":
        parameters, _, values = rest.partition(":")
        for item in parameters.split(";"):
            key, _, value = item.partition("=")
            named = value if key.upper() == "TZID" else named
    for text in values.split(","):
        moment = _local(text.strip(), named or zone_name)
        if named and named != zone_name and not text.endswith("Z"):
            moment = moment.replace(tzinfo=zone(named)).astimezone(zone(zone_name)).replace(tzinfo=None)
        yield moment


def _local(text: str, zone_name: str) -> datetime:
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    if text.endswith("Z"):
        return moment.replace(tzinfo=UTC).astimezone(zone(zone_name)).replace(tzinfo=None)
    return moment
