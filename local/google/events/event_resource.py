"""Decides how an event looks to one viewer: roles, privacy, self flags, zones, etags and tombstones."""

from dataclasses import dataclass
from datetime import datetime

from local.google.errors import Json
from local.google.events.recurrence import Slot
from local.google.model import Calendar, Stored, copied
from local.google.state import World
from local.google.times import is_all_day, wire, zone

PRIVATE = frozenset({"private", "confidential"})
MASKED = ("id", "status", "start", "end", "recurrence", "recurringEventId", "originalStartTime")
STUB = ("id", "status", "recurringEventId", "originalStartTime")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a calendar, with which role and which wishes."""

    account: str
    role: str
    time_zone: str = ""
    max_attendees: int = 0


def render(world: World, calendar: Calendar, event: Stored, viewer: Viewer) -> Json:
    """An event resource for one viewer."""
    body: Json = copied(event.body)
    shown: Json = {"kind": "calendar#event", "etag": world.etag(calendar, event, viewer.account)}
    if event.poison:
        return shown | body
    body.setdefault("status", "confirmed")
    if _is_stub(world, calendar, event, viewer):
        return shown | {name: body[name] for name in STUB if name in body}
    if viewer.role == "freeBusyReader" or _is_hidden(body, viewer):
        shown |= {name: body[name] for name in MASKED if name in body}
        shown |= {"visibility": "private", "eventType": body.get("eventType", "default")}
        if "iCalUID" in body:
            shown |= {"iCalUID": body["iCalUID"], "updated": body["updated"]}
        if body.get("transparency") == "transparent":
            shown["transparency"] = "transparent"
    else:
        shown |= _full(body, calendar, event, viewer)
    return _in_zone(shown, viewer.time_zone)


def instance(world: World, calendar: Calendar, master: Stored, slot: Slot, viewer: Viewer) -> Json:
    """An instance that has no exception, as one viewer sees it."""
    shell = Stored(instance_body(master, slot), master.change, reminders=master.reminders)
    return render(world, calendar, shell, viewer)


def instance_body(master: Stored, slot: Slot) -> Json:
    """What an instance inherits from its series, not yet copied."""
    body = {name: value for name, value in master.body.items() if name != "recurrence"}
    times = {"id": slot.id, "start": slot.start, "end": slot.end}
    return body | times | {"recurringEventId": master.id, "originalStartTime": slot.original}


def cancelled_instance(world: World, calendar: Calendar, master: Stored, slot: Slot, viewer: Viewer) -> Json:
    """The tombstone of an instance whose whole series was deleted."""
    body = {
        "id": slot.id,
        "status": "cancelled",
        "recurringEventId": master.id,
        "originalStartTime": slot.original,
    }
    return render(world, calendar, Stored(body, master.change), viewer)


def _is_stub(world: World, calendar: Calendar, event: Stored, viewer: Viewer) -> bool:
    if not event.cancelled:
        return False
    organizer = event.body.get("organizer", {}).get("email", calendar.id)
    foreign = organizer != calendar.id or viewer.role not in {"owner", "writer"}
    return bool(event.id_only or event.series or foreign or world.settings.id_only_tombstones)


def _is_hidden(body: Json, viewer: Viewer) -> bool:
    return body.get("visibility") in PRIVATE and viewer.role in {"reader", "writerWithoutPrivateAccess"}


def _full(body: Json, calendar: Calendar, event: Stored, viewer: Viewer) -> Json:
    for person in ("organizer", "creator"):
        if body.get(person, {}).get("email") == calendar.id:
            body[person]["self"] = True
    organizer = body.get("organizer", {}).get("email")
    for guest in body.get("attendees", ()):
        if guest["email"] == calendar.id:
            guest["self"] = True
        if guest["email"] == organizer:
            guest["organizer"] = True
    guests = body.get("attendees", [])
    if viewer.max_attendees and len(guests) > viewer.max_attendees:
        body["attendees"] = [guest for guest in guests if guest.get("self")]
        body["attendeesOmitted"] = True
    if viewer.account != body.get("creator", {}).get("email"):
        body.pop("source", None)
    body["reminders"] = copied(event.reminders.get(viewer.account, {"useDefault": True}))
    body["htmlLink"] = f"https://www.google.com/calendar/event?eid={body['id']}"
    return body


def _in_zone(shown: Json, time_zone: str) -> Json:
    for name in ("start", "end", "originalStartTime"):
        value = shown.get(name)
        if value and time_zone and not is_all_day(value):
            moment = datetime.fromisoformat(value["dateTime"])
            shown[name] = value | {"dateTime": wire(moment, zone(time_zone))}
    return shown
