"""Answers calendarView/delta: rounds over a frozen window, with pages, removals, replays and lost states."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from local.microsoft import ids
from local.microsoft.api.context import Context, Prefs
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.events import event_resource
from local.microsoft.events.expansion import Row, Window, exceptions, occurrences, row
from local.microsoft.events.listing import asked_window
from local.microsoft.model import Calendar, Item, Seen, Tombstone
from local.microsoft.state import Visible, World
from local.microsoft.times import parameter, stamp

FORBIDDEN = frozenset({"$select", "$expand", "$filter", "$orderby", "$search", "$top", "$skip", "$count"})
KEPT_ROUNDS = 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a round: an event, or that it is gone."""

    family: str
    row: Row | None = None
    gone: tuple[str, str, str, int] | None = None


@dataclass(slots=True)
class Round:
    """What one round has to tell, cut into pages as they are asked for."""

    resource: str
    entries: list[Entry]
    delta_token: str


@dataclass(slots=True)
class Rounds:
    """The rounds that are under way."""

    kept: dict[str, Round] = field(default_factory=dict)

    def forget(self) -> None:
        """Let every nextLink be invalid."""
        self.kept.clear()


def delta(context: Context, rounds: Rounds) -> Json:
    """One page of a round."""
    for name in context.query:
        if name in FORBIDDEN:
            message = (
                "The following parameters are not supported with change tracking over the 'CalendarView' "
                "resource: '$orderby, $filter, $select, $expand, $search, $top'."
            )
            raise bad_request(message, "ErrorInvalidUrlQuery")
    seen = context.calendar()
    resource = f"{context.caller.account}/{seen.calendar.id}"
    if "$skiptoken" in context.query:
        name, _, offset = context.query["$skiptoken"].partition(".")
        found = rounds.kept.get(name)
        if found is None or found.resource != resource or not offset.isdigit():
            raise lost(context)
        return _page(context, name, found, int(offset))
    if "$deltatoken" in context.query:
        found = _changes(context, seen, resource)
    else:
        found = _initial(context, seen, resource)
    name = f"r{context.world.serial()}"
    rounds.kept[name] = found
    while len(rounds.kept) > KEPT_ROUNDS:
        rounds.kept.pop(next(iter(rounds.kept)))
    return _page(context, name, found, 0)


def _initial(context: Context, seen: Seen, resource: str) -> Round:
    window = asked_window(context)
    state = context.world.visible(seen.calendar)
    entries = list(_present(state, window, -1))
    if context.world.settings.initial_removed:
        entries = [entry for tomb in state.removed for entry in _gone(context.world, tomb, window)] + entries
    return Round(resource, entries, _token(context, seen.calendar, window, state.change, 0))


def _changes(context: Context, seen: Seen, resource: str) -> Round:
    calendar = seen.calendar
    window, since, before = _redeem(context, calendar)
    if calendar.replay:
        since, calendar.replay = before, False
    state = context.world.visible(calendar)
    live = {(item.series or item.key, item.original) for item in state.items.values()}
    entries = [
        entry
        for tomb in state.removed
        if tomb.change > since and (tomb.key, tomb.day) not in live
        for entry in _gone(context.world, tomb, window)
    ]
    entries += list(_dropped_days(context.world, state, since))
    entries += list(_present(state, window, since, mode=context.world.settings.deleted_occurrences))
    return Round(resource, entries, _token(context, calendar, window, state.change, since))


def _present(state: Visible, window: Window, since: int, *, mode: str = "nothing") -> Iterator[Entry]:
    changed = exceptions(state.items)
    for item in state.items.values():
        if item.series:
            continue
        family = changed.get(item.key, [])
        told = max([item.told, *(each.told for each in family)])
        if mode in {"series", "removed"}:
            told = max([told, *item.dropped_at.values()])
        if told <= since:
            continue
        found = _rows(state.items, item, window, family)
        if found:
            yield from (Entry(item.key, each) for each in found)
        elif since >= 0:
            yield Entry(item.key, gone=(item.key, "", item.calendar, item.moves))


def _rows(items: dict[str, Item], item: Item, window: Window, family: list[Item]) -> list[Row]:
    if not item.is_series:
        single = row(item)
        return [single] if window.meets(single.start, single.end) else []
    found = list(occurrences(items, item, window, family))
    return [row(item), *found] if found else []


def _dropped_days(world: World, state: Visible, since: int) -> Iterator[Entry]:
    if world.settings.deleted_occurrences != "removed":
        return
    for item in state.items.values():
        for day, change in item.dropped_at.items():
            if change > since:
                yield Entry(item.key, gone=(item.key, day, item.calendar, item.moves))


def _gone(world: World, tomb: Tombstone, window: Window) -> Iterator[Entry]:
    calendar = tomb.item.calendar if tomb.item else ""
    yield Entry(tomb.key, gone=(tomb.key, tomb.day, calendar, tomb.moves))
    item = tomb.item
    if item is not None and item.is_series and world.settings.removed_series == "all":
        for each in occurrences({}, item, window, []):
            yield Entry(tomb.key, gone=(tomb.key, each.day, calendar, tomb.moves))


def _page(context: Context, name: str, found: Round, offset: int) -> Json:
    size = context.prefs.page_size or context.world.settings.default_page
    made: Json = {"@odata.context": f"{context.base}/$metadata#Collection(event)", "value": []}
    if context.paging == "empty":
        return made | {"@odata.nextLink": _link(context, {"$skiptoken": f"{name}.{offset}"})}
    if context.paging == "short":
        size = 1
    entries, end = found.entries, offset
    while end < len(entries) and (end - offset < size or _same_family(entries, end)):
        end += 1
    made["value"] = [_shown(context.world, each, context.prefs) for each in entries[offset:end]]
    if context.paging == "loop":
        return made | {"@odata.nextLink": _link(context, {"$skiptoken": f"{name}.{offset}"})}
    if end < len(entries):
        return made | {"@odata.nextLink": _link(context, {"$skiptoken": f"{name}.{end}"})}
    if context.world.settings.duplicate_rows and entries:
        made["value"].append(_shown(context.world, entries[0], context.prefs))
    return made | {"@odata.deltaLink": _link(context, {"$deltatoken": found.delta_token})}


def _same_family(entries: list[Entry], index: int) -> bool:
    """A series is not split over pages."""
    return index > 0 and entries[index].family == entries[index - 1].family


def _shown(world: World, entry: Entry, prefs: Prefs) -> Json:
    if entry.gone is not None:
        key, day, calendar, moves = entry.gone
        made = ids.item_id(key, calendar=calendar, moves=moves, day=day, immutable=prefs.immutable)
        world.references.setdefault(made, (key, day))
        return {"@odata.type": "#microsoft.graph.event", "id": made, "@removed": {"reason": "deleted"}}
    if entry.row is None:
        raise KeyError(entry.family)
    if entry.row.kind == "occurrence":
        return event_resource.slim(world, entry.row, prefs)
    return {"@odata.type": "#microsoft.graph.event"} | event_resource.event(world, entry.row, prefs)


def _link(context: Context, query: dict[str, str]) -> str:
    return f"{context.base}{context.path}?{urlencode(query)}"


def _token(context: Context, calendar: Calendar, window: Window, change: int, before: int) -> str:
    calendar.rounds += 1
    content = [
        calendar.id,
        context.caller.account,
        stamp(window.start),
        stamp(window.end),
        change,
        before,
        calendar.epoch,
        calendar.rounds,
        context.world.now().timestamp(),
    ]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _redeem(context: Context, calendar: Calendar) -> tuple[Window, int, int]:
    settings = context.world.settings
    try:
        content = json.loads(base64.urlsafe_b64decode(context.query["$deltatoken"].encode()))
        owner, account, start, end, change, before, epoch, number, issued = content
    except (ValueError, TypeError) as error:
        raise invalid("ErrorInvalidUrlQuery", "Badly formed token.") from error
    age = context.world.now().timestamp() - issued
    old = settings.delta_token_life is not None and timedelta(seconds=age) > settings.delta_token_life
    many = settings.delta_generations is not None and calendar.rounds - number >= settings.delta_generations
    if (owner, account, epoch) != (calendar.id, context.caller.account, calendar.epoch) or old or many:
        raise lost(context)
    return Window(parameter(start), parameter(end)), int(change), int(before)


def lost(context: Context) -> GraphError:
    """The answer for a state that Exchange has forgotten, in the spelling the settings ask for."""
    settings = context.world.settings
    message = "The sync state generation is not found; a full synchronization is required."
    headers = {}
    if settings.sync_reset_location:
        headers["Location"] = f"{context.base}{context.path}?{urlencode({'$deltatoken': ''})}"
    if settings.sync_reset_nested:
        code = "ErrorInvalidRequest" if settings.sync_reset_status < 410 else "Gone"
        return GraphError(
            settings.sync_reset_status, code, message, inner=settings.sync_reset_code, headers=headers
        )
    return GraphError(settings.sync_reset_status, settings.sync_reset_code, message, headers=headers)
