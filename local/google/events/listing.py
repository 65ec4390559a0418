"""Answers events.list and events.instances: time ranges, expansion, sync tokens, filters, order and pages."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zlib import crc32

from local.google.api import sync_tokens
from local.google.api.context import Context
from local.google.api.paging import OpenListings, page_of
from local.google.errors import ApiError, Json, bad_request, invalid, updated_min_too_long_ago
from local.google.events.expansion import (
    ListedItem,
    Window,
    exceptions_by_series,
    expand,
    overlaps,
    series_overlaps,
)
from local.google.events.series import locate
from local.google.model import Calendar, StoredEvent
from local.google.times import parse_parameter, parse_timestamp

WITHOUT_SYNC_TOKEN = (
    "orderBy",
    "q",
    "iCalUID",
    "privateExtendedProperty",
    "sharedExtendedProperty",
    "updatedMin",
)


def list_events(context: Context, open_listings: OpenListings) -> Json:
    """Answer events.list: a page of a calendar's events, or of the changes since a sync token.

    A page has 250 items unless asked otherwise, and 2500 at most (G19). Changes are not bounded as the first
    listing was (G3).
    """
    calendar, role = context.calendar()
    query, account = context.query, context.caller.account
    size = min(context.argument("maxResults", 250), 2500)
    most = context.state.settings.largest_page
    if most is not None and size > most:
        raise ApiError(500, "backendError", "Backend Error", domain="global")
    resource = f"calendar:{calendar.id}:{account}"
    if token := context.argument("pageToken"):
        listing, offset = open_listings.find(token, resource=resource, query=query)
    else:
        since = _change_of_sync_token(context, calendar)
        found = _sorted(_listed_items(context, calendar, role, since), query)
        items = [_shown(context, each) for each in _shuffled(context, found)]
        issued = sync_tokens.issue(
            context.state, resource=calendar.id, account=account, epoch=calendar.epoch, change=calendar.change
        )
        usable = not any(name in query for name in WITHOUT_SYNC_TOKEN)
        listing = open_listings.remember(
            resource=resource, query=query, items=items, sync_token=issued if usable else ""
        )
        offset = 0
    return _listing_head(context, calendar, role) | page_of(listing, offset, size, context.page_fault)


def list_instances(context: Context, open_listings: OpenListings) -> Json:
    """Answer events.instances: a page of the instances of one series."""
    calendar, role = context.calendar()
    resource = f"instances:{calendar.id}:{context.path['eventId']}:{context.caller.account}"
    size = min(context.argument("maxResults", 250), 2500)
    if token := context.argument("pageToken"):
        listing, offset = open_listings.find(token, resource=resource, query=context.query)
    else:
        found = _instances(context, calendar, role)
        items = [_shown(context, each) for each in found if _is_wanted(each, context.query)]
        wish = context.argument("originalStart")
        if wish:
            items = [item for item in items if _same_original(item, wish)]
        listing, offset = (
            open_listings.remember(resource=resource, query=context.query, items=items, sync_token=""),
            0,
        )
    return _listing_head(context, calendar, role) | page_of(listing, offset, size, context.page_fault)


def _instances(context: Context, calendar: Calendar, role: str) -> Iterable[ListedItem]:
    """The instances that the path asks for; nobody knows what an event that is not recurring has (G34)."""
    master = locate(calendar, context.path["eventId"]).event
    answer = context.state.settings.instances_of_single
    if master is None or (not master.is_master and answer == "refused"):
        raise invalid("Invalid Value", "eventId")
    window, viewer = _window(context.query, inclusive=True), context.viewer(role)
    if not master.is_master:
        itself = ListedItem.of(context.state, calendar, master, viewer)
        return [itself] if answer == "itself" and overlaps(calendar, master, window) else []
    exceptions = exceptions_by_series(calendar).get(master.id, [])
    return expand(context.state, calendar, master, exceptions, window, viewer=viewer)


def _shuffled(context: Context, items: list[ListedItem]) -> list[ListedItem]:
    """The items in an order of their own, if the settings say so: Google's is not reliable (G16)."""
    if not context.state.settings.shuffled_listings or context.argument("orderBy"):
        return items
    return sorted(items, key=lambda each: crc32(str(each.shown["id"]).encode()))


def _shown(context: Context, found: ListedItem) -> Json:
    """The JSON of an item, without the zones of its times if the settings say so (G54)."""
    item = found.shown
    if not context.state.settings.zones_left_out or item.get("recurrence"):
        return item
    bare = {name: item[name] for name in ("start", "end") if isinstance(item.get(name), dict)}
    return item | {
        name: {key: text for key, text in value.items() if key != "timeZone"} for name, value in bare.items()
    }


def _is_wanted(found: ListedItem, query: Json) -> bool:
    return bool(query.get("showDeleted")) or not found.cancelled


def _same_original(item: Json, wish: str) -> bool:
    original = item.get("originalStartTime", {})
    if "date" in original or len(wish) == 10:
        return bool(original.get("date") == wish)
    return datetime.fromisoformat(original["dateTime"]) == parse_parameter(wish)


def _listing_head(context: Context, calendar: Calendar, role: str) -> Json:
    entry = context.state.accounts[context.caller.account].entries.get(calendar.id)
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


def _change_of_sync_token(context: Context, calendar: Calendar) -> int:
    token = context.argument("syncToken")
    if not token:
        if context.argument("orderBy") == "startTime" and not context.argument("singleEvents"):
            message = "The requested ordering is not available for the particular query."
            raise invalid(message, "orderBy")
        return -1
    sync_tokens.check_events_query(context.query)
    account = context.caller.account
    return sync_tokens.redeem(
        context.state, token, resource=calendar.id, account=account, epoch=calendar.epoch
    )


def _window(query: Json, *, inclusive: bool = False) -> Window:
    lower = parse_parameter(query["timeMin"]) if "timeMin" in query else None
    upper = parse_parameter(query["timeMax"]) if "timeMax" in query else None
    if lower and upper and upper <= lower:
        message = "The specified time range is empty."
        raise ApiError(400, "timeRangeEmpty", message, domain="calendar", location="timeMax")
    return Window(lower, upper, inclusive=inclusive)


def _listed_items(context: Context, calendar: Calendar, role: str, since: int) -> Iterator[ListedItem]:
    query, viewer = context.query, context.viewer(role)
    window = _window(query)
    delta = since >= 0
    updated_min = _updated_min(context)
    singles = bool(context.argument("singleEvents")) or role == "freeBusyReader"  # G137
    exceptions = exceptions_by_series(calendar) if singles else {}
    for event in sorted(calendar.events.values(), key=lambda each: each.change):
        if event.change <= since or not _recent(event, updated_min):
            continue
        if not _matches(event, query):
            continue
        if event.is_master and singles:
            found = expand(
                context.state, calendar, event, exceptions.get(event.id, []), window, viewer=viewer
            )
            yield from (each for each in found if delta or _visible(each, query, singles, updated_min))
            continue
        if singles and _comes_with_series(calendar, event, since):
            continue
        one = ListedItem.of(context.state, calendar, event, viewer)
        if delta or (
            _visible(one, query, singles, updated_min) and _inside(context, calendar, event, window)
        ):
            yield one


def _comes_with_series(calendar: Calendar, event: StoredEvent, since: int) -> bool:
    master = calendar.events.get(event.series)
    return master is not None and master.is_master and master.change > since


def _inside(context: Context, calendar: Calendar, event: StoredEvent, window: Window) -> bool:
    if event.raw or window.everything:
        return True
    if event.is_master:
        if context.state.settings.ended_series_listed:  # G17
            window = Window(None, window.upper)
        return series_overlaps(calendar, event, window)
    return overlaps(calendar, event, window)


def _visible(found: ListedItem, query: Json, singles: bool, updated_min: datetime | None) -> bool:  # noqa: FBT001
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
    moment = parse_parameter(text)
    if context.state.now() - moment > context.state.settings.updated_min_history:
        raise updated_min_too_long_ago()
    return moment


def _recent(event: StoredEvent, updated_min: datetime | None) -> bool:
    if updated_min is None:
        return True
    return parse_timestamp(event.body.get("updated", "1970-01-01T00:00:00Z")) >= updated_min


def _sorted(found: Iterator[ListedItem], query: Json) -> list[ListedItem]:
    order = query.get("orderBy")
    items = list(found)
    if order == "startTime":
        items.sort(key=lambda each: each.starts_at or datetime.min.replace(tzinfo=UTC))
    if order == "updated":
        items.sort(key=lambda each: str(each.shown.get("updated", "")))
    if order not in {None, "startTime", "updated"}:
        raise bad_request()
    return items


def _matches(event: StoredEvent, query: Json) -> bool:
    """Whether an event passes the filters of a query: type, iCalUID, text and extended properties."""
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
