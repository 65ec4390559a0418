"""Answers getSchedule: when the people of an organization are busy.

Each person's default calendar is given as digits (availabilityView) and as a list of items.
https://learn.microsoft.com/graph/api/resources/scheduleinformation
"""

from datetime import timedelta

from local.microsoft.api import schema
from local.microsoft.api.context import Context
from local.microsoft.calendars.mailbox import working_hours
from local.microsoft.errors import GraphError, Json, invalid
from local.microsoft.events.expansion import ListedEvent, Window, listed_events
from local.microsoft.times import date_time_time_zone, to_moment

DIGITS = {"free": "0", "workingElsewhere": "0", "tentative": "1", "busy": "2", "oof": "3", "unknown": "0"}
MOST_SCHEDULES, LONGEST_WINDOW, MOST_ITEMS = 20, timedelta(days=62), 1000


def get_schedule(context: Context) -> Json:
    """Answer getSchedule; 403 for personal accounts, which do not have it."""
    # https://learn.microsoft.com/graph/api/calendar-getschedule: not for personal accounts (fact M110)
    if context.account.personal:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    body = context.body
    schema.check_action("calendar/getSchedule", body)
    wanted, interval = body.get("schedules"), body.get("availabilityViewInterval", 30)
    if not isinstance(wanted, list) or not body.get("startTime") or not body.get("endTime"):
        raise invalid("ErrorInvalidParameter", "schedules, startTime and endTime are required.")
    if len(wanted) > MOST_SCHEDULES:
        # Fact M106.
        raise invalid("ErrorMailboxDataArrayTooBig", "At most 20 schedules can be asked for.")
    if interval is None or not 5 <= interval <= 1440:
        raise invalid("ErrorInvalidMergedFreeBusyInterval", "The interval must be from 5 to 1440 minutes.")
    window = Window(to_moment(body["startTime"]), to_moment(body["endTime"]))
    if window.end <= window.start:
        raise invalid("ErrorInvalidTimeInterval", "The requested time interval is not allowed.")
    if window.end - window.start > LONGEST_WINDOW:
        # Fact M109.
        raise invalid("ErrorTimeIntervalTooBig", "The requested time interval is longer than 62 days.")
    kind = f"{context.base}/$metadata#Collection(microsoft.graph.scheduleInformation)"
    value = [_schedule(context, str(each), window, timedelta(minutes=interval)) for each in wanted]
    return {"@odata.context": kind, "value": value}


def _schedule(context: Context, address: str, window: Window, step: timedelta) -> Json:
    account = context.state.accounts.get(address.lower())
    if account is None or account.personal or account.tenant != context.account.tenant:
        # Fact M107: an error inside an answer of 200.
        missing = {"message": "No such mailbox.", "responseCode": "ErrorMailRecipientNotFound"}
        return {"scheduleId": address, "error": missing}
    calendar = context.state.default_calendar(account.email)
    found = sorted(listed_events(context.state.visible(calendar).items, window), key=lambda each: each.start)
    # A cancelled event that stayed in the calendar blocks no time.
    found = [each for each in found if not each.body.get("isCancelled")]
    if len(found) > MOST_ITEMS:
        error = {"message": "The calendar holds too many entries.", "responseCode": "5006"}
        return {"scheduleId": address, "error": error}
    return {
        "scheduleId": address,
        "availabilityView": _availability_view(found, window, step),
        "scheduleItems": [_schedule_item(context, each, own=account is context.account) for each in found],
        "workingHours": working_hours(account.time_zone),
    }


def _availability_view(found: list[ListedEvent], window: Window, step: timedelta) -> str:
    digits, moment = "", window.start
    while moment < window.end:
        interval_window = Window(moment, moment + step)
        digits += max(
            (_availability_digit(each) for each in found if interval_window.overlaps(each.start, each.end)),
            default="0",
        )
        moment += step
    return digits


def _availability_digit(found: ListedEvent) -> str:
    return DIGITS[found.body.get("showAs") or "busy"]


def _schedule_item(context: Context, found: ListedEvent, *, own: bool) -> Json:
    """One entry of a schedule; all-day events are real moments here, unlike in calendarView."""
    zone = context.preferences.zone
    private = found.body.get("sensitivity") in {"private", "confidential"}
    made: Json = {
        "isPrivate": private,
        "status": found.body.get("showAs") or "busy",
        "start": date_time_time_zone(found.start, zone),
        "end": date_time_time_zone(found.end, zone),
    }
    if own and not private:
        made["subject"] = found.body.get("subject") or ""
        made["location"] = (found.body.get("location") or {}).get("displayName") or ""
    return made
