"""Answers the methods on one event: create, read, change, delete and cancel."""

from local.microsoft.api import odata, schema
from local.microsoft.api.context import Context
from local.microsoft.calendars import calendar_resource
from local.microsoft.errors import GraphError, Json, access_denied, bad_request, invalid, transaction_taken
from local.microsoft.events import attendees, edits, event_resource, online_meetings, validation
from local.microsoft.events.event_resource import EXTENSION_PREFIX, render_extension
from local.microsoft.events.expansion import ListedEvent, exceptions, listed_event, occurrence
from local.microsoft.model import Calendar, Item, MailboxCalendar, Transaction
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
    # Fact M49: extended properties come only with a $filter on their ids.
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
    """Answer the creation of an event; a transactionId that was used before answers the first event again.

    400 if it was used with another body (facts M39, M40). Which differences count is not known; here all do.
    """
    mailbox_calendar, given = context.calendar(write=True), context.body
    require_answering(mailbox_calendar.calendar)
    context.status = 201
    body = validation.new_event_body(given, longest_subject=context.state.settings.longest_subject)
    transaction = given.get("transactionId") or ""
    known = _known_transaction(context.state, mailbox_calendar, transaction)
    if known is not None:
        if known.given != given and context.state.settings.changed_transaction == "refused":
            raise transaction_taken(context.state.id_of(known.item, immutable=context.preferences.immutable))
        return _created_answer(context, mailbox_calendar.calendar.items.get(known.item.key, known.item))
    owner, key = mailbox_calendar.calendar.owner, f"event{context.state.serial()}"
    body = online_meetings.with_meeting(body, key, personal=context.state.accounts[owner].personal)
    item = Item(
        key=key,
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
        mailbox_calendar.calendar.transactions[transaction] = Transaction(item, given, context.state.now())
    if context.state.settings.bump_after is not None:
        context.state.bumps.append((context.state.now() + context.state.settings.bump_after, item.key))
    return _created_answer(context, item)


def _known_transaction(
    state: State, mailbox_calendar: MailboxCalendar, transaction: str
) -> Transaction | None:
    known = mailbox_calendar.calendar.transactions.get(transaction)
    memory = state.settings.transaction_memory
    if known is None or (memory is not None and state.now() - known.at > memory):
        return None
    present = known.item.key in mailbox_calendar.calendar.items
    return known if present or state.settings.transaction_outlives_event else None


def require_answering(calendar: Calendar) -> None:
    """Answer 503 to a write in the calendar of a family group, which Exchange never serves (fact M78)."""
    if calendar.family:
        raise GraphError(503, "ErrorInternalServerTransientError", "Try again later.")


def _created_answer(context: Context, item: Item) -> Json:
    full = event_resource.render_event(context.state, listed_event(item), context.preferences)
    context.headers["ETag"] = full["@odata.etag"]
    context.headers["Location"] = f"{context.base}/users/{context.account.oid}/events/{full['id']}"
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | full


def get(context: Context) -> Json:
    """Answer one event, series or occurrence."""
    found = context.target(stale=True)
    _require_readable(context, found)
    context.headers["ETag"] = event_resource.etag(found)
    shown = render_for_request(context, found)
    if found.item.is_series and "cancelledOccurrences" in context.query.get("$select", ""):
        master_id = context.state.id_of(found.item, immutable=context.preferences.immutable)
        shown["cancelledOccurrences"] = [f"OID.{master_id}.{day}" for day in sorted(found.item.deleted_days)]
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | shown


def _require_readable(context: Context, found: ListedEvent) -> None:
    own = context.state.calendars[found.item.calendar].owner == context.caller.account
    private = found.body.get("sensitivity") in {"private", "confidential"}
    if context.state.settings.private_unreadable and private and not own:
        raise access_denied()


def update(context: Context) -> Json:
    """Answer a change of an event; changing one occurrence of a series makes it an exception."""
    found = context.target(write=True)
    require_answering(context.state.calendars[found.item.calendar])
    context.require_if_match(found)
    edits.require_series_zone(found, context.body)
    changed = edits.change_event(context.state, found, context.body)
    context.headers["ETag"] = event_resource.etag(changed)
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | event_resource.render_event(
        context.state, changed, context.preferences
    )


def delete(context: Context) -> None:
    """Answer the deletion of an event, a series or an occurrence; its attendees get mails (M61)."""
    found = context.target(write=True)
    context.require_if_match(found)
    edits.delete_event(context.state, found)
    context.status = 204


def cancel(context: Context) -> None:
    """Answer the cancellation of a meeting; only its organizer may."""
    schema.check_action("event/cancel", context.body)
    found = context.target(write=True)
    if not found.item.is_organizer:
        message = "Your request can't be completed. You need to be an organizer to cancel a meeting."
        raise invalid("ErrorInvalidRequest", message)
    edits.delete_event(context.state, found)
    context.status = 202


def calendar_of(context: Context) -> Json:
    """Answer the calendar that an event is in."""
    found = context.target()
    for mailbox_calendar in context.state.calendars_of(context.caller.account):
        if mailbox_calendar.calendar.id == found.item.calendar:
            owner = context.state.accounts[mailbox_calendar.calendar.owner]
            return calendar_resource.render_calendar(context.account, mailbox_calendar, owner)
    raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
