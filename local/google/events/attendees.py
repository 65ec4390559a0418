"""Decides what guests get of an event: copies, mails, and what they may change themselves."""

from collections.abc import Iterable
from copy import deepcopy

from local.google.errors import ApiError, Json, not_organizer
from local.google.events.series import keep, peek
from local.google.model import Calendar, Stored
from local.google.state import World

SHARED = [
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
GUEST_SHARED = [
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
MAILED = ("summary", "description", "location", "start", "end", "recurrence", "conferenceData")
OWN_ANSWER = ("responseStatus", "comment", "additionalGuests")


def addresses(body: Json | None) -> list[str]:
    """The guests of an event."""
    return [guest["email"] for guest in (body or {}).get("attendees", ())]


def is_organizer(calendar: Calendar, body: Json) -> bool:
    """Whether this calendar holds the organizer's copy."""
    return bool(body.get("organizer", {}).get("email", calendar.id) == calendar.id)


def check_guest_edit(calendar: Calendar, before: Json, after: Json) -> None:
    """403 if a guest's copy changes what is the organizer's."""
    if is_organizer(calendar, before) or before.get("guestsCanModify"):
        return
    for name in GUEST_SHARED:
        if before.get(name) != after.get(name):
            raise not_organizer()
    if before.get("extendedProperties", {}).get("shared") != after.get("extendedProperties", {}).get(
        "shared"
    ):
        raise not_organizer()
    old, new = _answers(before), _answers(after)
    for address, guest in old.items():
        if address != calendar.id and new.get(address) != guest:
            raise not_organizer()
    added = new.keys() - old.keys()
    if added and before.get("guestsCanInviteOthers") is False:
        raise not_organizer()


def _answers(body: Json) -> dict[str, Json]:
    return {guest["email"]: guest for guest in body.get("attendees", ())}


def publish(world: World, calendar: Calendar, event: Stored, before: Json | None) -> None:
    """Bring every copy of an event in line with the one that just changed."""
    body = event.body
    if is_organizer(calendar, body):
        for address in {*addresses(before), *addresses(body)}:
            _copy_to(world, calendar, event, address)
        return
    home = _home(world, body)
    if home is None:
        return
    original = _original(home, event)
    if original is None:
        return
    earlier = deepcopy(original.body)
    if before is not None and before.get("guestsCanModify") and not event.cancelled:
        original.body |= {name: deepcopy(body[name]) for name in SHARED if name in body}
    _take_answer(calendar.id, original.body, body, declined=event.cancelled)
    if original.body != earlier:
        world.touch(home, keep(home, original))
        publish(world, home, original, earlier)


def _home(world: World, body: Json) -> Calendar | None:
    home = world.calendars.get(body.get("organizer", {}).get("email", ""))
    return None if home is None or home.deleted else home


def _original(home: Calendar, copy: Stored) -> Stored | None:
    try:
        return peek(home, copy.id)
    except ApiError:
        return None


def _take_answer(guest: str, original: Json, copy: Json, *, declined: bool) -> None:
    answer = _answers(copy).get(guest, {})
    for entry in original.get("attendees", ()):
        if entry["email"] == guest:
            entry.update({name: answer[name] for name in OWN_ANSWER if name in answer})
            if declined:
                entry["responseStatus"] = "declined"


def _copy_to(world: World, calendar: Calendar, event: Stored, address: str) -> None:
    target = world.calendars.get(address)
    if target is None or target.deleted or target.id == calendar.id or not target.primary:
        return
    copy = target.events.get(event.id)
    invited = address in addresses(event.body) and not event.cancelled
    if copy is None:
        if not invited:
            return
        copy = target.events[event.id] = Stored({"id": event.id}, 0)
    shared = {name: deepcopy(event.body[name]) for name in SHARED if name in event.body}
    fresh = {name: value for name, value in copy.body.items() if name not in SHARED} | shared
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
        world.touch(target, copy)


def mail_changes(
    world: World, calendar: Calendar, event: Stored, before: Json | None, *, send_updates: str, by: str
) -> None:
    """Log the messages that a change sends: invitations, updates, cancellations and answers."""
    after = None if event.cancelled else event.body
    if before is not None and before.get("status") == "cancelled":
        before = None
    if not is_organizer(calendar, event.body):
        _mail_answer(world, calendar, event, before, send_updates=send_updates, by=by)
        return
    old, new = set(addresses(before)), set(addresses(after))
    changed = before is not None and any(before.get(name) != event.body.get(name) for name in MAILED)
    kinds = dict.fromkeys(new - old, "invitation") | dict.fromkeys(old - new, "cancellation")
    if changed:
        kinds |= dict.fromkeys(old & new, "update")
    for address in _recipients(world, kinds, send_updates):
        if address not in {by, calendar.id, calendar.owner}:
            world.mail(address, kinds[address], calendar, event.body, by=by)


def _mail_answer(
    world: World, calendar: Calendar, event: Stored, before: Json | None, *, send_updates: str, by: str
) -> None:
    old = _answers(before or {}).get(calendar.id, {}).get("responseStatus")
    new = "declined" if event.cancelled else _answers(event.body).get(calendar.id, {}).get("responseStatus")
    organizer = event.body["organizer"]["email"]
    if old != new:
        for address in _recipients(world, [organizer], send_updates):
            world.mail(address, "response", calendar, event.body, by=by)


def _recipients(world: World, wanted: Iterable[str], send_updates: str) -> list[str]:
    if send_updates == "all" or world.settings.mail_despite_none:
        return sorted(wanted)
    if send_updates == "externalOnly":
        return sorted(address for address in wanted if address not in world.accounts)
    return []
