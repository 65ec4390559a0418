"""Says which handler answers which API method."""

from collections.abc import Callable
from typing import Any

from local.google import calendars, freebusy, listing, moves, writes
from local.google.context import Context
from local.google.errors import Json
from local.google.paging import Pages
from local.google.push import Push

Handler = Callable[[Context], Json | None]


def colors(_context: Context) -> Json:
    """The palettes, shortened to the entries that clients look up."""
    palette = {str(index): {"background": "#9fe1e7", "foreground": "#1d1d1d"} for index in range(1, 12)}
    wide = palette | {str(index): palette["1"] for index in range(12, 25)}
    return {
        "kind": "calendar#colors",
        "updated": "2012-02-14T00:00:00.000Z",
        "calendar": wide,
        "event": palette,
    }


def handlers(pages: Pages, push: Push) -> dict[str, Handler]:
    """The handler of every method that is simulated."""
    table: dict[str, Any] = {
        "calendarList.list": lambda context: calendars.list_calendars(context, pages),
        "calendarList.get": calendars.get_entry,
        "calendarList.insert": calendars.insert_entry,
        "calendarList.patch": calendars.patch_entry,
        "calendarList.update": calendars.patch_entry,
        "calendarList.delete": calendars.delete_entry,
        "calendarList.watch": push.watch_list,
        "calendars.get": calendars.get_calendar,
        "calendars.insert": calendars.insert_calendar,
        "calendars.patch": calendars.patch_calendar,
        "calendars.update": calendars.patch_calendar,
        "calendars.delete": calendars.delete_calendar,
        "channels.stop": push.stop,
        "colors.get": colors,
        "events.list": lambda context: listing.list_events(context, pages),
        "events.instances": lambda context: listing.list_instances(context, pages),
        "events.get": moves.get,
        "events.move": moves.move,
        "events.insert": writes.insert,
        "events.import": writes.import_event,
        "events.update": writes.update,
        "events.patch": writes.patch,
        "events.delete": writes.delete,
        "events.watch": push.watch_events,
        "freebusy.query": freebusy.query,
    }
    return table
