"""The stored forms of what can be booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from common.domain.catalogue import (
    Absence,
    DayHours,
    EditPolicy,
    OwnerEditPolicy,
    Resource,
    Service,
    Tenant,
    UnreachablePolicy,
    WallRange,
    WeeklyHours,
)
from common.store.codec import INTERVAL, PLAIN, SECONDS, TEXTS, Form, record, word
from common.store.outreach_records import MAIL_POLICY

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _ranges(day: DayHours) -> list[str]:
    return [str(item) for item in day]


def _day(stored: list[str]) -> DayHours:
    return tuple(map(WallRange.parse, stored))


def _write_overrides(value: Mapping[date, DayHours]) -> dict[str, Any]:
    return {day.isoformat(): _ranges(hours) for day, hours in value.items()}


def _read_overrides(stored: dict[str, Any]) -> dict[date, DayHours]:
    return {date.fromisoformat(day): _day(hours) for day, hours in stored.items()}


_HOURS: Form[WeeklyHours] = Form(
    lambda value: {name: _ranges(day) for name, day in zip(_WEEKDAYS, value.days, strict=True) if day},
    lambda stored: WeeklyHours(tuple(_day(stored.get(name, [])) for name in _WEEKDAYS)),
)
_OVERRIDES: Form[Mapping[date, DayHours]] = Form(_write_overrides, _read_overrides)

TENANT = record(
    Tenant,
    id=PLAIN,
    name=PLAIN,
    zone=PLAIN,
    unreachable=record(UnreachablePolicy, grace=SECONDS),
    owner_edits=record(
        OwnerEditPolicy, time=word(EditPolicy), text=word(EditPolicy), deletion=word(EditPolicy)
    ),
    allowed_origins=TEXTS,
    return_addresses=TEXTS,
    mail=MAIL_POLICY,
)

RESOURCE = record(
    Resource,
    id=PLAIN,
    name=PLAIN,
    email=PLAIN,
    zone=PLAIN,
    hours=_HOURS,
    overrides=_OVERRIDES,
    use_external_free=PLAIN,
    active=PLAIN,
)

LENGTHS = ("duration", "buffer_before", "buffer_after", "step", "notice", "horizon", "hold")

SERVICE = record(
    Service,
    id=PLAIN,
    name=PLAIN,
    resources=TEXTS,
    capacity=PLAIN,
    active=PLAIN,
    show_seats=PLAIN,
    **dict.fromkeys(LENGTHS, SECONDS),
)

ABSENCE = record(Absence, id=PLAIN, interval=INTERVAL)
