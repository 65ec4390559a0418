"""Dates and times as people write them, in the languages of the mails."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from common.domain.interval import Interval
from common.domain.mail_policy import Language

_DAYS = {
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.GERMAN: ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_MONTHS = {
    Language.ENGLISH: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    Language.GERMAN: (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
}


def when(interval: Interval, zone: str, language: Language) -> str:
    """From when to when, on the clocks of a zone, which is named."""
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (interval.start, interval.end))
    if start.date() == end.date():
        return f"{_day(start, language)}, {start:%H:%M}-{end:%H:%M} ({zone})"
    return f"{_day(start, language)}, {start:%H:%M} - {_day(end, language)}, {end:%H:%M} ({zone})"


def until(moment: datetime, zone: str, language: Language) -> str:
    """One point in time, on the clocks of a zone."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{_day(local, language)}, {local:%H:%M} ({zone})"


def _day(local: datetime, language: Language) -> str:
    day, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    dot = "." if language is Language.GERMAN else ""
    return f"{day}, {local.day}{dot} {month} {local.year}"
