"""The JSON of an event for one viewer: role, privacy, the `self` flags, time zone, etag, cancelled events."""

from dataclasses import dataclass
from datetime import datetime

from local.google.errors import Json
from local.google.events.recurrence import Instance
from local.google.model import Calendar, StoredEvent, copy_json
from local.google.state import State
from local.google.times import format_event_time, is_all_day, zone

PRIVATE_VISIBILITIES = frozenset({"private", "confidential"})
# Who sees free and busy only, or reads a private event, gets these fields (G92).
FREE_BUSY_FIELDS = ("id", "status", "start", "end", "recurrence", "recurringEventId", "originalStartTime")
TOMBSTONE_FIELDS = ("id", "status", "recurringEventId", "originalStartTime")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads an event: account, role on the calendar, the time zone and attendee limit asked for."""

    account: str
    role: str
    time_zone: str = ""
    max_attendees: int = 0


def render_event(state: State, calendar: Calendar, event: StoredEvent, viewer: Viewer) -> Json:
    """The JSON of a stored event for one viewer."""
    body: Json = copy_json(event.body)
    shown: Json = {"kind": "calendar#event", "etag": state.etag(calendar, event, viewer.account)}
    if event.raw:
        return shown | body
    body.setdefault("status", "confirmed")
    if _is_bare_tombstone(state, calendar, event, viewer):
        return shown | {name: body[name] for name in TOMBSTONE_FIELDS if name in body}
    if viewer.role == "freeBusyReader" or _is_hidden(body, viewer):
        shown |= {name: body[name] for name in FREE_BUSY_FIELDS if name in body}
        shown |= {"visibility": "private", "eventType": body.get("eventType", "default")}
        if "iCalUID" in body:
            shown |= {"iCalUID": body["iCalUID"], "updated": body["updated"]}
        if body.get("transparency") == "transparent":
            shown["transparency"] = "transparent"
    else:
        shown |= _full_body(body, calendar, event, viewer)
    return _in_zone(shown, viewer.time_zone)


def render_instance(
    state: State, calendar: Calendar, master: StoredEvent, instance: Instance, viewer: Viewer
) -> Json:
    """The JSON of an instance of a series that has no exception."""
    shell = StoredEvent(
        instance_body(master, instance), master.change, stamp=master.stamp, reminders=master.reminders
    )
    return render_event(state, calendar, shell, viewer)


def instance_body(master: StoredEvent, instance: Instance) -> Json:
    """The fields that an instance inherits from its series; nested values are shared, not copied."""
    body = {name: value for name, value in master.body.items() if name != "recurrence"}
    times = {"id": instance.id, "start": instance.start, "end": instance.end}
    return body | times | {"recurringEventId": master.id, "originalStartTime": instance.original}


def render_cancelled_instance(
    state: State, calendar: Calendar, master: StoredEvent, instance: Instance, viewer: Viewer
) -> Json:
    """The JSON of an instance whose whole series was deleted."""
    body = {
        "id": instance.id,
        "status": "cancelled",
        "recurringEventId": master.id,
        "originalStartTime": instance.original,
    }
    return render_event(state, calendar, StoredEvent(body, master.change, stamp=master.stamp), viewer)


def _is_bare_tombstone(state: State, calendar: Calendar, event: StoredEvent, viewer: Viewer) -> bool:
    # Instances (G11) and series (G9) show no more than their ids; so do the events of other organizers:
    # https://developers.google.com/workspace/calendar/api/v3/reference/events#status
    if not event.cancelled:
        return False
    if event.is_master:
        return True
    organizer = event.body.get("organizer", {}).get("email", calendar.id)
    foreign = organizer != calendar.id or viewer.role not in {"owner", "writer"}
    return bool(event.id_only or event.series or foreign or state.settings.id_only_tombstones)


def _is_hidden(body: Json, viewer: Viewer) -> bool:
    return body.get("visibility") in PRIVATE_VISIBILITIES and viewer.role in {
        "reader",
        "writerWithoutPrivateAccess",
    }


def _full_body(body: Json, calendar: Calendar, event: StoredEvent, viewer: Viewer) -> Json:
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
    # Reminders are the viewer's own (G50).
    body["reminders"] = copy_json(event.reminders.get(viewer.account, {"useDefault": True}))
    body["htmlLink"] = f"https://www.google.com/calendar/event?eid={body['id']}"
    return body


def _in_zone(shown: Json, time_zone: str) -> Json:
    for name in ("start", "end", "originalStartTime"):
        value = shown.get(name)
        if value and time_zone and not is_all_day(value):
            moment = datetime.fromisoformat(value["dateTime"])
            shown[name] = value | {"dateTime": format_event_time(moment, zone(time_zone))}
    return shown
