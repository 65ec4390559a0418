"""Answers listings of events: /events, calendarView and instances, with filters, order and pages."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from local.microsoft.api import odata
from local.microsoft.api.context import Context, Preferences
from local.microsoft.api.paging import next_link, number, page_size
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.events import event_resource
from local.microsoft.events.event_methods import render_for_request
from local.microsoft.events.expansion import (
    ListedEvent,
    Window,
    exceptions,
    listed_event,
    listed_events,
    occurrences,
)
from local.microsoft.times import format_timestamp, parse_parameter

LONGEST = timedelta(days=1825)
PROPERTIES = "singleValueExtendedProperties"
ORDERS = frozenset({"start/dateTime", "end/dateTime", "createdDateTime", "lastModifiedDateTime", "subject"})
DEFAULT_PREFERENCES = Preferences()


def list_events(context: Context) -> Json:
    """Answer the single events and series of a calendar."""
    calendar = context.calendar().calendar
    items = context.state.visible(calendar).items
    return answer(
        context,
        [listed_event(item) for item in items.values() if not item.series],
        repeated=context.state.settings.repeated_page_ends,
    )


def count_events(context: Context) -> Json:
    """Answer the number of single events and series in a calendar."""
    items = context.state.visible(context.calendar().calendar).items
    found = [listed_event(item) for item in items.values() if not item.series]
    return {"": len(_filtered(context, found))}


def calendar_view(context: Context) -> Json:
    """Answer calendarView: the single events, occurrences and exceptions in a time range."""
    calendar = context.calendar().calendar
    window = asked_window(context)
    if PROPERTIES in context.query.get("$filter", ""):
        # Fact M52.
        raise GraphError(500, "ErrorInternalServerError", "An internal server error occurred.")
    if context.state.settings.views_without_properties:
        context.query = {name: value for name, value in context.query.items() if name != "$expand"}
    return answer(context, list(listed_events(context.state.visible(calendar).items, window)))


def instances(context: Context) -> Json:
    """Answer the occurrences of one series in a time range.

    Whether its exceptions are among them, and are shown in full, are settings (facts M92, M38).
    """
    settings = context.state.settings
    master = context.target(stale=True).item
    if not master.is_series:
        raise invalid("ErrorInvalidRequest", "Your request can't be completed. The event is not a series.")
    items = context.state.visible(context.state.calendars[master.calendar], single=True).items
    changed = exceptions(items).get(master.key, [])
    found = list(occurrences(items, master, asked_window(context), changed))
    if settings.instances_without_exceptions:
        found = [each for each in found if each.kind != "exception"]
    if settings.bare_exceptions:
        found = [replace(each, original_start=None) if each.kind == "exception" else each for each in found]
    return answer(context, found)


def asked_window(context: Context) -> Window:
    """Return the time range that the request asks for; 400 if it is missing, reversed or too long."""
    start, end = context.query.get("startDateTime"), context.query.get("endDateTime")
    if not start or not end:
        message = (
            "This request requires a time window specified by the query string parameters StartDateTime and "
            "EndDateTime."
        )
        raise invalid("ErrorInvalidParameter", message)
    window = Window(parse_parameter(start), parse_parameter(end))
    if window.end < window.start:
        raise invalid("ErrorInvalidParameter", "The end of the window is before its start.")
    if window.end - window.start > LONGEST:
        # Fact M93.
        message = (
            "Your request can't be completed. The range between the start and end dates is greater than the "
            "allowed range. Maximum number of days: 1825"
        )
        raise invalid("ErrorInvalidRequest", message)
    return window


def answer(context: Context, found: list[ListedEvent], *, repeated: bool = False) -> Json:
    """Answer one page of events: filtered, sorted, with the chosen properties and the next link.

    With `repeated` a page begins with the last event of the page before (fact M91).
    """
    chosen = _ordered(context, _filtered(context, found))
    size, skip = page_size(context), number(context.query.get("$skip", "0"), "$skip")
    shown = chosen[max(0, skip - repeated) : skip + size]
    if context.page_fault == "empty":
        shown, size = [], 0
    made: Json = {"@odata.context": f"{context.base}/$metadata#users/events"}
    if context.query.get("$count", "").lower() == "true":
        made["@odata.count"] = len(chosen)
    made["value"] = [render_for_request(context, each) for each in shown]
    if len(chosen) > skip + size:
        made["@odata.nextLink"] = next_link(context, skip + size)
    return made


def _filtered(context: Context, found: Iterable[ListedEvent]) -> list[ListedEvent]:
    text = context.query.get("$filter", "")
    if not text:
        return list(found)
    test = odata.parse_filter(text)
    if PROPERTIES in text and context.state.every("filter", context.state.settings.empty_filter_every):
        # Fact M51.
        return []
    try:
        return [each for each in found if test(_subject(context, each))]
    except TypeError as error:
        raise bad_request("Invalid filter clause: the operands are not of one type.") from error


def _subject(context: Context, found: ListedEvent) -> Json:
    shown = event_resource.render_event(context.state, found, DEFAULT_PREFERENCES)
    held = [{"id": name, "value": value} for name, value in found.item.properties.items()]
    moments = {"start/dateTime": found.start, "end/dateTime": found.end}
    return shown | {"_properties": held, "_moments": moments}


def _ordered(context: Context, found: list[ListedEvent]) -> list[ListedEvent]:
    text = context.query.get("$orderby", "")
    if not text:
        return found
    for part in reversed(text.split(",")):
        name, _, direction = part.strip().partition(" ")
        if name not in ORDERS or direction.strip().lower() not in {"", "asc", "desc"}:
            raise bad_request(f"The property '{name}' cannot be used to order events.")
        found = sorted(
            found,
            key=lambda each: _order_key(each, name),
            reverse=direction.strip().lower() == "desc",
        )
    return found


def _order_key(found: ListedEvent, name: str) -> str:
    if name == "start/dateTime":
        return format_timestamp(found.start)
    if name == "end/dateTime":
        return format_timestamp(found.end)
    if name == "subject":
        return str(found.body.get("subject") or "").lower()
    return found.item.created if name == "createdDateTime" else found.item.modified
