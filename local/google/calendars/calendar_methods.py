"""Answers the methods on calendar lists (calendarList.*) and on calendars (calendars.*)."""

from local.google.api import sync_tokens
from local.google.api.context import Context
from local.google.api.paging import OpenListings, page_of
from local.google.api.schema import without_nulls
from local.google.calendars.access import require_owner
from local.google.calendars.calendar_resource import render_calendar, render_list_entry
from local.google.errors import ApiError, Json, forbidden, invalid, not_found
from local.google.model import Account, Calendar, ListEntry, rank
from local.google.state import State
from local.google.times import checked_zone


def list_calendars(context: Context, open_listings: OpenListings) -> Json:
    """Answer calendarList.list: a page of the account's calendars, or of the changes since a sync token."""
    state, query, account = context.state, context.query, _account(context)
    resource = f"list:{account.email}"
    size = min(context.argument("maxResults", 100), 250)
    if token := context.argument("pageToken"):
        listing, offset = open_listings.find(token, resource=resource, query=query)
    else:
        since = -1
        if text := context.argument("syncToken"):
            sync_tokens.check_calendar_list_query(query)
            since = sync_tokens.redeem(
                state, text, resource=resource, account=account.email, epoch=account.list_epoch
            )
        items = _entries(state, account, query, since)
        issued = sync_tokens.issue(
            state, resource=resource, account=account.email, epoch=account.list_epoch, change=state.change
        )
        listing, offset = (
            open_listings.remember(resource=resource, query=query, items=items, sync_token=issued),
            0,
        )
    head = {"kind": "calendar#calendarList", "etag": f'"l{state.change:09d}"'}
    return head | page_of(listing, offset, size, context.page_fault)


def _entries(state: State, account: Account, query: Json, since: int) -> list[Json]:
    items = []
    for entry in sorted(account.entries.values(), key=lambda each: each.change):
        calendar = state.calendars[entry.calendar]
        if entry.change <= since:
            continue
        shown = render_list_entry(calendar, account)
        if since < 0:
            if shown.get("deleted") and not query.get("showDeleted"):
                continue
            if shown.get("hidden") and not query.get("showHidden"):
                continue
            least = query.get("minAccessRole", "freeBusyReader")
            if rank(shown.get("accessRole", "owner")) < rank(least):
                continue
        items.append(shown)
    return items


def get_entry(context: Context) -> Json:
    """Answer calendarList.get: one entry of the account's calendar list."""
    account, calendar = _listed(context)
    shown = render_list_entry(calendar, account)
    context.etag = shown["etag"]
    return shown


def insert_entry(context: Context) -> Json:
    """Answer calendarList.insert: add an existing calendar to the account's list."""
    account, state = _account(context), context.state
    calendar = state.calendar(context.required_text("id"), account.email)
    if calendar.role(account.email) == "none":
        raise not_found()
    add_to_list(state, account, calendar)
    return render_list_entry(calendar, account)


def add_to_list(state: State, account: Account, calendar: Calendar) -> None:
    """Put a calendar on an account's list, or back on it."""
    entry = account.entries.setdefault(calendar.id, ListEntry(calendar.id, 0))
    entry.deleted = False
    state.record_list_change(account, entry)


def patch_entry(context: Context) -> Json:
    """Answer calendarList.patch and update: change how the account's list shows a calendar."""
    account, calendar = _listed(context)
    entry, body = account.entries[calendar.id], without_nulls(context.body)
    entry.selected = bool(body.get("selected", entry.selected))
    entry.hidden = bool(body.get("hidden", entry.hidden))
    entry.summary_override = str(body.get("summaryOverride") or "")
    entry.color_id = str(body.get("colorId", entry.color_id))
    entry.default_reminders = list(body.get("defaultReminders", entry.default_reminders))
    context.state.record_list_change(account, entry)
    return render_list_entry(calendar, account)


def delete_entry(context: Context) -> None:
    """Answer calendarList.delete: take a calendar off the account's list; the calendar itself stays."""
    account, calendar = _listed(context)
    if calendar.primary and calendar.owner == account.email:
        raise forbidden()
    entry = account.entries[calendar.id]
    entry.deleted = True
    context.state.record_list_change(account, entry)


def get_calendar(context: Context) -> Json:
    """Answer calendars.get: the data of a calendar that everybody sees."""
    calendar, _ = context.calendar()
    shown = render_calendar(calendar)
    context.etag = shown["etag"]
    return shown


def insert_calendar(context: Context) -> Json:
    """Answer calendars.insert: create a secondary calendar that the caller owns and lists."""
    summary = context.required_text("summary")
    account = _account(context)
    body = context.body
    time_zone = _checked_zone(context, body.get("timeZone") or account.time_zone)
    calendar = make_calendar(
        context.state, account, summary=summary, time_zone=time_zone, made_by=context.caller.project
    )
    if (delay := context.state.settings.fresh_calendar_delay) is not None:
        calendar.usable_from = context.state.now() + delay
    calendar.description, calendar.location = str(body.get("description", "")), str(body.get("location", ""))
    return render_calendar(calendar)


def _checked_zone(context: Context, name: str) -> str:
    if name in context.state.settings.unknown_zones:  # G51
        raise invalid("Invalid time zone definition.", "timeZone")
    return checked_zone(name)


def make_calendar(
    state: State, account: Account, *, summary: str, time_zone: str, made_by: str = "", calendar_id: str = ""
) -> Calendar:
    """Create a secondary calendar; 403 if an app has created too many for this owner."""
    # https://support.google.com/a/answer/2905486: about 60 in a short time (G99).
    limit = 60
    if made_by and sum(1 for each in state.calendars.values() if each.owner == account.email) > limit:
        raise ApiError(403, "quotaExceeded", "Calendar usage limits exceeded.", domain="usageLimits")
    found = calendar_id or f"c_{state.serial():032x}@group.calendar.google.com"
    calendar = Calendar(found, summary, time_zone, account.email, made_by=made_by, updated=state.tick())
    state.calendars[found] = calendar
    add_to_list(state, account, calendar)
    return calendar


def patch_calendar(context: Context) -> Json:
    """Answer calendars.patch and update: change name, description, place or time zone of a calendar.

    Lists of calendars do not report it (G136).
    """
    calendar, role = context.calendar()
    require_owner(role)
    cleared = {name: "" for name in ("description", "location") if context.body.get(name, "") is None}
    body = without_nulls(context.body) | cleared
    if body.get("timeZone"):
        calendar.time_zone = _checked_zone(context, body["timeZone"])
    calendar.summary = str(body.get("summary", calendar.summary))
    calendar.description = str(body.get("description", calendar.description))
    calendar.location = str(body.get("location", calendar.location))
    calendar.updated, calendar.change = context.state.tick(), context.state.next_change()
    return render_calendar(calendar)


def delete_calendar(context: Context) -> None:
    """Answer calendars.delete: delete a secondary calendar for everybody; only its owner may."""
    calendar, role = context.calendar()
    require_owner(role)
    if calendar.owner != context.caller.account or calendar.primary:
        raise forbidden("You are not allowed to delete this calendar.")
    drop_calendar(context.state, calendar)


def drop_calendar(state: State, calendar: Calendar) -> None:
    """Mark a calendar as deleted; every calendar list reports it as deleted."""
    calendar.deleted = True
    if state.settings.deleted_calendars_pushed:
        state.on_deletion(f"calendar:{calendar.id}")
    for account in state.accounts.values():
        if calendar.id in account.entries:
            account.entries[calendar.id].deleted = True
            state.record_list_change(account, account.entries[calendar.id])


def _account(context: Context) -> Account:
    return context.state.accounts[context.caller.account]


def _listed(context: Context) -> tuple[Account, Calendar]:
    account = _account(context)
    calendar, _ = context.calendar()
    entry = account.entries.get(calendar.id)
    if entry is None or entry.deleted:
        raise not_found()
    return account, calendar
