"""Answers the event writes: insert, import, update, patch and delete, with etags, sequence and undelete."""

from copy import deepcopy

from local.google.api.context import Context
from local.google.calendars import access
from local.google.errors import (
    Json,
    deleted,
    forbidden,
    invalid,
    not_found,
    required,
)
from local.google.events import attendees, validation
from local.google.events.edits import create, hide_series, inherit, merge, move_event, remove, rewrite
from local.google.events.event_resource import PRIVATE
from local.google.events.series import keep, locate, peek
from local.google.model import Calendar, Stored


def insert(context: Context) -> Json:
    """Create an event, under the client's id if it brings one."""
    calendar, role = context.writable()
    body = context.body
    if body.get("id") and body.get("iCalUID"):
        raise invalid("Only one of id and iCalUID may be set.", "id")
    event = create(
        context.world,
        calendar,
        body,
        by=context.caller.account,
        attachments=bool(context.argument("supportsAttachments")),
    )
    _finish(context, calendar, event, None)
    return context.show(calendar, event, role)


def import_event(context: Context) -> Json:
    """Add a private copy of an existing event; no mails, default type only."""
    calendar, role = context.writable()
    body = dict(context.body)
    uid = body.get("iCalUID")
    if not uid:
        raise required("Missing iCalUID.", "iCalUID")
    if body.get("eventType", "default") != "default":
        raise invalid("Only default events can be imported.", "eventType")
    for event in calendar.events.values():
        if event.body.get("iCalUID") == uid and not event.series and not event.cancelled:
            _replace(context, calendar, event, body | {"sequence": body.get("sequence", 0)})
            return context.show(calendar, event, role)
    organizer = body.get("organizer")
    event = create(context.world, calendar, body, by=context.caller.account)
    if isinstance(organizer, dict) and organizer.get("email"):
        event.body["organizer"] = {"email": organizer["email"].lower()}
    return context.show(calendar, event, role)


def update(context: Context) -> Json:
    """Replace everything writable; what is left out is cleared."""
    calendar, role = context.writable()
    event = _editable(context, calendar, role)
    body = dict(context.body)
    body.setdefault("sequence", 0)
    body.setdefault("status", event.body.get("status") if event.cancelled else "confirmed")
    _replace(context, calendar, event, body)
    return context.show(calendar, event, role)


def patch(context: Context) -> Json:
    """Change what is named; null removes, objects merge, arrays replace."""
    calendar, role = context.writable()
    event = _editable(context, calendar, role)
    change = context.body
    current = event.body | {"reminders": event.reminders.get(context.caller.account, {"useDefault": True})}
    merged = merge(
        {name: current[name] for name in current if name in {*validation.WRITABLE, "reminders"}}, change
    )
    if (change.get("reminders") or {}).get("useDefault"):
        merged["reminders"] = change["reminders"]
    _replace(context, calendar, event, merged)
    return context.show(calendar, event, role)


def delete(context: Context) -> None:
    """Delete an event, an instance, or a guest's own copy."""
    calendar, role = context.writable()
    event = peek(calendar, context.path["eventId"])
    _check_private(role, event)
    if event.cancelled:
        raise deleted()
    context.need_match(calendar, event)
    if event.body.get("locked"):
        raise forbidden()
    before = deepcopy(event.body)
    keep(calendar, event)
    remove(context.world, calendar, event)
    _finish(context, calendar, event, before)


def _editable(context: Context, calendar: Calendar, role: str) -> Stored:
    event = peek(calendar, context.path["eventId"])
    _check_private(role, event)
    context.need_match(calendar, event)
    refused = event.ui_deleted and context.world.settings.refuse_updates_of_ui_deleted
    if event.body.get("locked") or refused:
        raise forbidden()
    master = locate(calendar, event.id).master
    if event.series and (master is None or master.cancelled) and event.cancelled:
        raise not_found()
    return event


def _check_private(role: str, event: Stored) -> None:
    if role == "writerWithoutPrivateAccess" and event.body.get("visibility") in PRIVATE:
        raise forbidden()


def _replace(context: Context, calendar: Calendar, event: Stored, body: Json) -> None:
    before, world, account = deepcopy(event.body), context.world, context.caller.account
    wish = body.get("reminders")
    if body.get("status") == "cancelled" and not event.cancelled:
        keep(calendar, event)
        remove(world, calendar, event)
        _finish(context, calendar, event, before)
        return
    rewrite(world, calendar, event, body, attachments=bool(context.argument("supportsAttachments")))
    keep(calendar, event)
    event.reminders[account] = validation.reminders(wish)
    if before != event.body:
        world.touch(calendar, event)
    else:
        world.touch(calendar, event, main_data=False)
    inherit(world, calendar, event, before)
    hide_series(world, calendar, event)
    _finish(context, calendar, event, before)


def _finish(context: Context, calendar: Calendar, event: Stored, before: Json | None) -> None:
    attendees.publish(context.world, calendar, event, before)
    chosen = "all" if context.argument("sendNotifications") else "none"
    send_updates = context.argument("sendUpdates", chosen)
    account = context.caller.account
    attendees.mail_changes(context.world, calendar, event, before, send_updates=send_updates, by=account)


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
    if not attendees.is_organizer(source, event.body) or event.cancelled or event.series:
        raise forbidden()
    moved = move_event(context.world, source, target, event)
    return context.show(target, moved, role)
