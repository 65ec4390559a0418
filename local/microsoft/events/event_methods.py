"""Answers the methods on one event: create, read, change, delete and cancel."""

from local.microsoft.api import odata, schema
from local.microsoft.api.context import Context
from local.microsoft.calendars import calendar_resource
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.events import attendees, event_resource, validation
from local.microsoft.events.edits import change_event, delete_event
from local.microsoft.events.event_resource import EXTENSION_PREFIX, render_extension
from local.microsoft.events.expansion import ListedEvent, exceptions, listed_event, occurrence
from local.microsoft.model import Item, MailboxCalendar
from local.microsoft.state import State


def render_for_request(context: Context, found: ListedEvent) -> Json:
    """The JSON of an event with the $select and $expand of the request."""
    full = event_resource.render_event(context.state, found, context.preferences)
    shown = odata.select("event", context.query.get("$select", ""), full)
    for name, inner in odata.expansions(context.query.get("$expand", "")).items():
        shown |= _expanded(context, found, name, inner)
    return shown


def _expanded(context: Context, found: ListedEvent, name: str, inner: str) -> Json:
    item = found.item
    if name == "singleValueExtendedProperties":
        wanted = odata.wanted_ids(inner)
        if not wanted:
            raise bad_request("Expanding singleValueExtendedProperties needs a $filter on the id.")
        held = [{"id": each, "value": item.properties[each]} for each in wanted if each in item.properties]
        return {name: held} if held else {}
    if name == "extensions":
        ids_wanted = odata.wanted_ids(inner)
        return {
            name: [
                render_extension(held)
                for key, held in item.extensions.items()
                if not ids_wanted or key in {each.removeprefix(EXTENSION_PREFIX) for each in ids_wanted}
            ]
        }
    if name in {"exceptionOccurrences", "instances"} and item.is_series:
        items = context.state.calendars[item.calendar].items
        changed = exceptions(items).get(item.key, ())
        rows = (occurrence(items, item, each.original) for each in changed)
        shown = [
            event_resource.render_event(context.state, each, context.preferences)
            for each in rows
            if each is not None
        ]
        return {name: shown}
    if name in {
        "calendar",
        "attachments",
        "multiValueExtendedProperties",
        "exceptionOccurrences",
        "instances",
    }:
        return {}
    raise bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.event'.")


def create(context: Context) -> Json:
    """Answer the creation of an event; a transactionId that was used before answers the first event again."""
    mailbox_calendar, given = context.calendar(write=True), context.body
    context.status = 201
    body = validation.new_event_body(given)
    transaction = given.get("transactionId") or ""
    known = _event_of_transaction(context.state, mailbox_calendar, transaction)
    if known is not None:
        return _created_answer(context, known)
    owner = mailbox_calendar.calendar.owner
    item = Item(
        key=f"event{context.state.serial()}",
        calendar=mailbox_calendar.calendar.id,
        body=body,
        organizer=owner,
        transaction=transaction,
        properties=validation.extended_properties(given),
        extensions=validation.open_extensions(given),
    )
    item = context.state.store(item, kind="created")
    attendees.log_invitations(context.state, item)
    if transaction:
        mailbox_calendar.calendar.transactions[transaction] = (item, context.state.now())
    if context.state.settings.bump_after is not None:
        context.state.bumps.append((context.state.now() + context.state.settings.bump_after, item.key))
    return _created_answer(context, item)


def _event_of_transaction(state: State, mailbox_calendar: MailboxCalendar, transaction: str) -> Item | None:
    if not transaction or transaction not in mailbox_calendar.calendar.transactions:
        return None
    item, at = mailbox_calendar.calendar.transactions[transaction]
    memory = state.settings.transaction_memory
    if memory is not None and state.now() - at > memory:
        return None
    if item.key in mailbox_calendar.calendar.items:
        return mailbox_calendar.calendar.items[item.key]
    return item if state.settings.transaction_outlives_event else None


def _created_answer(context: Context, item: Item) -> Json:
    full = event_resource.render_event(context.state, listed_event(item), context.preferences)
    context.headers["ETag"] = full["@odata.etag"]
    context.headers["Location"] = f"{context.base}/users/{context.account.oid}/events/{full['id']}"
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | full


def get(context: Context) -> Json:
    """Answer one event, series or occurrence."""
    found = context.target(stale=context.state.settings.lag_get)
    context.headers["ETag"] = event_resource.etag(found)
    shown = render_for_request(context, found)
    if found.item.is_series and "cancelledOccurrences" in context.query.get("$select", ""):
        master_id = context.state.id_of(found.item, immutable=context.preferences.immutable)
        shown["cancelledOccurrences"] = [f"OID.{master_id}.{day}" for day in sorted(found.item.deleted_days)]
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | shown


def update(context: Context) -> Json:
    """Answer a change of an event; changing one occurrence of a series makes it an exception."""
    found = context.target(write=True)
    context.require_if_match(found)
    changed = change_event(context.state, found, context.body)
    context.headers["ETag"] = event_resource.etag(changed)
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | event_resource.render_event(
        context.state, changed, context.preferences
    )


def delete(context: Context) -> None:
    """Answer the deletion of an event, a series or an occurrence; the organizer's attendees get mails."""
    found = context.target(write=True)
    context.require_if_match(found)
    delete_event(context.state, found)
    context.status = 204


def cancel(context: Context) -> None:
    """Answer the cancellation of a meeting; only its organizer may."""
    schema.check_action("event/cancel", context.body)
    found = context.target(write=True)
    if not found.item.is_organizer:
        message = "Your request can't be completed. You need to be an organizer to cancel a meeting."
        raise invalid("ErrorInvalidRequest", message)
    delete_event(context.state, found)
    context.status = 202


def calendar_of(context: Context) -> Json:
    """Answer the calendar that an event is in."""
    found = context.target()
    for mailbox_calendar in context.state.calendars_of(context.caller.account):
        if mailbox_calendar.calendar.id == found.item.calendar:
            owner = context.state.accounts[mailbox_calendar.calendar.owner]
            return calendar_resource.render_calendar(context.account, mailbox_calendar, owner)
    raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
