"""Answers events.list and events.instances: windows, expansion, deltas, filters, order and pages."""

from collections.abc import Iterator
from datetime import UTC, datetime

from local.google.api import sync_tokens
from local.google.api.context import Context
from local.google.api.paging import Pages, page
from local.google.errors import ApiError, Json, bad_request, invalid, updated_min_too_long_ago
from local.google.events.expansion import Found, Window, expand, families, overlaps, series_meets
from local.google.events.series import locate
from local.google.model import Calendar, Stored
from local.google.times import parameter, parse_stamp

TOKENLESS = ("orderBy", "q", "iCalUID", "privateExtendedProperty", "sharedExtendedProperty", "updatedMin")


def list_events(context: Context, pages: Pages) -> Json:
    """One page of a calendar's events, or of what changed since a sync token."""
    calendar, role = context.calendar()
    query, account = context.query, context.caller.account
    size = min(context.argument("maxResults", 250), 2500)
    resource = f"calendar:{calendar.id}:{account}"
    if token := context.argument("pageToken"):
        snapshot, offset = pages.find(token, resource=resource, query=query)
    else:
        since = _since(context, calendar)
        items = [found.shown for found in _sorted(_found(context, calendar, role, since), query)]
        issued = sync_tokens.issue(
            context.world, resource=calendar.id, account=account, epoch=calendar.epoch, change=calendar.change
        )
        usable = not any(name in query for name in TOKENLESS)
        snapshot = pages.keep(
            resource=resource, query=query, items=items, sync_token=issued if usable else ""
        )
        offset = 0
    return _head(context, calendar, role) | page(snapshot, offset, size, context.paging)


def list_instances(context: Context, pages: Pages) -> Json:
    """One page of the instances of a series."""
    calendar, role = context.calendar()
    resource = f"instances:{calendar.id}:{context.path['eventId']}:{context.caller.account}"
    size = min(context.argument("maxResults", 250), 2500)
    if token := context.argument("pageToken"):
        snapshot, offset = pages.find(token, resource=resource, query=context.query)
    else:
        master = locate(calendar, context.path["eventId"]).event
        if master is None or not master.is_master:
            raise invalid("Invalid Value", "eventId")
        window = _window(context.query, inclusive=True)
        viewer = context.viewer(role)
        family = families(calendar).get(master.id, [])
        found = expand(context.world, calendar, master, family, window, viewer=viewer)
        items = [each.shown for each in found if _wanted(each, context.query)]
        wish = context.argument("originalStart")
        if wish:
            items = [item for item in items if _same_original(item, wish)]
        snapshot, offset = pages.keep(resource=resource, query=context.query, items=items, sync_token=""), 0
    return _head(context, calendar, role) | page(snapshot, offset, size, context.paging)


def _wanted(found: Found, query: Json) -> bool:
    return bool(query.get("showDeleted")) or not found.cancelled


def _same_original(item: Json, wish: str) -> bool:
    original = item.get("originalStartTime", {})
    if "date" in original or len(wish) == 10:
        return bool(original.get("date") == wish)
    return datetime.fromisoformat(original["dateTime"]) == parameter(wish)


def _head(context: Context, calendar: Calendar, role: str) -> Json:
    entry = context.world.accounts[context.caller.account].entries.get(calendar.id)
    head: Json = {
        "kind": "calendar#events",
        "etag": f'"p{calendar.change:09d}"',
        "summary": calendar.summary,
        "description": calendar.description,
        "updated": calendar.updated,
        "timeZone": context.argument("timeZone") or calendar.time_zone,
        "accessRole": role,
        "defaultReminders": entry.default_reminders if entry else [],
    }
    return head


def _since(context: Context, calendar: Calendar) -> int:
    token = context.argument("syncToken")
    if not token:
        if context.argument("orderBy") == "startTime" and not context.argument("singleEvents"):
            message = "The requested ordering is not available for the particular query."
            raise invalid(message, "orderBy")
        return -1
    sync_tokens.check_events_query(context.query)
    account = context.caller.account
    return sync_tokens.redeem(
        context.world, token, resource=calendar.id, account=account, epoch=calendar.epoch
    )


def _window(query: Json, *, inclusive: bool = False) -> Window:
    lower = parameter(query["timeMin"]) if "timeMin" in query else None
    upper = parameter(query["timeMax"]) if "timeMax" in query else None
    if lower and upper and upper <= lower:
        message = "The specified time range is empty."
        raise ApiError(400, "timeRangeEmpty", message, domain="calendar", location="timeMax")
    return Window(lower, upper, inclusive=inclusive)


def _found(context: Context, calendar: Calendar, role: str, since: int) -> Iterator[Found]:
    query, viewer = context.query, context.viewer(role)
    window = _window(query)
    delta = since >= 0
    updated_min = _updated_min(context)
    singles = bool(context.argument("singleEvents")) or role == "freeBusyReader"
    family = families(calendar) if singles else {}
    for event in sorted(calendar.events.values(), key=lambda each: each.change):
        if event.change <= since or not _recent(event, updated_min):
            continue
        if not matches(event, query):
            continue
        if event.is_master and singles:
            found = expand(context.world, calendar, event, family.get(event.id, []), window, viewer=viewer)
            yield from (each for each in found if delta or _visible(each, query, singles, updated_min))
            continue
        if singles and _comes_with_series(calendar, event, since):
            continue
        one = Found.of(context.world, calendar, event, viewer)
        if delta or (_visible(one, query, singles, updated_min) and _inside(calendar, event, window)):
            yield one


def _comes_with_series(calendar: Calendar, event: Stored, since: int) -> bool:
    master = calendar.events.get(event.series)
    return master is not None and master.is_master and master.change > since


def _inside(calendar: Calendar, event: Stored, window: Window) -> bool:
    if event.poison or window.everything:
        return True
    if event.is_master:
        return series_meets(calendar, event, window)
    return overlaps(calendar, event, window)


def _visible(found: Found, query: Json, singles: bool, updated_min: datetime | None) -> bool:  # noqa: FBT001
    if not found.cancelled or updated_min:
        return True
    if found.master_cancelled:
        return bool(query.get("showDeleted")) and not singles
    if query.get("showDeleted"):
        return True
    return bool(found.exception and not singles)


def _updated_min(context: Context) -> datetime | None:
    text = context.argument("updatedMin")
    if not text:
        return None
    moment = parameter(text)
    if context.world.now() - moment > context.world.settings.updated_min_history:
        raise updated_min_too_long_ago()
    return moment


def _recent(event: Stored, updated_min: datetime | None) -> bool:
    if updated_min is None:
        return True
    return parse_stamp(event.body.get("updated", "1970-01-01T00:00:00Z")) >= updated_min


def _sorted(found: Iterator[Found], query: Json) -> list[Found]:
    order = query.get("orderBy")
    items = list(found)
    if order == "startTime":
        items.sort(key=lambda each: each.starts_at or datetime.min.replace(tzinfo=UTC))
    if order == "updated":
        items.sort(key=lambda each: str(each.shown.get("updated", "")))
    if order not in {None, "startTime", "updated"}:
        raise bad_request()
    return items


def matches(event: Stored, query: Json) -> bool:
    """Whether an event passes every filter of a query."""
    body = event.body
    types = query.get("eventTypes")
    if types and body.get("eventType", "default") not in types:
        return False
    if "iCalUID" in query and body.get("iCalUID") != query["iCalUID"]:
        return False
    if "q" in query and not _mentions(body, query["q"]):
        return False
    return _has_properties(body, query)


def _mentions(body: Json, text: str) -> bool:
    guests = [
        str(guest.get(name, "")) for guest in body.get("attendees", ()) for name in ("email", "displayName")
    ]
    words = [str(body.get(name, "")) for name in ("summary", "description", "location")] + guests
    return text.lower() in " ".join(words).lower()


def _has_properties(body: Json, query: Json) -> bool:
    held = body.get("extendedProperties", {})
    for name, kind in (("privateExtendedProperty", "private"), ("sharedExtendedProperty", "shared")):
        for constraint in query.get(name, ()):
            key, equals, value = constraint.partition("=")
            if not equals:
                raise bad_request()
            if held.get(kind, {}).get(key) != value:
                return False
    return True
