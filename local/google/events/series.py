"""Finds the event behind an id, be it an instance without a row, and tells which exceptions still fit."""

from dataclasses import dataclass

from local.google.errors import not_found
from local.google.events.event_resource import instance_body
from local.google.events.recurrence import Slot, slot_of
from local.google.model import Calendar, Stored, copied
from local.google.times import instant


@dataclass(frozen=True, slots=True)
class Located:
    """A stored event, or the master and slot of an instance without a row."""

    event: Stored | None
    master: Stored | None = None
    slot: Slot | None = None


def locate(calendar: Calendar, event_id: str) -> Located:
    """What an event id names on a calendar, else 404."""
    event = calendar.events.get(event_id)
    if event is not None:
        return Located(event, calendar.events.get(event.series))
    master = calendar.events.get(event_id.rpartition("_")[0])
    if master is None or not master.is_master or master.cancelled:
        raise not_found()
    slot = slot_of(master.body, event_id, calendar.time_zone)
    if slot is None:
        raise not_found()
    return Located(None, master, slot)


def peek(calendar: Calendar, event_id: str) -> Stored:
    """The event of an id for reading; an instance without a row is made up and not kept."""
    found = locate(calendar, event_id)
    if found.event is not None:
        return found.event
    if found.master is None or found.slot is None:
        raise not_found()
    body = copied(instance_body(found.master, found.slot))
    return Stored(body, found.master.change, reminders=copied(found.master.reminders))


def keep(calendar: Calendar, event: Stored) -> Stored:
    """Give an event its row."""
    calendar.events[event.id] = event
    return event


def exceptions(calendar: Calendar, master_id: str) -> list[Stored]:
    """The stored exceptions of a series."""
    return [event for event in calendar.events.values() if event.series == master_id]


def still_fits(calendar: Calendar, master: Stored, exception: Stored) -> bool:
    """Whether the series still has the instance that an exception replaces."""
    original = exception.body["originalStartTime"]
    slot = slot_of(master.body, exception.id, calendar.time_zone)
    if slot is None or set(slot.original) & {"date"} != set(original) & {"date"}:
        return False
    return instant(slot.original, calendar.time_zone) == instant(original, calendar.time_zone)
