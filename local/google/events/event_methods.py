"""Answers the methods on one event: get, insert, import, update, patch, delete and move."""

from copy import deepcopy

from local.google.api.context import Context
from local.google.calendars import access
from local.google.errors import (
    Json,
    deleted,
    duplicate,
    forbidden,
    invalid,
    not_found,
    required,
)
from local.google.events import attendees, validation
from local.google.events.edits import (
    create_event,
    delete_event,
    make_series_private,
    merge_patch,
    move_event,
    replace_body,
    update_exceptions,
)
from local.google.events.event_resource import PRIVATE_VISIBILITIES
from local.google.events.event_types import BIRTHDAY_CHANGES, STATUS_TYPES, restricted
from local.google.events.series import find_event, locate, store_event
from local.google.model import Calendar, StoredEvent


def insert(context: Context) -> Json:
    """Answer events.insert: create an event, with the client's id if it gives one."""
    calendar, role = context.writable_calendar()
    body = context.body
    if body.get("id") and body.get("iCalUID"):
        raise invalid("Only one of id and iCalUID may be set.", "id")
    event = create_event(
        context.state,
        calendar,
        body,
        by=context.caller.account,
        attachments=bool(context.argument("supportsAttachments")),
        by_hand=context.caller.by_hand,
    )
    _finish(context, calendar, event, None)
    return context.event_answer(calendar, event, role)


def import_event(context: Context) -> Json:
    """Answer events.import: add a private copy of an event that exists elsewhere; no mails are sent.

    An iCalUID that is there already is a duplicate if the settings say so, and always if its event is
    deleted (G32).
    """
    calendar, role = context.writable_calendar()
    body = dict(context.body)
    uid = body.get("iCalUID")
    if not uid:
        raise required("Missing iCalUID.", "iCalUID")
    if body.get("eventType", "default") != "default":
        raise invalid("Only default events can be imported.", "eventType")
    for event in calendar.events.values():
        if event.body.get("iCalUID") == uid and not event.series and not event.cancelled:
            if context.state.settings.refuse_known_imports:
                raise duplicate()
            _replace(context, calendar, event, body | {"sequence": body.get("sequence", 0)})
            return context.event_answer(calendar, event, role)
    organizer = body.get("organizer")
    event = create_event(
        context.state, calendar, body, by=context.caller.account, by_hand=context.caller.by_hand
    )
    if isinstance(organizer, dict) and organizer.get("email"):
        event.body["organizer"] = {"email": organizer["email"].lower()}
    return context.event_answer(calendar, event, role)


def update(context: Context) -> Json:
    """Answer events.update: replace every writable field; what is left out is cleared."""
    calendar, role = context.writable_calendar()
    event = _editable(context, calendar, role)
    body = dict(context.body)
    body.setdefault("sequence", 0)
    body.setdefault("status", event.body.get("status") if event.cancelled else "confirmed")
    if body.get("attendeesOmitted"):
        body["attendees"] = _with_named_attendees(event.body, body)
    _replace(context, calendar, event, body)
    return context.event_answer(calendar, event, role)


def patch(context: Context) -> Json:
    """Answer events.patch: change the named fields; null removes, objects are merged, arrays replaced."""
    calendar, role = context.writable_calendar()
    event = _editable(context, calendar, role)
    change = context.body
    current = event.body | {"reminders": event.reminders.get(context.caller.account, {"useDefault": True})}
    merged = merge_patch(
        {name: current[name] for name in current if name in {*validation.WRITABLE_FIELDS, "reminders"}},
        change,
    )
    if change.get("attendeesOmitted"):
        merged["attendees"] = _with_named_attendees(event.body, change)
    if not context.caller.by_hand:
        _check_special_patch(event.body, change)
    _replace(context, calendar, event, merged)
    return context.event_answer(calendar, event, role)


def _with_named_attendees(before: Json, change: Json) -> list[Json]:
    """The attendees as they are, but for those that a change with `attendeesOmitted` names (G37)."""
    named = {str(guest.get("email", "")).lower(): guest for guest in change.get("attendees") or ()}
    held = [named.pop(guest["email"], guest) for guest in before.get("attendees", ())]
    return [*held, *named.values()]


def _check_special_patch(before: Json, change: Json) -> None:
    """Answer 400 for what a patch through the API may not say of a special event."""
    kind = before.get("eventType", "default")
    if kind in STATUS_TYPES and "eventType" in change:
        raise restricted("The event type cannot be patched.")  # G40
    if kind == "birthday" and not change.keys() <= BIRTHDAY_CHANGES:
        raise restricted("This field of a birthday cannot be changed.")  # G85


def delete(context: Context) -> None:
    """Answer events.delete: delete an event, one instance, or an attendee's own copy.

    A birthday cannot be deleted through the API (G85).
    """
    calendar, role = context.writable_calendar()
    event = find_event(calendar, context.path["eventId"])
    _check_private(role, event)
    if event.cancelled:
        raise deleted()
    context.require_if_match(calendar, event)
    if event.body.get("locked"):
        raise forbidden()
    if event.body.get("eventType") == "birthday" and not context.caller.by_hand:
        raise restricted("A birthday cannot be deleted.")
    before = deepcopy(event.body)
    store_event(calendar, event)
    delete_event(context.state, calendar, event)
    _finish(context, calendar, event, before)


def _editable(context: Context, calendar: Calendar, role: str) -> StoredEvent:
    event = find_event(calendar, context.path["eventId"])
    _check_private(role, event)
    context.require_if_match(calendar, event)
    # What a person deleted cannot be brought back through the API (G28).
    final = event.ui_deleted and context.state.settings.refuse_updates_of_ui_deleted
    refused = final and not context.caller.by_hand
    if event.body.get("locked") or refused:
        raise forbidden()
    master = locate(calendar, event.id).master
    if event.series and (master is None or master.cancelled) and event.cancelled:
        raise not_found()
    return event


def _check_private(role: str, event: StoredEvent) -> None:
    if role == "writerWithoutPrivateAccess" and event.body.get("visibility") in PRIVATE_VISIBILITIES:
        raise forbidden()


def _replace(context: Context, calendar: Calendar, event: StoredEvent, body: Json) -> None:
    before, state, account = deepcopy(event.body), context.state, context.caller.account
    wish = body.get("reminders")
    if body.get("status") == "cancelled" and not event.cancelled:
        store_event(calendar, event)
        delete_event(state, calendar, event)
        _finish(context, calendar, event, before)
        return
    by_hand = context.caller.by_hand
    reminders = validation.checked_reminders(wish, body.get("start") or {})
    attachments = bool(context.argument("supportsAttachments"))
    replace_body(state, calendar, event, body, attachments=attachments, by_hand=by_hand)
    store_event(calendar, event)
    event.reminders[account] = reminders
    if before != event.body:
        state.record_change(calendar, event)
    else:
        state.record_change(calendar, event, main_data=False)
    update_exceptions(state, calendar, event, before)
    make_series_private(state, calendar, event)
    _finish(context, calendar, event, before)


def _finish(context: Context, calendar: Calendar, event: StoredEvent, before: Json | None) -> None:
    attendees.update_copies(context.state, calendar, event, before)
    chosen = "all" if context.argument("sendNotifications") else "none"
    send_updates = context.argument("sendUpdates", chosen)
    account = context.caller.account
    attendees.log_change_mails(context.state, calendar, event, before, send_updates=send_updates, by=account)


def get(context: Context) -> Json:
    """Answer events.get: one event, also a cancelled one (G31)."""
    calendar, role = context.calendar()
    return context.event_answer(calendar, find_event(calendar, context.path["eventId"]), role)


def move(context: Context) -> Json:
    """Answer events.move: make another calendar of the caller the organizer of an event."""
    source, _ = context.writable_calendar()
    target_id = context.argument("destination")
    if not target_id:
        raise required("Missing destination.", "destination")
    target, role = access.calendar_with_role(context.state, context.method, context.caller, target_id)
    access.require_writer(role)
    event = find_event(source, context.path["eventId"])
    context.require_if_match(source, event)
    if not attendees.is_organizer(source, event.body) or event.cancelled or event.series:
        raise forbidden()
    moved = move_event(context.state, source, target, event)
    return context.event_answer(target, moved, role)
