"""Answers calendarView/delta: rounds of changes in a fixed time range, by pages.

A round ends with a delta link, with which the next one begins; settings choose what Microsoft leaves open.
Facts M1 (no query options), M12 (what came and went between two rounds), M13, M19 (the window is in the
token) and those named below are rows of docs/provider-facts.md.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from local.microsoft import ids
from local.microsoft.api.context import Context, Preferences
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.events import event_resource
from local.microsoft.events.expansion import ListedEvent, Window, exceptions, listed_event, occurrences
from local.microsoft.events.listing import asked_window
from local.microsoft.model import Calendar, Item, Tombstone
from local.microsoft.state import State, VisibleCalendar
from local.microsoft.times import format_timestamp, parse_parameter

FORBIDDEN_OPTIONS = ("$select", "$expand", "$filter", "$orderby", "$search", "$top", "$skip", "$count")
MOST_ROUNDS = 512


@dataclass(frozen=True, slots=True)
class DeltaEntry:
    """One entry of a round: an event, or the removal of one.

    `series_key` names what must stay on one page; `removed` is (key, day, calendar, number of moves).
    """

    series_key: str
    listed_event: ListedEvent | None = None
    removed: tuple[str, str, str, int] | None = None


@dataclass(slots=True)
class DeltaRound:
    """The entries of one round, and the delta token for the next one.

    An `endless` round never comes to it: all its pages are the first one, each with a link of its own.
    """

    resource: str
    entries: list[DeltaEntry]
    delta_token: str
    endless: bool = False


@dataclass(slots=True)
class DeltaRounds:
    """The rounds whose further pages can still be asked for."""

    open_rounds: dict[str, DeltaRound] = field(default_factory=dict)

    def forget(self) -> None:
        """Make every nextLink invalid."""
        self.open_rounds.clear()


def delta(context: Context, rounds: DeltaRounds) -> Json:
    """Answer one page of a round."""
    for name in context.query:
        if name in FORBIDDEN_OPTIONS:
            message = (
                "The following parameters are not supported with change tracking over the 'CalendarView' "
                "resource: '$orderby, $filter, $select, $expand, $search, $top'."
            )
            raise bad_request(message, "ErrorInvalidUrlQuery")
    calendar = context.calendar().calendar
    resource = f"{context.caller.account}/{calendar.id}"
    if "$skiptoken" in context.query:
        name, offset, *_ = f"{context.query['$skiptoken']}.".split(".")
        found = rounds.open_rounds.get(name)
        if found is None or found.resource != resource or not offset.isdigit():
            raise sync_state_lost(context)
        return _page(context, name, found, int(offset))
    if "$deltatoken" in context.query:
        found = _next_round(context, calendar, resource)
    else:
        found = _first_round(context, calendar, resource)
    name = f"r{context.state.serial()}"
    rounds.open_rounds[name] = found
    while len(rounds.open_rounds) > MOST_ROUNDS:
        rounds.open_rounds.pop(next(iter(rounds.open_rounds)))
    return _page(context, name, found, 0)


def _first_round(context: Context, calendar: Calendar, resource: str) -> DeltaRound:
    window = asked_window(context)
    trouble = _trouble(context, window)
    visible = context.state.visible(calendar)
    entries = list(_present_entries(visible, window, -1))
    if context.state.settings.initial_removed:
        entries = [
            entry
            for tombstone in visible.removed
            for entry in _removed_entries(context.state, tombstone, window)
        ] + entries
    token = _delta_token(context, calendar, window, visible.change, 0)
    return DeltaRound(resource, entries, token, endless=trouble == "endless")


def _trouble(context: Context, window: Window) -> str:
    """The trouble that a round of this window meets; 504 where it is that nothing is answered.

    Facts M5 and M7: seen with large mailboxes. That a smaller window helps is not known.
    """
    settings = context.state.settings
    trouble = settings.delta_trouble if window.end - window.start > settings.delta_trouble_beyond else ""
    if trouble == "unanswered":
        raise GraphError(504, "UnknownError", "")
    return trouble


def _next_round(context: Context, calendar: Calendar, resource: str) -> DeltaRound:
    window, since, before = _read_token(context, calendar)
    trouble = _trouble(context, window)
    if calendar.replay:
        since, calendar.replay = before, False
    visible = context.state.visible(calendar)
    live = {(item.series or item.key, item.original) for item in visible.items.values()}
    entries = [
        entry
        for tombstone in visible.removed
        if tombstone.change > since and (tombstone.key, tombstone.day) not in live
        if not (context.state.settings.silent_deletions and tombstone.final)
        for entry in _removed_entries(context.state, tombstone, window)
    ]
    entries += list(_deleted_occurrences(context.state, visible, since))
    silent = context.preferences.immutable and context.state.settings.silent_moves
    mode = context.state.settings.deleted_occurrences
    entries += list(_present_entries(visible, window, since, mode=mode, moves=not silent))
    token = _delta_token(context, calendar, window, visible.change, since)
    return DeltaRound(resource, entries, token, endless=trouble == "endless")


def _present_entries(
    visible: VisibleCalendar, window: Window, since: int, *, mode: str = "nothing", moves: bool = True
) -> Iterator[DeltaEntry]:
    """Yield what the calendar has and what changed since; without `moves` a move into it is no change."""
    changed = exceptions(visible.items)
    for item in visible.items.values():
        if item.series:
            continue
        series_exceptions = changed.get(item.key, [])
        delta_change = max(_delta_change(each, moves=moves) for each in (item, *series_exceptions))
        if mode in {"series", "removed"}:
            delta_change = max([delta_change, *item.deletion_changes.values()])
        if delta_change <= since:
            continue
        found = _listed_with_series(visible.items, item, window, series_exceptions)
        if found:
            yield from (DeltaEntry(item.key, each) for each in found)
        elif since >= 0:
            # Fact M8: what is outside the window is reported as removed.
            yield DeltaEntry(item.key, removed=(item.key, "", item.calendar, item.moves))


def _delta_change(item: Item, *, moves: bool) -> int:
    return max(item.delta_change, item.move_change) if moves else item.delta_change


def _listed_with_series(
    items: dict[str, Item], item: Item, window: Window, series_exceptions: list[Item]
) -> list[ListedEvent]:
    if not item.is_series:
        single = listed_event(item)
        return [single] if window.overlaps(single.start, single.end) else []
    found = list(occurrences(items, item, window, series_exceptions))
    return [listed_event(item), *found] if found else []


def _deleted_occurrences(state: State, visible: VisibleCalendar, since: int) -> Iterator[DeltaEntry]:
    if state.settings.deleted_occurrences != "removed":
        return
    for item in visible.items.values():
        for day, change in item.deletion_changes.items():
            if change > since:
                yield DeltaEntry(item.key, removed=(item.key, day, item.calendar, item.moves))


def _removed_entries(state: State, tombstone: Tombstone, window: Window) -> Iterator[DeltaEntry]:
    calendar = tombstone.item.calendar if tombstone.item else ""
    yield DeltaEntry(tombstone.key, removed=(tombstone.key, tombstone.day, calendar, tombstone.moves))
    item = tombstone.item
    if item is not None and item.is_series and state.settings.removed_series == "all":
        for each in occurrences({}, item, window, []):
            yield DeltaEntry(tombstone.key, removed=(tombstone.key, each.day, calendar, tombstone.moves))


def _page(context: Context, name: str, found: DeltaRound, offset: int) -> Json:
    size = context.preferences.page_size or context.state.settings.default_page
    if found.endless:
        offset = 0
    made: Json = {"@odata.context": f"{context.base}/$metadata#Collection(event)", "value": []}
    if context.page_fault == "empty":
        return made | {"@odata.nextLink": _link_to(context, {"$skiptoken": f"{name}.{offset}"})}
    if context.page_fault == "short":
        size = 1
    entries, end = found.entries, offset
    while end < len(entries) and (end - offset < size or _same_series(entries, end)):
        end += 1
    made["value"] = [_render_entry(context.state, each, context.preferences) for each in entries[offset:end]]
    if found.endless:
        next_page = f"{name}.0.{context.state.serial()}"
        return made | {"@odata.nextLink": _link_to(context, {"$skiptoken": next_page})}
    if context.page_fault == "loop":
        return made | {"@odata.nextLink": _link_to(context, {"$skiptoken": f"{name}.{offset}"})}
    if end < len(entries):
        return made | {"@odata.nextLink": _link_to(context, {"$skiptoken": f"{name}.{end}"})}
    if context.state.settings.duplicate_rows and entries:
        made["value"].append(_render_entry(context.state, entries[0], context.preferences))
    return made | {"@odata.deltaLink": _link_to(context, {"$deltatoken": found.delta_token})}


def _same_series(entries: list[DeltaEntry], index: int) -> bool:
    """Whether an entry belongs to the same series as the one before.

    A series is not split over pages (fact M4), whose first entry is the series itself (M3).
    """
    return index > 0 and entries[index].series_key == entries[index - 1].series_key


def _render_entry(state: State, entry: DeltaEntry, preferences: Preferences) -> Json:
    if entry.removed is not None:
        key, day, calendar, moves = entry.removed
        made = ids.item_id(key, calendar=calendar, moves=moves, day=day, immutable=preferences.immutable)
        state.event_ids.setdefault(made, (key, day))
        return {"@odata.type": "#microsoft.graph.event", "id": made, "@removed": {"reason": "deleted"}}
    if entry.listed_event is None:
        raise KeyError(entry.series_key)
    if entry.listed_event.kind == "occurrence":
        return event_resource.render_occurrence(state, entry.listed_event, preferences)
    return {"@odata.type": "#microsoft.graph.event"} | event_resource.render_event(
        state, entry.listed_event, preferences
    )


def _link_to(context: Context, query: dict[str, str]) -> str:
    return f"{context.base}{context.path}?{urlencode(query)}"


def _delta_token(context: Context, calendar: Calendar, window: Window, change: int, before: int) -> str:
    calendar.rounds += 1
    content = [
        calendar.id,
        context.caller.account,
        format_timestamp(window.start),
        format_timestamp(window.end),
        change,
        before,
        calendar.epoch,
        calendar.rounds,
        context.state.now().timestamp(),
    ]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _read_token(context: Context, calendar: Calendar) -> tuple[Window, int, int]:
    settings = context.state.settings
    try:
        content = json.loads(base64.urlsafe_b64decode(context.query["$deltatoken"].encode()))
        owner, account, start, end, change, before, epoch, number, issued = content
    except (ValueError, TypeError) as error:
        raise invalid(settings.unreadable_token_code, "Badly formed token.") from error
    age = context.state.now().timestamp() - issued
    old = settings.delta_token_life is not None and timedelta(seconds=age) > settings.delta_token_life
    many = settings.delta_generations is not None and calendar.rounds - number >= settings.delta_generations
    if (owner, account, epoch) != (calendar.id, context.caller.account, calendar.epoch) or old or many:
        raise sync_state_lost(context)
    return Window(parse_parameter(start), parse_parameter(end)), int(change), int(before)


def sync_state_lost(context: Context) -> GraphError:
    """The error for an expired sync state, with the status, code and form that the settings choose.

    Facts M14 to M16: it comes at a delta link, and at the next links of a round too.
    """
    settings = context.state.settings
    code, inner = settings.sync_reset_code, ""
    message = "The sync state generation is not found; a full synchronization is required."
    headers = {}
    if settings.sync_reset_location:
        headers["Location"] = f"{context.base}{context.path}?{urlencode({'$deltatoken': ''})}"
    if settings.sync_reset_nested:
        code, inner = "ErrorInvalidRequest" if settings.sync_reset_status < 410 else "Gone", code
    return GraphError(settings.sync_reset_status, code, message, inner=inner, headers=headers)
