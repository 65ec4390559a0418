"""Answers freebusy.query: the merged busy times of several calendars.

A calendar that cannot be read is an error inside the answer, whose status is still 200 (G102).
"""

# https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query

from datetime import UTC, datetime, timedelta
from typing import Any

from local.google.api.context import Context
from local.google.errors import ApiError, Json, required
from local.google.events.expansion import Window, event_span, exceptions_by_series
from local.google.events.recurrence import instances
from local.google.model import Calendar
from local.google.times import checked_zone, format_event_time, parse_parameter, zone

Span = tuple[datetime, datetime]


def query(context: Context) -> Json:
    """Answer freebusy.query: about three months (G100), 50 calendars (G101), named as asked (G103)."""
    body = context.body
    lower, upper = _bound(body, "timeMin"), _bound(body, "timeMax")
    if upper <= lower:
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if upper - lower > timedelta(days=context.state.settings.freebusy_days):
        raise ApiError(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    where = zone(checked_zone(body.get("timeZone") or "UTC"))
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
            periods = [
                {"start": format_event_time(start, where), "end": format_event_time(end, where)}
                for start, end in busy
            ]
            calendars[calendar_id] = {"busy": periods}
    answer: Json = {
        "kind": "calendar#freeBusy",
        "timeMin": format_event_time(lower, UTC),
        "timeMax": format_event_time(upper, UTC),
    }
    return answer | {"calendars": calendars}


def _bound(body: Json, name: str) -> datetime:
    if not isinstance(body.get(name), str):
        raise required(f"Missing {name} parameter.", name)
    return parse_parameter(body[name])


def _failed(reason: str) -> Json:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _busy(context: Context, calendar_id: str, window: Window) -> list[Span] | None:
    state, account = context.state, context.caller.account
    calendar = state.calendars.get(state.resolve_calendar_id(calendar_id, account))
    if calendar is None or calendar.deleted or calendar.role(account) == "none":
        return None
    return merged(busy_spans(calendar, window), window)


def busy_spans(calendar: Calendar, window: Window) -> list[Span]:
    """Return the times of the events in the window that block time in a calendar, not yet merged."""
    spans: list[Span] = []
    exceptions = exceptions_by_series(calendar)
    for event in calendar.events.values():
        if event.raw or event.cancelled or not _blocks(calendar, event.body):
            continue
        if not event.is_master:
            spans.append(event_span(calendar, event))
            continue
        replaced = {each.id for each in exceptions.get(event.id, ())}
        for instance in instances(event.body, calendar.time_zone, after=window.lower):
            if window.upper is not None and instance.starts_at >= window.upper:
                break
            if instance.id not in replaced:
                spans.append((instance.starts_at, instance.ends_at))
    return [each for each in spans if window.includes(*each) and each[0] < each[1]]


def _blocks(calendar: Calendar, body: Json) -> bool:
    if body.get("transparency") == "transparent":
        return False
    guests: list[Any] = body.get("attendees", [])
    return not any(
        guest["email"] == calendar.id and guest.get("responseStatus") == "declined" for guest in guests
    )


def merged(spans: list[Span], window: Window) -> list[Span]:
    """Cut time spans to the window, sort them, and join those that overlap or touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        low = max(start, window.lower) if window.lower else start
        high = min(end, window.upper) if window.upper else end
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined
