"""Decides whom Exchange writes to: a meeting's mails cannot be suppressed, except by having no attendees."""

from collections.abc import Iterable

from local.microsoft.errors import Json
from local.microsoft.events.expansion import exceptions
from local.microsoft.model import Item
from local.microsoft.state import World

# What attendees are not told of.
PRIVATE = frozenset(
    ["categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "sensitivity", "responseStatus"]
)


def people(body: Json, organizer: str) -> list[str]:
    """The addresses of a meeting's attendees, without the organizer."""
    found = [each["emailAddress"]["address"] for each in body.get("attendees") or ()]
    return [address for address in found if address.lower() != organizer.lower()]


def invited(world: World, item: Item) -> None:
    """A new event with attendees: an invitation to each."""
    _send(world, people(item.body, item.organizer), "invitation", item)


def updated(world: World, before: Json, item: Item, body: Json, changes: Iterable[str]) -> None:
    """A changed meeting: newcomers are invited, those removed are told, so are the others."""
    if not item.mine:
        return
    old, new = people(before, item.organizer), people(body, item.organizer)
    _send(world, [each for each in new if each not in old], "invitation", item)
    _send(world, [each for each in old if each not in new], "cancellation", item)
    if set(changes) - PRIVATE - {"attendees"}:
        kept = [each for each in new if each in old]
        items = world.calendars[item.calendar].items
        changed = len(exceptions(items).get(item.key, ())) if item.is_series else 0
        for _ in range(1 + changed):
            _send(world, kept, "update", item)


def cancelled(world: World, item: Item, body: Json) -> None:
    """A meeting deleted or cancelled by its organizer."""
    if item.mine:
        _send(world, people(body, item.organizer), "cancellation", item)


def answered(world: World, item: Item, kind: str, *, by: str) -> None:
    """An attendee's answer to the organizer."""
    world.mail(item.organizer, kind, item, by=by)


def _send(world: World, to: list[str], kind: str, item: Item) -> None:
    for address in to:
        world.mail(address, kind, item, by=item.organizer)
