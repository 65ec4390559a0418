"""A Monday, a service of half an hour, and what the engine of free times is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource, Service, WeeklyHours
from common.domain.slots.engine import KnownCalendar, SlotQuestion, reasons

MONDAY = datetime(2027, 3, 15, tzinfo=UTC)
OPEN = WeeklyHours.of({day: ["09:00-12:00"] for day in range(5)})


def at(hour, minute=0, *, day=0):
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def span(start, end):
    return Interval(at(*start), at(*end))


def minutes(number):
    return timedelta(minutes=number)


def service(**changes):
    rules = {
        "duration": minutes(60),
        "buffer_before": minutes(0),
        "buffer_after": minutes(0),
        "step": minutes(60),
        "notice": minutes(0),
        "horizon": timedelta(days=60),
        "resources": ("anna",),
    }
    return Service(id="cut", name="Haircut", **(rules | changes))


def resource(**changes):
    facts = {"zone": "UTC", "hours": OPEN, "overrides": {}}
    return Resource(id="anna", name="Anna", email=None, **(facts | changes))


def ask(*, rules=None, who=None, window=None, now=MONDAY):
    return SlotQuestion(rules or service(), who or resource(), window or span((0,), (24,)), now)


def known(*busy, free=()):
    return KnownCalendar(busy=busy, free=free, as_of=MONDAY)


def clock(starts):
    return [f"{start:%H:%M}" for start in starts]


def codes(question, availability, moment):
    return [reason.code for reason in reasons(question, availability, moment)]
