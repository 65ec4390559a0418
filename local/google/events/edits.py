"""Changes stored events: create, replace, delete and move, for API calls and for edits by hand alike."""

from copy import deepcopy

from local.google.errors import (
    ApiError,
    Json,
    duplicate,
    invalid,
    usage_limit,
)
from local.google.events import attendees, validation
from local.google.events.event_resource import PRIVATE_VISIBILITIES
from local.google.events.series import (
    drop_instances_beyond,
    exceptions,
    still_in_series,
    store_event,
)
from local.google.model import Calendar, StoredEvent
from local.google.state import State

TIME_FIELDS = ("start", "end", "recurrence")


def create_event(
    state: State,
    calendar: Calendar,
    body: Json,
    *,
    by: str,
    attachments: bool = False,
    event_id: str = "",
    by_hand: bool = True,
) -> StoredEvent:
    """Store a new event; 409 if its id or iCalUID was ever used in this calendar (G26)."""
    chosen = validation.checked_event_id(body["id"]) if body.get("id") else f"evt{state.serial():023d}"
    event_id = event_id or chosen
    uid = body.get("iCalUID") or f"{event_id}@google.com"
    taken = body.get("iCalUID") and any(
        event.body.get("iCalUID") == uid and not event.series for event in calendar.events.values()
    )
    if event_id in calendar.events or event_id in calendar.gone_ids or taken:
        raise duplicate()
    if not by_hand:
        _refuse_unknown(state, body)
    fields = validation.checked_event(body, calendar, attachments=attachments, by_hand=by_hand)
    _reset_responses(state, calendar, {}, fields)
    organizer: Json = {"email": calendar.id}
    if not calendar.primary:
        organizer["displayName"] = calendar.summary
    base: Json = {
        "id": event_id,
        "status": "confirmed",
        "iCalUID": uid,
        "created": state.tick(),
        "sequence": 0,
    }
    people = {"organizer": organizer, "creator": {"email": by}}
    _charge_guest_budget(state, calendar, {}, fields)
    reminders = validation.checked_reminders(body.get("reminders"), fields["start"])
    event = StoredEvent(base | people | fields, 0, reminders={by: reminders})
    store_event(calendar, event)
    state.record_change(calendar, event)
    return event


def _refuse_unknown(state: State, body: Json) -> None:
    """Answer 400 for a zone that this Google does not know yet (G51), or an address that it refuses (G72)."""
    for guest in body.get("attendees") or ():
        if str(guest.get("email", "")).lower() in state.settings.refused_addresses:
            raise invalid("Invalid attendee email.", "attendees")
    for name in ("start", "end"):
        if (body.get(name) or {}).get("timeZone") in state.settings.unknown_zones:
            raise invalid(f"Invalid time zone definition for {name} time.", f"{name}.timeZone")


def _reset_responses(state: State, calendar: Calendar, before: Json, fields: Json) -> None:
    """Take back what was written as others' answers, where people's own settings do that (G80)."""
    if not state.settings.responses_reset:
        return
    held = {guest["email"]: guest["responseStatus"] for guest in before.get("attendees", ())}
    for guest in fields.get("attendees", ()):
        if guest["email"] != calendar.id and guest["responseStatus"] == "accepted":
            guest["responseStatus"] = held.get(guest["email"], "needsAction")


def merge_patch(value: Json, change: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396) to a copy of a value.

    Objects are merged (G35), so that extended properties survive (G38); arrays are replaced (G36).
    """
    merged = deepcopy(value)
    for name, item in change.items():
        if item is None:
            merged.pop(name, None)
        elif isinstance(item, dict):
            held = merged.get(name)
            merged[name] = merge_patch(held if isinstance(held, dict) else {}, item)
        else:
            merged[name] = deepcopy(item)
    return merged


def delete_event(state: State, calendar: Calendar, event: StoredEvent) -> None:
    """Mark an event as cancelled, and all exceptions with it if it is a series: they stay listed (G12)."""
    event.body["status"] = "cancelled"
    live = [each for each in exceptions(calendar, event.id) if not each.cancelled] if event.is_master else []
    bodies = [deepcopy(exception.body) for exception in live]
    for exception in live:
        exception.body["status"] = "cancelled"
    state.record_change(calendar, event)
    for exception, old in zip(live, bodies, strict=True):
        attendees.update_copies(state, calendar, exception, old)


def replace_body(
    state: State, calendar: Calendar, event: StoredEvent, body: Json, *, attachments: bool, by_hand: bool
) -> None:
    """Replace the writable fields of an event; a change of its times raises the sequence number (G141).

    Whatever status the body names becomes the event's, so that a deleted event can be brought back (G27).
    """
    before = event.body
    if not by_hand:
        _refuse_unknown(state, body)
    fields = validation.checked_event(
        body, calendar, previous=before, attachments=attachments, by_hand=by_hand
    )
    _reset_responses(state, calendar, before, fields)
    current = before.get("sequence", 0)
    if fields.get("sequence", current) < current:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of "
            "the resource. Re-fetch the resource and use its sequence number on the following request.",
            "sequence",
        )
    if event.series:
        fields.pop("recurrence", None)
    kept = {name: value for name, value in before.items() if name not in validation.WRITABLE_FIELDS}
    after = kept | {"status": "confirmed", "sequence": current} | fields
    if attendees.is_organizer(calendar, before) and any(
        before.get(name) != after.get(name) for name in TIME_FIELDS
    ):
        after["sequence"] = max(after["sequence"], current + 1)
    attendees.check_attendee_edit(calendar, before, after)
    _charge_guest_budget(state, calendar, before, after)
    event.body = after
    event.id_only = False
    event.ui_deleted = event.ui_deleted and event.cancelled


def update_exceptions(state: State, calendar: Calendar, master: StoredEvent, before: Json) -> None:
    """Pass a change of a series on to its exceptions; those whose instance no longer exists are cancelled.

    So they are when a series moves (G144). After a cut they are lost (G143), and nothing of them remains but
    id and status (G10). An exception follows a text that it had in common with its series (G145).
    """
    if not master.is_master:
        _end_exceptions(state, calendar, master, before)
        return
    drop_instances_beyond(calendar, master)
    same_times, same_rule = (before.get(name) == master.body[name] for name in ("start", "recurrence"))
    changed: list[tuple[StoredEvent, Json]] = []
    for exception in exceptions(calendar, master.id):
        old = deepcopy(exception.body)
        if not still_in_series(calendar, master, exception):
            exception.body["status"] = "cancelled"
            if same_times and not same_rule:
                exception.id_only = True
                del exception.body["recurringEventId"], exception.body["originalStartTime"]
        for name in ("summary", "description", "location", "attendees", "visibility", "transparency"):
            if not exception.cancelled and before.get(name) == exception.body.get(name) != master.body.get(
                name
            ):
                exception.body.pop(name, None)
                exception.body |= {name: deepcopy(master.body[name])} if name in master.body else {}
        if exception.body != old:
            changed.append((exception, old))
    _record_all(state, calendar, changed)


def _end_exceptions(state: State, calendar: Calendar, event: StoredEvent, before: Json) -> None:
    """Cancel the exceptions of a series that became a single event, if the settings say so (G67)."""
    if not before.get("recurrence") or state.settings.exceptions_of_single != "cancelled":
        return
    live = [each for each in exceptions(calendar, event.id) if not each.cancelled]
    changed = [(exception, deepcopy(exception.body)) for exception in live]
    for exception in live:
        exception.body["status"] = "cancelled"
    _record_all(state, calendar, changed)


def _record_all(state: State, calendar: Calendar, changed: list[tuple[StoredEvent, Json]]) -> None:
    for exception, old in changed:
        state.record_change(calendar, exception)
        attendees.update_copies(state, calendar, exception, old)


def make_series_private(state: State, calendar: Calendar, exception: StoredEvent) -> None:
    """If one instance becomes private, make its whole series private (G142)."""
    master = calendar.events.get(exception.series)
    wish = exception.body.get("visibility")
    if (
        master is None
        or wish not in PRIVATE_VISIBILITIES
        or master.body.get("visibility") in PRIVATE_VISIBILITIES
    ):
        return
    before = dict(master.body)
    master.body["visibility"] = wish
    state.record_change(calendar, master)
    update_exceptions(state, calendar, master, before)


def _charge_guest_budget(state: State, calendar: Calendar, before: Json, after: Json) -> None:
    # The number of invitations is limited, whether or not they are mailed (G75).
    added = len(set(attendees.attendee_addresses(after)) - set(attendees.attendee_addresses(before)))
    budget = state.settings.guest_budget
    if not added or budget is None:
        return
    spent = state.guests_added.get(calendar.owner, 0) + added
    if spent > budget:
        raise usage_limit(403, "quotaExceeded", "Calendar usage limits exceeded.")
    state.guests_added[calendar.owner] = spent


def move_event(state: State, source: Calendar, target: Calendar, event: StoredEvent) -> StoredEvent:
    """Move an event with its exceptions; in the old calendar its bare id stays, cancelled (G140)."""
    if event.body.get("eventType", "default") != "default":
        raise ApiError(400, "eventTypeRestriction", "Only default events can be moved.", domain="calendar")
    if source.id == target.id:
        return event
    moved = [event, *exceptions(source, event.id)]
    for each in moved:
        before = deepcopy(each.body)
        copy = StoredEvent(deepcopy(each.body), 0, reminders=deepcopy(each.reminders))
        copy.body["organizer"] = {"email": target.id}
        each.body["status"] = "cancelled"
        each.id_only = True
        state.record_change(source, each)
        state.record_change(target, store_event(target, copy))
        attendees.update_copies(state, target, copy, before)
    return target.events[event.id]
