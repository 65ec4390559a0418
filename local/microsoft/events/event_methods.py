"""Answers single events: create, read, change, delete, and the days of a series one by one."""

from local.microsoft.api import odata, schema
from local.microsoft.api.context import Context
from local.microsoft.calendars import calendar_resource
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.events import attendees, event_resource, validation
from local.microsoft.events.edits import apply, remove
from local.microsoft.events.event_resource import EXTENSION, extension
from local.microsoft.events.expansion import Row, exceptions, occurrence, row
from local.microsoft.model import Item, Seen
from local.microsoft.state import World


def render(context: Context, found: Row) -> Json:
    """An event with the $select and $expand of the request."""
    full = event_resource.event(context.world, found, context.prefs)
    shown = odata.select("event", context.query.get("$select", ""), full)
    for name, inner in odata.expansions(context.query.get("$expand", "")).items():
        shown |= _expanded(context, found, name, inner)
    return shown


def _expanded(context: Context, found: Row, name: str, inner: str) -> Json:
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
                extension(held)
                for key, held in item.extensions.items()
                if not ids_wanted or key in {each.removeprefix(EXTENSION) for each in ids_wanted}
            ]
        }
    if name in {"exceptionOccurrences", "instances"} and item.is_series:
        items = context.world.calendars[item.calendar].items
        changed = exceptions(items).get(item.key, ())
        rows = (occurrence(items, item, each.original) for each in changed)
        shown = [
            event_resource.event(context.world, each, context.prefs) for each in rows if each is not None
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
    """A new event; the same transactionId answers the first event again."""
    seen, given = context.calendar(write=True), context.body
    context.status = 201
    body = validation.created(given)
    transaction = given.get("transactionId") or ""
    known = _known(context.world, seen, transaction)
    if known is not None:
        return _created(context, known)
    owner = seen.calendar.owner
    item = Item(
        key=f"event{context.world.serial()}",
        calendar=seen.calendar.id,
        body=body,
        organizer=owner,
        transaction=transaction,
        properties=validation.extended(given),
        extensions=validation.extensions(given),
    )
    item = context.world.put(item, kind="created")
    attendees.invited(context.world, item)
    if transaction:
        seen.calendar.transactions[transaction] = (item, context.world.now())
    if context.world.settings.bump_after is not None:
        context.world.bumps.append((context.world.now() + context.world.settings.bump_after, item.key))
    return _created(context, item)


def _known(world: World, seen: Seen, transaction: str) -> Item | None:
    if not transaction or transaction not in seen.calendar.transactions:
        return None
    item, at = seen.calendar.transactions[transaction]
    memory = world.settings.transaction_memory
    if memory is not None and world.now() - at > memory:
        return None
    if item.key in seen.calendar.items:
        return seen.calendar.items[item.key]
    return item if world.settings.transaction_outlives_event else None


def _created(context: Context, item: Item) -> Json:
    full = event_resource.event(context.world, row(item), context.prefs)
    context.headers["ETag"] = full["@odata.etag"]
    context.headers["Location"] = f"{context.base}/users/{context.account.oid}/events/{full['id']}"
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | full


def get(context: Context) -> Json:
    """One event."""
    found = context.target(stale=context.world.settings.lag_get)
    context.headers["ETag"] = event_resource.etag(found)
    shown = render(context, found)
    if found.item.is_series and "cancelledOccurrences" in context.query.get("$select", ""):
        master_id = context.world.id_of(found.item, immutable=context.prefs.immutable)
        shown["cancelledOccurrences"] = [f"OID.{master_id}.{day}" for day in sorted(found.item.dropped)]
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | shown


def update(context: Context) -> Json:
    """A changed event; one day of a series becomes an exception."""
    found = context.target(write=True)
    context.need_match(found)
    changed = apply(context.world, found, context.body)
    context.headers["ETag"] = event_resource.etag(changed)
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | event_resource.event(
        context.world, changed, context.prefs
    )


def delete(context: Context) -> None:
    """Delete an event, a series or a day; the organizer's attendees are told."""
    found = context.target(write=True)
    context.need_match(found)
    remove(context.world, found)
    context.status = 204


def cancel(context: Context) -> None:
    """Cancel a meeting with a comment: only the organizer can."""
    schema.check_action("event/cancel", context.body)
    found = context.target(write=True)
    if not found.item.mine:
        message = "Your request can't be completed. You need to be an organizer to cancel a meeting."
        raise invalid("ErrorInvalidRequest", message)
    remove(context.world, found)
    context.status = 202


def calendar_of(context: Context) -> Json:
    """The calendar an event is in."""
    found = context.target()
    for seen in context.world.calendars_of(context.caller.account):
        if seen.calendar.id == found.item.calendar:
            owner = context.world.accounts[seen.calendar.owner]
            return calendar_resource.calendar(context.account, seen, owner)
    raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
