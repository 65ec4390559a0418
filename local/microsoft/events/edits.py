"""Changes stored events, series and single occurrences, for API calls and for edits by hand alike."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from local.microsoft.errors import Json, invalid
from local.microsoft.events import attendees, online_meetings, validation
from local.microsoft.events.expansion import (
    ListedEvent,
    exceptions,
    listed_event,
    occurrence,
    occurrence_times,
    zone_of,
)
from local.microsoft.model import Item
from local.microsoft.state import State
from local.microsoft.times import date_time_time_zone, to_moment, to_wall_time, zone


def series_of(state: State, found: ListedEvent) -> Item:
    """Return the series that an occurrence belongs to."""
    key = found.item.series or found.item.key
    return state.calendars[found.item.calendar].items[key]


def change_occurrence(
    state: State, found: ListedEvent, changes: Json, properties: Mapping[str, str]
) -> ListedEvent:
    """Make an occurrence an exception, or change the exception that it is.

    400 if it would pass a neighbour (fact M76).
    """
    if changes.get("recurrence"):
        raise invalid("ErrorInvalidRequest", "An occurrence cannot recur.")
    master = series_of(state, found)
    changes = {name: value for name, value in changes.items() if name != "recurrence"}
    for name, moment in (("start", found.start), ("end", found.end)):
        if {"start", "end"} & set(changes) and name not in changes:
            changes[name] = date_time_time_zone(moment, found.body[name].get("timeZone") or "UTC")
    body = validation.aligned_times(validation.patched_body(found.body | {"recurrence": None}, changes))
    if "start" in changes:
        _check_boundary(state, master, found, body)
    old = found.item.body if found.item.series else {}
    overrides = old | {name: body[name] for name in body if name in changes}
    if "location" in changes:
        overrides["locations"] = body.get("locations", [])
    item = Item(
        key=f"{master.key}:{found.day}",
        calendar=master.calendar,
        body=overrides,
        organizer=master.organizer,
        is_organizer=master.is_organizer,
        created=master.created,
        series=master.key,
        original=found.day,
        properties=properties,
        extensions=found.item.extensions,
        moves=master.moves,
        uid=master.uid,
    )
    stored = state.store(item)
    made = occurrence(state.calendars[master.calendar].items, master, found.day)
    if made is None:
        raise KeyError(found.day)
    attendees.log_updates(state, found.body, stored, made.body, changes)
    return made


def _check_boundary(state: State, master: Item, found: ListedEvent, body: Json) -> None:
    # https://learn.microsoft.com/graph/api/event-update: not to or across the day of a neighbour
    items = state.calendars[master.calendar].items
    around: list[str] = []
    for day, _, _ in occurrence_times(master):
        if day not in master.deleted_days:
            around.append(day)
        if day > found.day:
            break
    previous = next((left for left, right in pairwise(around) if right == found.day), None)
    following = next((right for left, right in pairwise(around) if left == found.day), None)
    name = zone_of(master)
    new_day = to_wall_time(to_moment(body["start"]), name).date()
    for neighbour, sign in ((previous, 1), (following, -1)):
        other = occurrence(items, master, neighbour) if neighbour else None
        if other is None:
            continue
        other_day = to_wall_time(other.start, name).date()
        if (new_day - other_day).days * sign <= 0:
            message = "Modified occurrence is crossing or overlapping adjacent occurrence."
            raise invalid("ErrorOccurrenceCrossingBoundary", message)


def delete_occurrence(state: State, found: ListedEvent) -> None:
    """Delete one occurrence.

    Whether delta reports that is a setting (fact M9), but subscriptions see the series updated (M10).
    """
    master = series_of(state, found)
    items = state.calendars[master.calendar].items
    exception = items.get(f"{master.key}:{found.day}")
    if exception is not None:
        state.remove(exception, notify=False, tombstone=False)
    state.store(
        replace(
            master,
            deleted_days=master.deleted_days | {found.day},
            deletion_changes={**master.deletion_changes, found.day: state.change + 1},
        ),
        silent=True,
    )


def change_event(state: State, found: ListedEvent, given: Json) -> ListedEvent:
    """Change an event, a series or an occurrence by a PATCH body; attendees get mails."""
    if "transactionId" in given and given["transactionId"] != found.item.transaction:
        # Fact M43.
        raise invalid("ErrorInvalidPropertySet", "The transactionId cannot be changed.")
    changes = validation.checked_properties(given, longest_subject=state.settings.longest_subject)
    properties = {**found.item.properties, **validation.extended_properties(given)}
    if found.day:
        return change_occurrence(state, found, changes, properties)
    item = found.item
    body = validation.aligned_times(validation.patched_body(item.body, _move_recurrence(item.body, changes)))
    body = online_meetings.without_lost_meeting(item.body, body)
    if "isOnlineMeeting" in changes:
        personal = state.accounts[state.calendars[item.calendar].owner].personal
        body = online_meetings.with_meeting(body, item.key, personal=personal)
    deleted_days, deletion_changes = item.deleted_days, item.deletion_changes
    if item.is_series and any(body[name] != item.body[name] for name in ("start", "end", "recurrence")):
        # A series that is moved loses its exceptions in Outlook; Graph's pages do not say it.
        for each in exceptions(state.calendars[item.calendar].items).get(item.key, ()):
            state.remove(each, notify=False, tombstone=False)
        deleted_days, deletion_changes = frozenset(), {}
    changed = replace(
        item, body=body, properties=properties, deleted_days=deleted_days, deletion_changes=deletion_changes
    )
    stored = state.store(changed)
    attendees.log_updates(state, item.body, stored, body, changes)
    return listed_event(stored)


def require_series_zone(found: ListedEvent, given: Json) -> None:
    """Answer 400 to a PATCH of a series' times in another zone that leaves its recurrence out (fact M75)."""
    item = found.item
    if found.day or not item.is_series or "recurrence" in given:
        return
    own = {zone(zone_of(item)), zone(item.body["start"].get("timeZone") or "UTC")}
    for name in ("start", "end"):
        if given.get(name) and zone(given[name].get("timeZone") or "") not in own:
            message = f"At least one property failed validation. Property: {name}."
            raise invalid(validation.VALIDATION_FAILURE, message)


def _move_recurrence(old: Json, changes: Json) -> Json:
    """Changes of a series, with the first day of its recurrence moved along with its start."""
    if "start" not in changes or changes.get("recurrence") or not old.get("recurrence"):
        return changes
    if "recurrence" in changes:
        return changes
    recurrence = old["recurrence"]
    span = recurrence["range"] | {"startDate": changes["start"]["dateTime"][:10]}
    return changes | {"recurrence": {"pattern": recurrence["pattern"], "range": span}}


def delete_event(state: State, found: ListedEvent, *, notify_attendees: bool = True) -> None:
    """Delete an event, a series with its exceptions, or one occurrence."""
    if notify_attendees:
        attendees.log_cancellations(state, found.item, found.body)
    if found.day:
        delete_occurrence(state, found)
        return
    for each in exceptions(state.calendars[found.item.calendar].items).get(found.item.key, ()):
        state.remove(each, notify=False)
    state.remove(found.item)
