"""Changes single days of a series: exceptions, deleted occurrences, and where a day may be moved to."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from local.microsoft.errors import Json, invalid
from local.microsoft.events import attendees, validation
from local.microsoft.events.expansion import Row, exceptions, occurrence, row, slots, zone_of
from local.microsoft.model import Item
from local.microsoft.state import World
from local.microsoft.times import instant, local, shown


def master_of(world: World, found: Row) -> Item:
    """The series that a day belongs to."""
    key = found.item.series or found.item.key
    return world.calendars[found.item.calendar].items[key]


def change_day(world: World, found: Row, changes: Json, properties: Mapping[str, str]) -> Row:
    """Make a day an exception, or change the exception it is."""
    if changes.get("recurrence"):
        raise invalid("ErrorInvalidRequest", "An occurrence cannot recur.")
    master = master_of(world, found)
    changes = {name: value for name, value in changes.items() if name != "recurrence"}
    for name, moment in (("start", found.start), ("end", found.end)):
        if {"start", "end"} & set(changes) and name not in changes:
            changes[name] = shown(moment, found.body[name].get("timeZone") or "UTC")
    body = validation.aligned(validation.patched(found.body | {"recurrence": None}, changes))
    if "start" in changes:
        _check_boundary(world, master, found, body)
    old = found.item.body if found.item.series else {}
    overrides = old | {name: body[name] for name in body if name in changes}
    if "location" in changes:
        overrides["locations"] = body.get("locations", [])
    item = Item(
        key=f"{master.key}:{found.day}",
        calendar=master.calendar,
        body=overrides,
        organizer=master.organizer,
        mine=master.mine,
        created=master.created,
        series=master.key,
        original=found.day,
        properties=properties,
        extensions=found.item.extensions,
        moves=master.moves,
        uid=master.uid,
    )
    stored = world.put(item)
    made = occurrence(world.calendars[master.calendar].items, master, found.day)
    if made is None:
        raise KeyError(found.day)
    attendees.updated(world, found.body, stored, made.body, changes)
    return made


def _check_boundary(world: World, master: Item, found: Row, body: Json) -> None:
    # https://learn.microsoft.com/graph/api/event-update: not to or across the day of a neighbour
    items = world.calendars[master.calendar].items
    around: list[str] = []
    for day, _, _ in slots(master):
        if day not in master.dropped:
            around.append(day)
        if day > found.day:
            break
    previous = next((left for left, right in pairwise(around) if right == found.day), None)
    following = next((right for left, right in pairwise(around) if left == found.day), None)
    name = zone_of(master)
    new_day = local(instant(body["start"]), name).date()
    for neighbour, sign in ((previous, 1), (following, -1)):
        other = occurrence(items, master, neighbour) if neighbour else None
        if other is None:
            continue
        other_day = local(other.start, name).date()
        if (new_day - other_day).days * sign <= 0:
            message = "Modified occurrence is crossing or overlapping adjacent occurrence."
            raise invalid("ErrorOccurrenceCrossingBoundary", message)


def delete_day(world: World, found: Row) -> None:
    """Delete one day; delta may never tell, but the series counts as updated."""
    master = master_of(world, found)
    items = world.calendars[master.calendar].items
    exception = items.get(f"{master.key}:{found.day}")
    if exception is not None:
        world.drop(exception, tell=False, tombstone=False)
    world.put(
        replace(
            master,
            dropped=master.dropped | {found.day},
            dropped_at={**master.dropped_at, found.day: world.change + 1},
        ),
        silent=True,
    )


def apply(world: World, found: Row, given: Json) -> Row:
    """Change an event, a series or a day by a PATCH body; attendees are told."""
    if "transactionId" in given and given["transactionId"] != found.item.transaction:
        raise invalid("ErrorInvalidPropertySet", "The transactionId cannot be changed.")
    changes = validation.checked(given)
    properties = {**found.item.properties, **validation.extended(given)}
    if found.day:
        return change_day(world, found, changes, properties)
    item = found.item
    body = validation.aligned(validation.patched(item.body, _following(item.body, changes)))
    dropped, dropped_at = item.dropped, item.dropped_at
    if item.is_series and any(body[name] != item.body[name] for name in ("start", "end", "recurrence")):
        # A series that is moved loses its exceptions.
        for each in exceptions(world.calendars[item.calendar].items).get(item.key, ()):
            world.drop(each, tell=False, tombstone=False)
        dropped, dropped_at = frozenset(), {}
    changed = replace(item, body=body, properties=properties, dropped=dropped, dropped_at=dropped_at)
    stored = world.put(changed)
    attendees.updated(world, item.body, stored, body, changes)
    return row(stored)


def _following(old: Json, changes: Json) -> Json:
    """A series whose start moves begins on the new day."""
    if "start" not in changes or changes.get("recurrence") or not old.get("recurrence"):
        return changes
    if "recurrence" in changes:
        return changes
    recurrence = old["recurrence"]
    span = recurrence["range"] | {"startDate": changes["start"]["dateTime"][:10]}
    return changes | {"recurrence": {"pattern": recurrence["pattern"], "range": span}}


def remove(world: World, found: Row, *, tell_attendees: bool = True) -> None:
    """Take an event, a series with its exceptions, or a day out of its calendar."""
    if tell_attendees:
        attendees.cancelled(world, found.item, found.body)
    if found.day:
        delete_day(world, found)
        return
    for each in exceptions(world.calendars[found.item.calendar].items).get(found.item.key, ()):
        world.drop(each, tell=False)
    world.drop(found.item)
