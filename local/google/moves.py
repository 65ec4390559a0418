"""Answers events.get and events.move: reading one event, and handing an event to another calendar."""

from copy import deepcopy

from local.google import access, guests
from local.google.context import Context
from local.google.errors import ApiError, Json, forbidden, required
from local.google.model import Calendar, Stored
from local.google.series import exceptions, keep, peek
from local.google.world import World


def get(context: Context) -> Json:
    """One event, also a cancelled one."""
    calendar, role = context.calendar()
    return context.show(calendar, peek(calendar, context.path["eventId"]), role)


def move(context: Context) -> Json:
    """Change an event's organizer to another calendar of the caller."""
    source, _ = context.writable()
    target_id = context.argument("destination")
    if not target_id:
        raise required("Missing destination.", "destination")
    target, role = access.open_calendar(context.world, context.method, context.caller, target_id)
    access.need_writer(role)
    event = peek(source, context.path["eventId"])
    context.need_match(source, event)
    if not guests.is_organizer(source, event.body) or event.cancelled or event.series:
        raise forbidden()
    moved = move_event(context.world, source, target, event)
    return context.show(target, moved, role)


def move_event(world: World, source: Calendar, target: Calendar, event: Stored) -> Stored:
    """Put an event and its exceptions on another calendar; an id-only tombstone stays behind."""
    if event.body.get("eventType", "default") != "default":
        raise ApiError(400, "eventTypeRestriction", "Only default events can be moved.", domain="calendar")
    if source.id == target.id:
        return event
    moved = [event, *exceptions(source, event.id)]
    for each in moved:
        before = deepcopy(each.body)
        copy = Stored(deepcopy(each.body), 0, reminders=deepcopy(each.reminders))
        copy.body["organizer"] = {"email": target.id}
        each.body["status"] = "cancelled"
        each.id_only = True
        world.touch(source, each)
        world.touch(target, keep(target, copy))
        guests.publish(world, target, copy, before)
    return target.events[event.id]
