"""The mails that Exchange sends to attendees and organizers.

Mails cannot be suppressed, except by having no attendees (docs/provider-facts.md, M55). Who is written as
accepted is invited like everybody (M59).
"""

from collections.abc import Iterable

from local.microsoft.errors import Json
from local.microsoft.events.expansion import exceptions
from local.microsoft.model import Item
from local.microsoft.state import State

# Changes of these fields send no mails to attendees.
UNMAILED_FIELDS = frozenset(
    ["categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "sensitivity", "responseStatus"]
)


def attendee_addresses(body: Json, organizer: str) -> list[str]:
    """The mail addresses of an event's attendees, without the organizer."""
    found = [each["emailAddress"]["address"] for each in body.get("attendees") or ()]
    return [address for address in found if address.lower() != organizer.lower()]


def log_invitations(state: State, item: Item) -> None:
    """Log an invitation to each attendee of a new event; the setting `unsent_invitations` ends that (M58)."""
    if state.settings.unsent_invitations:
        return
    _send(state, attendee_addresses(item.body, item.organizer), "invitation", item)


def log_updates(state: State, before: Json, item: Item, body: Json, changes: Iterable[str]) -> None:
    """Log the mails of a change: invitations, cancellations for removed attendees, or updates.

    Those who stay are mailed where more changed than the attendees (fact M56), for a series with exceptions
    once more for each of them (M57).
    """
    if not item.is_organizer:
        return
    old, new = attendee_addresses(before, item.organizer), attendee_addresses(body, item.organizer)
    _send(state, [each for each in new if each not in old], "invitation", item)
    _send(state, [each for each in old if each not in new], "cancellation", item)
    if set(changes) - UNMAILED_FIELDS - {"attendees"}:
        kept = [each for each in new if each in old]
        items = state.calendars[item.calendar].items
        changed = len(exceptions(items).get(item.key, ())) if item.is_series else 0
        for _ in range(1 + changed):
            _send(state, kept, "update", item)


def log_cancellations(state: State, item: Item, body: Json) -> None:
    """Log the mails for a meeting that its organizer deletes or cancels."""
    if item.is_organizer:
        _send(state, attendee_addresses(body, item.organizer), "cancellation", item)


def log_response(state: State, item: Item, kind: str, *, by: str) -> None:
    """Log an attendee's answer to the organizer."""
    state.log_mail(item.organizer, kind, item, by=by)


def _send(state: State, to: list[str], kind: str, item: Item) -> None:
    for address in to:
        state.log_mail(address, kind, item, by=item.organizer)
