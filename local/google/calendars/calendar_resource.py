"""The JSON of calendars and of calendar list entries, as the API shows them."""

from local.google.errors import Json
from local.google.model import Account, Calendar, copy_json


def render_list_entry(calendar: Calendar, account: Account) -> Json:
    """The JSON of a calendar list entry for its account; only id and `deleted` if access is lost (G98)."""
    entry = account.entries[calendar.id]
    role = calendar.role(account.email)
    gone = entry.deleted or calendar.deleted or role == "none"
    shown: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{entry.change:09d}00000"',
        "id": calendar.id,
    }
    if gone:
        return shown | {"deleted": True}
    shown |= {
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "colorId": entry.color_id,
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "accessRole": role,
        "defaultReminders": copy_json(entry.default_reminders),
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    optional = {
        "description": calendar.description,
        "location": calendar.location,
        "summaryOverride": entry.summary_override,
        "selected": entry.selected,
        "hidden": entry.hidden,
        "primary": calendar.primary and calendar.owner == account.email,
        "dataOwner": "" if calendar.primary else calendar.owner,
    }
    return shown | {name: value for name, value in optional.items() if value}


def render_calendar(calendar: Calendar) -> Json:
    """The JSON of a calendar."""
    shown: Json = {
        "kind": "calendar#calendar",
        "etag": f'"{calendar.change:09d}"',
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    optional = {"description": calendar.description, "location": calendar.location}
    optional["dataOwner"] = "" if calendar.primary else calendar.owner
    return shown | {name: value for name, value in optional.items() if value}
