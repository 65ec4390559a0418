"""Changes single days of a series: exceptions, deleted occurrences, and where a day may be moved to."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from local.microsoft import bodies, meetings
from local.microsoft.errors import Json, invalid
from local.microsoft.expansion import Row, occurrence, slots, zone_of
from local.microsoft.model import Item
from local.microsoft.world import World
from local.microsoft.zones import instant, local, shown


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
    body = bodies.aligned(bodies.patched(found.body | {"recurrence": None}, changes))
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
    meetings.updated(world, found.body, stored, made.body, changes)
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
