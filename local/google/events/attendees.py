"""Attendees: their copies of an event, what they may change, and the mails that a change sends.

Attendees are those that a write names, without the organizer (G81). Who declines keeps the event (G83).
"""

from collections.abc import Iterable
from copy import deepcopy

from local.google.errors import ApiError, Json, not_organizer
from local.google.events.series import find_event, store_event
from local.google.model import Calendar, StoredEvent
from local.google.state import State

SHARED_FIELDS = [
    "summary",
    "description",
    "location",
    "start",
    "end",
    "recurrence",
    "attendees",
    "status",
    "sequence",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "conferenceData",
    "attachments",
    "recurringEventId",
    "originalStartTime",
    "iCalUID",
    "organizer",
    "creator",
    "created",
    "eventType",
]
ORGANIZER_FIELDS = [
    "summary",
    "description",
    "location",
    "start",
    "end",
    "recurrence",
    "status",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "conferenceData",
    "attachments",
]
MAILED_FIELDS = ("summary", "description", "location", "start", "end", "recurrence", "conferenceData")
RESPONSE_FIELDS = ("responseStatus", "comment", "additionalGuests")


def attendee_addresses(body: Json | None) -> list[str]:
    """The mail addresses of an event's attendees."""
    return [guest["email"] for guest in (body or {}).get("attendees", ())]


def is_organizer(calendar: Calendar, body: Json) -> bool:
    """Whether this calendar holds the organizer's copy of the event."""
    return bool(body.get("organizer", {}).get("email", calendar.id) == calendar.id)


def check_attendee_edit(calendar: Calendar, before: Json, after: Json) -> None:
    """Answer 403 if an attendee's edit changes a field that only the organizer may change (G84)."""
    if is_organizer(calendar, before) or before.get("guestsCanModify"):
        return
    for name in ORGANIZER_FIELDS:
        if before.get(name) != after.get(name):
            raise not_organizer()
    if before.get("extendedProperties", {}).get("shared") != after.get("extendedProperties", {}).get(
        "shared"
    ):
        raise not_organizer()
    old, new = _attendees_by_address(before), _attendees_by_address(after)
    for address, guest in old.items():
        if address != calendar.id and new.get(address) != guest:
            raise not_organizer()
    added = new.keys() - old.keys()
    if added and before.get("guestsCanInviteOthers") is False:
        raise not_organizer()


def _attendees_by_address(body: Json) -> dict[str, Json]:
    return {guest["email"]: guest for guest in body.get("attendees", ())}


def update_copies(state: State, calendar: Calendar, event: StoredEvent, before: Json | None) -> None:
    """After a change of one copy of an event, update the copies in the other people's calendars."""
    body = event.body
    if is_organizer(calendar, body):
        for address in {*attendee_addresses(before), *attendee_addresses(body)}:
            _update_copy(state, calendar, event, address)
        return
    home = _organizer_calendar(state, body)
    if home is None:
        return
    original = _organizer_event(home, event)
    if original is None:
        return
    earlier = deepcopy(original.body)
    if before is not None and before.get("guestsCanModify") and not event.cancelled:
        original.body |= {name: deepcopy(body[name]) for name in SHARED_FIELDS if name in body}
    _copy_response(calendar.id, original.body, body, declined=event.cancelled)
    if original.body != earlier:
        state.record_change(home, store_event(home, original))
        update_copies(state, home, original, earlier)


def _organizer_calendar(state: State, body: Json) -> Calendar | None:
    home = state.calendars.get(body.get("organizer", {}).get("email", ""))
    return None if home is None or home.deleted else home


def _organizer_event(home: Calendar, copy: StoredEvent) -> StoredEvent | None:
    try:
        return find_event(home, copy.id)
    except ApiError:
        return None


def _copy_response(guest: str, original: Json, copy: Json, *, declined: bool) -> None:
    answer = _attendees_by_address(copy).get(guest, {})
    for entry in original.get("attendees", ()):
        if entry["email"] == guest:
            entry.update({name: answer[name] for name in RESPONSE_FIELDS if name in answer})
            if declined:
                entry["responseStatus"] = "declined"


def _update_copy(state: State, calendar: Calendar, event: StoredEvent, address: str) -> None:
    target = state.calendars.get(address)
    if target is None or target.deleted or target.id == calendar.id or not target.primary:
        return
    copy = target.events.get(event.id)
    invited = address in attendee_addresses(event.body) and not event.cancelled
    if copy is None:
        if not invited:
            return
        copy = target.events[event.id] = StoredEvent({"id": event.id}, 0)
    shared = {name: deepcopy(event.body[name]) for name in SHARED_FIELDS if name in event.body}
    fresh = {name: value for name, value in copy.body.items() if name not in SHARED_FIELDS} | shared
    properties = dict(copy.body.get("extendedProperties", {}))
    properties.pop("shared", None)
    if event.body.get("extendedProperties", {}).get("shared"):
        properties["shared"] = deepcopy(event.body["extendedProperties"]["shared"])
    fresh.pop("extendedProperties", None)
    if properties:
        fresh["extendedProperties"] = properties
    if not invited:
        fresh["status"] = "cancelled"
    if fresh != copy.body:
        copy.body = fresh
        state.record_change(target, copy)


def log_change_mails(
    state: State, calendar: Calendar, event: StoredEvent, before: Json | None, *, send_updates: str, by: str
) -> None:
    """Log the mails that a change sends: invitations, updates, cancellations and answers."""
    after = None if event.cancelled else event.body
    if before is not None and before.get("status") == "cancelled":
        before = None
    if not is_organizer(calendar, event.body):
        _log_response_mail(state, calendar, event, before, send_updates=send_updates, by=by)
        return
    old, new = set(attendee_addresses(before)), set(attendee_addresses(after))
    changed = before is not None and any(before.get(name) != event.body.get(name) for name in MAILED_FIELDS)
    kinds = dict.fromkeys(new - old, "invitation") | dict.fromkeys(old - new, "cancellation")
    if changed:
        kinds |= dict.fromkeys(old & new, "update")
    for address in _recipients(state, kinds, send_updates):
        if address not in {by, calendar.id, calendar.owner}:
            state.log_mail(address, kinds[address], calendar, event.body, by=by)


def _log_response_mail(
    state: State, calendar: Calendar, event: StoredEvent, before: Json | None, *, send_updates: str, by: str
) -> None:
    old = _attendees_by_address(before or {}).get(calendar.id, {}).get("responseStatus")
    new = (
        "declined"
        if event.cancelled
        else _attendees_by_address(event.body).get(calendar.id, {}).get("responseStatus")
    )
    organizer = event.body["organizer"]["email"]
    if old != new:
        for address in _recipients(state, [organizer], send_updates):
            state.log_mail(address, "response", calendar, event.body, by=by)


def _recipients(state: State, wanted: Iterable[str], send_updates: str) -> list[str]:
    if send_updates == "all" or state.settings.mail_despite_none:
        return sorted(wanted)
    if send_updates == "externalOnly":
        return sorted(address for address in wanted if address not in state.accounts)
    return []
