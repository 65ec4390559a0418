"""Answers freebusy.query: merged busy times per calendar, and errors per calendar inside a 200."""

from datetime import UTC, datetime, timedelta
from typing import Any

from local.google.api.context import Context
from local.google.errors import ApiError, Json, required
from local.google.events.expansion import Window, families, span
from local.google.events.recurrence import slots
from local.google.model import Calendar
from local.google.times import known_zone, parameter, wire, zone

Span = tuple[datetime, datetime]


def query(context: Context) -> Json:
    """The busy times of the asked calendars."""
    body = context.body
    lower, upper = _bound(body, "timeMin"), _bound(body, "timeMax")
    if upper <= lower:
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if upper - lower > timedelta(days=context.world.settings.freebusy_days):
        raise ApiError(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    where = zone(known_zone(body.get("timeZone") or "UTC"))
    wanted = [str(item.get("id", "")) for item in body.get("items") or ()]
    most = min(int(body.get("calendarExpansionMax", 50)), 50)
    calendars: Json = {}
    for index, calendar_id in enumerate(wanted):
        if index >= most:
            calendars[calendar_id] = _failed("tooManyCalendarsRequested")
            continue
        busy = _busy(context, calendar_id, Window(lower, upper))
        if busy is None:
            calendars[calendar_id] = _failed("notFound")
        else:
            periods = [{"start": wire(start, where), "end": wire(end, where)} for start, end in busy]
            calendars[calendar_id] = {"busy": periods}
    answer: Json = {"kind": "calendar#freeBusy", "timeMin": wire(lower, UTC), "timeMax": wire(upper, UTC)}
    return answer | {"calendars": calendars}


def _bound(body: Json, name: str) -> datetime:
    if not isinstance(body.get(name), str):
        raise required(f"Missing {name} parameter.", name)
    return parameter(body[name])


def _failed(reason: str) -> Json:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _busy(context: Context, calendar_id: str, window: Window) -> list[Span] | None:
    world, account = context.world, context.caller.account
    calendar = world.calendars.get(world.resolve(calendar_id, account))
    if calendar is None or calendar.deleted or calendar.role(account) == "none":
        return None
    return merged(busy_spans(calendar, window), window)


def busy_spans(calendar: Calendar, window: Window) -> list[Span]:
    """Every span in which some event of a calendar blocks."""
    spans: list[Span] = []
    family = families(calendar)
    for event in calendar.events.values():
        if event.poison or event.cancelled or not _blocks(calendar, event.body):
            continue
        if not event.is_master:
            spans.append(span(calendar, event))
            continue
        replaced = {each.id for each in family.get(event.id, ())}
        for slot in slots(event.body, calendar.time_zone, after=window.lower):
            if window.upper is not None and slot.starts_at >= window.upper:
                break
            if slot.id not in replaced:
                spans.append((slot.starts_at, slot.ends_at))
    return [each for each in spans if window.holds(*each) and each[0] < each[1]]


def _blocks(calendar: Calendar, body: Json) -> bool:
    if body.get("transparency") == "transparent":
        return False
    guests: list[Any] = body.get("attendees", [])
    return not any(
        guest["email"] == calendar.id and guest.get("responseStatus") == "declined" for guest in guests
    )


def merged(spans: list[Span], window: Window) -> list[Span]:
    """Spans cut to the window, sorted, adjacent and overlapping ones joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        low = max(start, window.lower) if window.lower else start
        high = min(end, window.upper) if window.upper else end
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined
