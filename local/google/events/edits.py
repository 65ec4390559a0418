"""Makes the changes themselves, whoever asks: create, rewrite, remove, and what exceptions inherit."""

from copy import deepcopy

from local.google.errors import (
    ApiError,
    Json,
    duplicate,
    invalid,
    usage_limit,
)
from local.google.events import attendees, validation
from local.google.events.event_resource import PRIVATE
from local.google.events.series import exceptions, keep, still_fits
from local.google.model import Calendar, Stored
from local.google.state import World

TIMES = ("start", "end", "recurrence")


def create(
    world: World, calendar: Calendar, body: Json, *, by: str, attachments: bool = False, event_id: str = ""
) -> Stored:
    """Store a new event; 409 for an id or iCalUID that was ever used here."""
    chosen = validation.client_id(body["id"]) if body.get("id") else f"evt{world.serial():023d}"
    event_id = event_id or chosen
    uid = body.get("iCalUID") or f"{event_id}@google.com"
    taken = body.get("iCalUID") and any(
        event.body.get("iCalUID") == uid and not event.series for event in calendar.events.values()
    )
    if event_id in calendar.events or taken:
        raise duplicate()
    fields = validation.event(body, calendar, attachments=attachments)
    organizer: Json = {"email": calendar.id}
    if not calendar.primary:
        organizer["displayName"] = calendar.summary
    base: Json = {
        "id": event_id,
        "status": "confirmed",
        "iCalUID": uid,
        "created": world.tick(),
        "sequence": 0,
    }
    people = {"organizer": organizer, "creator": {"email": by}}
    _count_guests(world, calendar, {}, fields)
    event = Stored(base | people | fields, 0, reminders={by: validation.reminders(body.get("reminders"))})
    keep(calendar, event)
    world.touch(calendar, event)
    return event


def merge(value: Json, change: Json) -> Json:
    """JSON merge patch."""
    merged = deepcopy(value)
    for name, item in change.items():
        if item is None:
            merged.pop(name, None)
        elif isinstance(item, dict):
            held = merged.get(name)
            merged[name] = merge(held if isinstance(held, dict) else {}, item)
        else:
            merged[name] = deepcopy(item)
    return merged


def remove(world: World, calendar: Calendar, event: Stored) -> None:
    """Turn an event, and the exceptions of a series, into tombstones."""
    event.body["status"] = "cancelled"
    world.touch(calendar, event)
    if event.is_master:
        for exception in exceptions(calendar, event.id):
            if not exception.cancelled:
                old = deepcopy(exception.body)
                exception.body["status"] = "cancelled"
                world.touch(calendar, exception)
                attendees.publish(world, calendar, exception, old)


def rewrite(world: World, calendar: Calendar, event: Stored, body: Json, *, attachments: bool) -> None:
    """Put a complete body in an event's place; a time change raises the sequence."""
    before = event.body
    fields = validation.event(body, calendar, previous=before, attachments=attachments)
    current = before.get("sequence", 0)
    if fields.get("sequence", current) < current:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of "
            "the resource. Re-fetch the resource and use its sequence number on the following request.",
            "sequence",
        )
    if event.series:
        fields.pop("recurrence", None)
    kept = {name: value for name, value in before.items() if name not in validation.WRITABLE}
    after = kept | {"status": "confirmed", "sequence": current} | fields
    if attendees.is_organizer(calendar, before) and any(
        before.get(name) != after.get(name) for name in TIMES
    ):
        after["sequence"] = max(after["sequence"], current + 1)
    attendees.check_guest_edit(calendar, before, after)
    _count_guests(world, calendar, before, after)
    event.body = after
    event.id_only = False
    event.ui_deleted = event.ui_deleted and event.cancelled


def inherit(world: World, calendar: Calendar, master: Stored, before: Json) -> None:
    """Pass a series' change on to its exceptions, and drop those that no longer have a place."""
    if not master.is_master:
        return
    for exception in exceptions(calendar, master.id):
        old = deepcopy(exception.body)
        if not still_fits(calendar, master, exception):
            exception.body["status"] = "cancelled"
        for name in ("summary", "description", "location", "attendees", "visibility", "transparency"):
            if not exception.cancelled and before.get(name) == exception.body.get(name) != master.body.get(
                name
            ):
                exception.body.pop(name, None)
                exception.body |= {name: deepcopy(master.body[name])} if name in master.body else {}
        if exception.body != old:
            world.touch(calendar, exception)
            attendees.publish(world, calendar, exception, old)


def hide_series(world: World, calendar: Calendar, exception: Stored) -> None:
    """An instance that becomes private makes its whole series private."""
    master = calendar.events.get(exception.series)
    wish = exception.body.get("visibility")
    if master is None or wish not in PRIVATE or master.body.get("visibility") in PRIVATE:
        return
    before = dict(master.body)
    master.body["visibility"] = wish
    world.touch(calendar, master)
    inherit(world, calendar, master, before)


def _count_guests(world: World, calendar: Calendar, before: Json, after: Json) -> None:
    added = len(set(attendees.addresses(after)) - set(attendees.addresses(before)))
    budget = world.settings.guest_budget
    if not added or budget is None:
        return
    spent = world.guests_added.get(calendar.owner, 0) + added
    if spent > budget:
        raise usage_limit(403, "quotaExceeded", "Calendar usage limits exceeded.")
    world.guests_added[calendar.owner] = spent


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
        attendees.publish(world, target, copy, before)
    return target.events[event.id]
