"""Computes the occurrences of a series from Graph's recurrence pattern and range, as Exchange does.

https://learn.microsoft.com/graph/api/resources/recurrencepattern and
https://learn.microsoft.com/graph/api/resources/recurrencerange
Where they give no bounds, those here are our choice.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal

from dateutil import rrule

from local.microsoft.errors import Json, invalid
from local.microsoft.times import FIRST_YEAR, LAST_YEAR, zone

DAYS = {
    "monday": rrule.MO,
    "tuesday": rrule.TU,
    "wednesday": rrule.WE,
    "thursday": rrule.TH,
    "friday": rrule.FR,
    "saturday": rrule.SA,
    "sunday": rrule.SU,
}
INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
MOST = 999
NEEDED = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}


def checked_recurrence(recurrence: Json, start: date, zone_name: str) -> Json:
    """Return a recurrence with Exchange's defaults filled in; 400 if it is not valid."""
    pattern, span = dict(recurrence.get("pattern") or {}), dict(recurrence.get("range") or {})
    kind = pattern.get("type")
    if kind not in NEEDED or not span.get("type"):
        raise _refused("The recurrence needs a pattern and a range.")
    if any(not pattern.get(name) for name in NEEDED[kind]):
        raise _refused(f"The recurrence pattern {kind} lacks a property.")
    if span["type"] == "numbered" and not 0 < (span.get("numberOfOccurrences") or 0) <= MOST:
        raise _refused("The range lacks numberOfOccurrences.")
    if span["type"] == "endDate" and not span.get("endDate"):
        raise _refused("The range lacks endDate.")
    filled: Json = {
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "firstDayOfWeek": "sunday",
        "index": "first",
    } | {name: value for name, value in pattern.items() if value is not None}
    # Fact M89: the end date of a series without an end.
    given: Json = {
        "startDate": start.isoformat(),
        "endDate": "0001-01-01",
        "recurrenceTimeZone": zone_name,
        "numberOfOccurrences": 0,
    } | {name: value for name, value in span.items() if value is not None}
    given["recurrenceTimeZone"] = given["recurrenceTimeZone"] or zone_name
    zone(given["recurrenceTimeZone"])
    _check_numbers(filled)
    first = _day(given["startDate"] or start.isoformat())
    given["startDate"] = first.isoformat()
    if given["type"] == "endDate" and _day(given["endDate"]) < first:
        raise _refused("The range ends before it begins.")
    return {"pattern": filled, "range": given}


def _check_numbers(pattern: Json) -> None:
    kind = pattern["type"]
    if not 1 <= pattern["interval"] <= MOST:
        raise _refused(f"The interval must be from 1 to {MOST}.")
    if kind.startswith("absolute") and not 1 <= pattern["dayOfMonth"] <= 31:
        raise _refused("The dayOfMonth must be from 1 to 31.")
    if kind.endswith("Yearly") and not 1 <= pattern["month"] <= 12:
        raise _refused("The month must be from 1 to 12.")


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _refused("The range has a date that is none.") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _refused("The range has a date that is out of range.")
    return found


def _refused(message: str) -> Exception:
    return invalid("ErrorPropertyValidationFailure", message)


def occurrence_wall_times(recurrence: Json, at: time) -> Iterator[datetime]:
    """Yield the wall times of a series in order; a series without end yields for ever."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    key = (
        pattern["type"],
        int(pattern["interval"]),
        int(pattern.get("month") or 0),
        int(pattern.get("dayOfMonth") or 0),
        tuple(pattern.get("daysOfWeek") or ()),
        pattern.get("firstDayOfWeek") or "sunday",
        pattern.get("index") or "first",
    )
    limits = (span["type"], span["startDate"], span["endDate"], int(span["numberOfOccurrences"] or 0))
    return iter(_rule(key, limits, at))


@lru_cache(maxsize=1024)
def _rule(key: tuple[Any, ...], limits: tuple[str, str, str, int], at: time) -> rrule.rrule:
    kind, interval, month, day_of_month, names, week_start, index = key
    ending, first, last, count = limits
    chosen: dict[str, Any] = {
        "dtstart": datetime.combine(date.fromisoformat(first), at),
        "interval": interval,
        "wkst": DAYS[week_start],
    }
    if ending == "numbered":
        chosen["count"] = count
    if ending == "endDate":
        chosen["until"] = datetime.combine(date.fromisoformat(last), time.max)
    if kind == "weekly":
        chosen["byweekday"] = [DAYS[name] for name in names]
    if kind.startswith("relative"):
        chosen |= {"byweekday": [DAYS[name] for name in names], "bysetpos": INDEX[index]}
    if kind.startswith("absolute"):
        # https://learn.microsoft.com/graph/outlook-schedule-recurring-events: a month that is too short has
        # the occurrence on its last day.
        early = range(min(28, day_of_month), day_of_month + 1)
        chosen |= {"bymonthday": list(early), "bysetpos": -1}
    if kind.endswith("Yearly"):
        chosen["bymonth"] = month
    return rrule.rrule(_frequency(kind), cache=True, **chosen)


def _frequency(kind: str) -> Literal[0, 1, 2, 3]:
    if kind == "daily":
        return rrule.DAILY
    if kind == "weekly":
        return rrule.WEEKLY
    return rrule.MONTHLY if kind.endswith("Monthly") else rrule.YEARLY


def first_occurrence(recurrence: Json, start: datetime) -> datetime:
    """Return the wall time of the first occurrence, where Exchange puts the series itself."""
    return next(occurrence_wall_times(recurrence, start.time()), start)


def truncated_before(recurrence: Json, day: date) -> Json:
    """Return the recurrence so that it ends before a day."""
    span = recurrence["range"] | {
        "type": "endDate",
        "endDate": (day - timedelta(days=1)).isoformat(),
        "numberOfOccurrences": 0,
    }
    return {"pattern": recurrence["pattern"], "range": span}


def continued_from(recurrence: Json, day: date, before: int) -> Json:
    """Return the recurrence so that it begins on a day, after `before` occurrences."""
    span = recurrence["range"] | {"startDate": day.isoformat()}
    if span["type"] == "numbered":
        span["numberOfOccurrences"] = span["numberOfOccurrences"] - before
    return {"pattern": recurrence["pattern"], "range": span}
