"""Answers the methods on calendars: list, read, create, rename and delete."""

from local.microsoft import ids
from local.microsoft.api import odata, schema
from local.microsoft.api.context import Context
from local.microsoft.api.paging import next_link, number, page_size
from local.microsoft.calendars import calendar_resource
from local.microsoft.errors import GraphError, Json, bad_request, invalid
from local.microsoft.model import Calendar, MailboxCalendar
from local.microsoft.state import State


def _shown(context: Context, mailbox_calendar: MailboxCalendar) -> Json:
    owner = context.state.accounts[mailbox_calendar.calendar.owner]
    full = calendar_resource.render_calendar(context.account, mailbox_calendar, owner)
    if context.state.settings.calendar_ids_by_header and not context.preferences.immutable:
        full["id"] = ids.plain_calendar_id(full["id"])
    return odata.select("calendar", context.query.get("$select", ""), full)


def _context_of(context: Context, rest: str = "") -> Json:
    return {"@odata.context": f"{context.base}/$metadata#users('{context.account.oid}')/calendars{rest}"}


def list_calendars(context: Context) -> Json:
    """Answer the list of calendars: those of the mailbox and those shared with it, by pages."""
    found = context.state.calendars_of(context.caller.account)
    if context.query.get("$filter") or context.query.get("$orderby"):
        raise bad_request("The simulator filters and orders events only.")
    skip, size = number(context.query.get("$skip", "0"), "$skip"), page_size(context)
    if context.page_fault == "empty":
        size = 0
    made = _context_of(context) | {"value": [_shown(context, each) for each in found[skip : skip + size]]}
    if len(found) > skip + size:
        made["@odata.nextLink"] = next_link(context, skip + size)
    return made


def get_calendar(context: Context) -> Json:
    """Answer one calendar."""
    return _context_of(context, "/$entity") | _shown(context, context.calendar())


def make_calendar(
    state: State, account: str, name: str, *, color: str = "auto", default: bool = False
) -> Calendar:
    """Create an empty calendar in a mailbox."""
    calendar = Calendar(ids.calendar_id(account, state.serial()), name, account, default=default, color=color)
    calendar.change = state.next_change()
    state.calendars[calendar.id] = calendar
    return calendar


def create_calendar(context: Context) -> Json:
    """Answer the creation of a calendar; 409 if the mailbox has one with this name."""
    schema.check_body("calendar", context.body)
    name = context.body.get("name")
    if not name:
        raise invalid("ErrorInvalidParameter", "The Name property is required.")
    _need_free_name(context, name)
    calendar = make_calendar(
        context.state, context.caller.account, name, color=context.body.get("color") or "auto"
    )
    context.status = 201
    return _context_of(context, "/$entity") | _shown(
        context, MailboxCalendar(calendar, calendar.id, can_edit=True, own=True)
    )


def _need_free_name(context: Context, name: str) -> None:
    own = (each for each in context.state.calendars_of(context.caller.account) if each.own)
    if any(each.calendar.name.lower() == name.lower() for each in own):
        # Fact M105.
        raise GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")


def update_calendar(context: Context) -> Json:
    """Answer a change of a calendar's name or colour."""
    schema.check_body("calendar", context.body)
    mailbox_calendar = context.calendar(write=True)
    name = context.body.get("name")
    if name and name != mailbox_calendar.calendar.name:
        _need_free_name(context, name)
        mailbox_calendar.calendar.name = name
    mailbox_calendar.calendar.color = context.body.get("color") or mailbox_calendar.calendar.color
    mailbox_calendar.calendar.change = context.state.next_change()
    return _context_of(context, "/$entity") | _shown(context, mailbox_calendar)


def delete_calendar(context: Context) -> None:
    """Answer the deletion of a calendar with its events; the default calendar cannot be deleted.

    https://learn.microsoft.com/graph/api/calendar-delete
    """
    mailbox_calendar = context.calendar()
    if not mailbox_calendar.own:
        context.account.shared.pop(mailbox_calendar.id)
    elif mailbox_calendar.calendar.default:
        raise invalid("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    else:
        drop_calendar(context.state, mailbox_calendar.calendar)
    context.status = 204


def drop_calendar(state: State, calendar: Calendar) -> None:
    """Delete a calendar and everything in it."""
    for item in list(calendar.items.values()):
        state.remove(item, notify=not item.series)
    calendar.deleted = True


def list_groups(context: Context) -> Json:
    """Answer the list of calendar groups: the one that every mailbox has."""
    return {"@odata.context": f"{context.base}/$metadata#me/calendarGroups", "value": [_group(context)]}


def _group(context: Context) -> Json:
    return {
        "id": ids.calendar_id(context.caller.account, 0),
        "name": "My Calendars",
        "classId": "0006f0b7-0000-0000-c000-000000000046",
        "changeKey": ids.change_key(0),
    }
