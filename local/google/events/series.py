"""Finds the event behind an id: a stored event, or an instance that exists only by its series' rule."""

from dataclasses import dataclass

from local.google.errors import not_found
from local.google.events.event_resource import instance_body
from local.google.events.recurrence import Instance, base_id, find_instance
from local.google.model import Calendar, StoredEvent, copy_json
from local.google.times import to_moment


@dataclass(frozen=True, slots=True)
class Located:
    """What an id stands for: a stored event, or a series and one instance that is not stored by itself."""

    event: StoredEvent | None
    master: StoredEvent | None = None
    instance: Instance | None = None


def locate(calendar: Calendar, event_id: str) -> Located:
    """Return what an event id stands for in a calendar; 404 if nothing."""
    event = calendar.events.get(event_id)
    if event is not None:
        return Located(event, calendar.events.get(event.series))
    for master in _parts(calendar, event_id.rpartition("_")[0]):
        instance = find_instance(master.body, event_id, calendar.time_zone)
        if instance is not None:
            return Located(None, master, instance)
    raise not_found()


def _parts(calendar: Calendar, series_id: str) -> list[StoredEvent]:
    """The series with this id, and those that were split off from it (G62)."""
    first = calendar.events.get(series_id)
    if first is None:
        return []
    later = (each for name, each in calendar.events.items() if name.startswith(f"{series_id}_R"))
    return [each for each in (first, *later) if each.is_master and not each.cancelled]


def find_event(calendar: Calendar, event_id: str) -> StoredEvent:
    """Return the event with this id; an instance that is not stored is computed, and stays unstored."""
    found = locate(calendar, event_id)
    if found.event is not None:
        return found.event
    if found.master is None or found.instance is None:
        raise not_found()
    body = copy_json(instance_body(found.master, found.instance))
    return StoredEvent(
        body, found.master.change, stamp=found.master.stamp, reminders=copy_json(found.master.reminders)
    )


def store_event(calendar: Calendar, event: StoredEvent) -> StoredEvent:
    """Store an event under its id."""
    calendar.events[event.id] = event
    return event


def exceptions(calendar: Calendar, master_id: str) -> list[StoredEvent]:
    """The stored exceptions of a series."""
    return [event for event in calendar.events.values() if event.series == master_id]


def drop_instances_beyond(calendar: Calendar, master: StoredEvent) -> None:
    """Forget instances that a cut had left behind as bare ids, where the series has them now."""
    begins = base_id(master.id) + "_"
    for event in [each for name, each in calendar.events.items() if name.startswith(begins)]:
        left_behind = event.id_only and event.cancelled and not event.series
        if left_behind and find_instance(master.body, event.id, calendar.time_zone):
            del calendar.events[event.id]


def still_in_series(calendar: Calendar, master: StoredEvent, exception: StoredEvent) -> bool:
    """Whether the series still has the instance that an exception replaces."""
    original = exception.body["originalStartTime"]
    instance = find_instance(master.body, exception.id, calendar.time_zone)
    if instance is None or set(instance.original) & {"date"} != set(original) & {"date"}:
        return False
    return to_moment(instance.original, calendar.time_zone) == to_moment(original, calendar.time_zone)
