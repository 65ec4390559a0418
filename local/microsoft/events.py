"""Answers single events: create, read, change, delete, and the days of a series one by one."""

from dataclasses import replace

from local.microsoft import bodies, meetings, metadata, odata, views
from local.microsoft.context import Context
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.expansion import Row, exceptions, occurrence, row
from local.microsoft.model import Item, Seen
from local.microsoft.series import change_day, delete_day
from local.microsoft.world import World


def render(context: Context, found: Row) -> Json:
    """An event with the $select and $expand of the request."""
    full = views.event(context.world, found, context.prefs)
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
        shown = [views.event(context.world, each, context.prefs) for each in rows if each is not None]
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


EXTENSION = "Microsoft.OutlookServices.OpenTypeExtension."


def extension(held: Json) -> Json:
    """An open extension as it is read."""
    kind = {"@odata.type": "#microsoft.graph.openTypeExtension"}
    return kind | {"id": f"{EXTENSION}{held['extensionName']}"} | held


def create(context: Context) -> Json:
    """A new event; the same transactionId answers the first event again."""
    seen, given = context.calendar(write=True), context.body
    context.status = 201
    body = bodies.created(given)
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
        properties=bodies.extended(given),
        extensions=bodies.extensions(given),
    )
    item = context.world.put(item, kind="created")
    meetings.invited(context.world, item)
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
    full = views.event(context.world, row(item), context.prefs)
    context.headers["ETag"] = full["@odata.etag"]
    context.headers["Location"] = f"{context.base}/users/{context.account.oid}/events/{full['id']}"
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | full


def get(context: Context) -> Json:
    """One event."""
    found = context.target(stale=context.world.settings.lag_get)
    context.headers["ETag"] = views.etag(found)
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
    context.headers["ETag"] = views.etag(changed)
    return {"@odata.context": f"{context.base}/$metadata#users/events/$entity"} | views.event(
        context.world, changed, context.prefs
    )


def apply(world: World, found: Row, given: Json) -> Row:
    """Change an event, a series or a day by a PATCH body; attendees are told."""
    if "transactionId" in given and given["transactionId"] != found.item.transaction:
        raise invalid("ErrorInvalidPropertySet", "The transactionId cannot be changed.")
    changes = bodies.checked(given)
    properties = {**found.item.properties, **bodies.extended(given)}
    if found.day:
        return change_day(world, found, changes, properties)
    item = found.item
    body = bodies.aligned(bodies.patched(item.body, _following(item.body, changes)))
    dropped, dropped_at = item.dropped, item.dropped_at
    if item.is_series and any(body[name] != item.body[name] for name in ("start", "end", "recurrence")):
        # A series that is moved loses its exceptions.
        for each in exceptions(world.calendars[item.calendar].items).get(item.key, ()):
            world.drop(each, tell=False, tombstone=False)
        dropped, dropped_at = frozenset(), {}
    changed = replace(item, body=body, properties=properties, dropped=dropped, dropped_at=dropped_at)
    stored = world.put(changed)
    meetings.updated(world, item.body, stored, body, changes)
    return row(stored)


def _following(old: Json, changes: Json) -> Json:
    """A series whose start moves begins on the new day."""
    if "start" not in changes or changes.get("recurrence") or not old.get("recurrence"):
        return changes
    if "recurrence" in changes:
        return changes
    recurrence = old["recurrence"]
    span = recurrence["range"] | {"startDate": changes["start"]["dateTime"][:10]}
    return changes | {"recurrence": {"pattern": recurrence["pattern"], "range": span}}


def delete(context: Context) -> None:
    """Delete an event, a series or a day; the organizer's attendees are told."""
    found = context.target(write=True)
    context.need_match(found)
    remove(context.world, found)
    context.status = 204


def remove(world: World, found: Row, *, tell_attendees: bool = True) -> None:
    """Take an event, a series with its exceptions, or a day out of its calendar."""
    if tell_attendees:
        meetings.cancelled(world, found.item, found.body)
    if found.day:
        delete_day(world, found)
        return
    for each in exceptions(world.calendars[found.item.calendar].items).get(found.item.key, ()):
        world.drop(each, tell=False)
    world.drop(found.item)


def cancel(context: Context) -> None:
    """Cancel a meeting with a comment: only the organizer can."""
    metadata.check_action("event/cancel", context.body)
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
            return views.calendar(context.account, seen, owner)
    raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
