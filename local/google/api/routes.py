"""The table of API methods: which handler answers which method of the Calendar API."""

from collections.abc import Callable
from typing import Any

from local.google.api.context import Context
from local.google.api.paging import OpenListings
from local.google.calendars import calendar_methods, free_busy
from local.google.errors import Json
from local.google.events import event_methods, listing
from local.google.push.channels import Channels

Handler = Callable[[Context], Json | None]


def colors(_context: Context) -> Json:
    """Answer colors.get: the colour palettes, cut down to the entries that clients look up."""
    palette = {str(index): {"background": "#9fe1e7", "foreground": "#1d1d1d"} for index in range(1, 12)}
    wide = palette | {str(index): palette["1"] for index in range(12, 25)}
    return {
        "kind": "calendar#colors",
        "updated": "2012-02-14T00:00:00.000Z",
        "calendar": wide,
        "event": palette,
    }


def handlers(open_listings: OpenListings, channels: Channels) -> dict[str, Handler]:
    """Return the handler of every simulated API method, by the method's id."""
    table: dict[str, Any] = {
        "calendarList.list": lambda context: calendar_methods.list_calendars(context, open_listings),
        "calendarList.get": calendar_methods.get_entry,
        "calendarList.insert": calendar_methods.insert_entry,
        "calendarList.patch": calendar_methods.patch_entry,
        "calendarList.update": calendar_methods.patch_entry,
        "calendarList.delete": calendar_methods.delete_entry,
        "calendarList.watch": channels.watch_list,
        "calendars.get": calendar_methods.get_calendar,
        "calendars.insert": calendar_methods.insert_calendar,
        "calendars.patch": calendar_methods.patch_calendar,
        "calendars.update": calendar_methods.patch_calendar,
        "calendars.delete": calendar_methods.delete_calendar,
        "channels.stop": channels.stop,
        "colors.get": colors,
        "events.list": lambda context: listing.list_events(context, open_listings),
        "events.instances": lambda context: listing.list_instances(context, open_listings),
        "events.get": event_methods.get,
        "events.move": event_methods.move,
        "events.insert": event_methods.insert,
        "events.import": event_methods.import_event,
        "events.update": event_methods.update,
        "events.patch": event_methods.patch,
        "events.delete": event_methods.delete,
        "events.watch": channels.watch_events,
        "freebusy.query": free_busy.query,
    }
    return table
