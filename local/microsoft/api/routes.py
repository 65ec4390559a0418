"""Says which handler answers which Graph address, and which permissions it needs."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from local.microsoft.api import schema
from local.microsoft.api.context import Context, Place
from local.microsoft.calendars import calendar_methods, free_busy, mailbox
from local.microsoft.errors import GraphError, Json, bad_request
from local.microsoft.events import event_methods, extensions, listing, responses
from local.microsoft.events.delta import Rounds, delta
from local.microsoft.push import subscriptions
from local.microsoft.push.subscriptions import Subscriptions

Handler = Callable[[Context], Json | None]

WRITE = frozenset({"Calendars.ReadWrite"})
READ = WRITE | {"Calendars.Read"}
BASIC = READ | {"Calendars.ReadBasic"}
ME = frozenset({"User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All"})
SETTINGS_READ = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
SETTINGS_WRITE = frozenset({"MailboxSettings.ReadWrite"})


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a kind of request."""

    method: str
    scopes: frozenset[str]
    handler: Handler
    locked: bool = True
    mailbox: bool = True
    in_calendar: bool = False


def _answer(action: str) -> Handler:
    return lambda context: responses.respond(context, action)


# Verb, address (`cal` is a calendar however it is named), name, permissions, handler.
Entry = tuple[str, str, str, frozenset[str], Handler]
MAILBOX: tuple[Entry, ...] = (
    ("GET", "", "me.get", ME, mailbox.me),
    ("GET", "mailboxSettings", "mailboxSettings.get", SETTINGS_READ, mailbox.settings),
    ("PATCH", "mailboxSettings", "mailboxSettings.update", SETTINGS_WRITE, mailbox.update_settings),
    ("GET", "outlook/supportedTimeZones", "timeZones.list", ME, mailbox.time_zones),
    ("POST", "translateExchangeIds", "ids.translate", READ | ME, mailbox.translate),
    ("GET", "calendars", "calendars.list", BASIC, calendar_methods.list_calendars),
    ("POST", "calendars", "calendars.create", WRITE, calendar_methods.create_calendar),
    ("GET", "calendarGroups", "calendarGroups.list", READ, calendar_methods.list_groups),
    ("GET", "cal", "calendars.get", BASIC, calendar_methods.get_calendar),
    ("PATCH", "cal", "calendars.update", WRITE, calendar_methods.update_calendar),
    ("DELETE", "cal", "calendars.delete", WRITE, calendar_methods.delete_calendar),
    ("POST", "cal/permanentDelete", "calendars.delete", WRITE, calendar_methods.delete_calendar),
    ("POST", "cal/getSchedule", "schedule.get", BASIC, free_busy.get_schedule),
    ("GET", "subscriptions", "subscriptions.list", READ, subscriptions.list_own),
    ("GET", "subscriptions/{other}", "subscriptions.get", READ, subscriptions.get),
    ("DELETE", "subscriptions/{other}", "subscriptions.delete", READ, subscriptions.delete),
)
EXTENSION = "cal/events/{event}/extensions/{other}"
EVENTS: tuple[Entry, ...] = (
    ("GET", "cal/calendarView", "calendarView.list", BASIC, listing.calendar_view),
    ("GET", "cal/events", "events.list", BASIC, listing.list_events),
    ("GET", "cal/events/$count", "events.count", BASIC, listing.count_events),
    ("POST", "cal/events", "events.create", WRITE, event_methods.create),
    ("GET", "cal/events/{event}", "events.get", BASIC, event_methods.get),
    ("PATCH", "cal/events/{event}", "events.update", WRITE, event_methods.update),
    ("DELETE", "cal/events/{event}", "events.delete", WRITE, event_methods.delete),
    ("POST", "cal/events/{event}/permanentDelete", "events.delete", WRITE, event_methods.delete),
    ("GET", "cal/events/{event}/instances", "events.instances", BASIC, listing.instances),
    ("GET", "cal/events/{event}/calendar", "events.calendar", BASIC, event_methods.calendar_of),
    ("POST", "cal/events/{event}/cancel", "events.cancel", WRITE, event_methods.cancel),
    *(
        ("POST", f"cal/events/{{event}}/{action}", f"events.{action}", WRITE, _answer(action))
        for action in responses.ANSWERS
    ),
    ("GET", "cal/events/{event}/extensions", "extensions.list", READ, extensions.list_extensions),
    ("POST", "cal/events/{event}/extensions", "extensions.create", WRITE, extensions.create_extension),
    ("GET", EXTENSION, "extensions.get", READ, extensions.get_extension),
    ("PATCH", EXTENSION, "extensions.update", WRITE, extensions.update_extension),
    ("DELETE", EXTENSION, "extensions.delete", WRITE, extensions.delete_extension),
)
# These wait for a webhook, and lock the world by themselves.
UNLOCKED = frozenset({"subscriptions.create", "subscriptions.update"})


def routes(rounds: Rounds, subscribed: Subscriptions) -> dict[tuple[str, str], Route]:
    """The route of every address that is simulated."""
    renewal, again = "subscriptions/{other}", "subscriptions/{other}/reauthorize"
    stateful: tuple[Entry, ...] = (
        ("GET", "cal/calendarView/delta", "calendarView.delta", READ, lambda context: delta(context, rounds)),
        ("POST", "subscriptions", "subscriptions.create", READ, subscribed.create),
        ("PATCH", renewal, "subscriptions.update", READ, subscribed.renew),
        ("POST", again, "subscriptions.reauthorize", READ, subscribed.reauthorize),
    )
    return {
        (verb, template): Route(
            method,
            scopes,
            handler,
            locked=method not in UNLOCKED,
            mailbox=method != "me.get",
            in_calendar=template.startswith("cal/") or template == "cal",
        )
        for verb, template, method, scopes, handler in (*MAILBOX, *EVENTS, *stateful)
    }


def find(
    table: dict[tuple[str, str], Route], verb: str, path: str, *, names: frozenset[str]
) -> tuple[Route, Place]:
    """The route of a path and where in the mailbox it leads; `names` are the caller's own in /users/."""
    parts = [part for part in _plain(path).split("/") if part]
    if parts[:1] == ["users"] and len(parts) > 1:
        if parts[1].lower() not in names:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        parts = ["me", *parts[2:]]
    schema.options("/" + "/".join(parts), verb)
    template, place = _place(parts)
    route = table.get((verb, template))
    if route is None:
        message = f"The simulator does not implement {verb} {template or 'me'}."
        raise GraphError(501, "NotImplemented", message)
    return route, place


def _plain(path: str) -> str:
    """A path without the optional parts of OData's spelling."""
    for long, short in (("microsoft.graph.", ""), ("()", ""), ("=timeZoneStandard'", "='")):
        path = path.replace(long, short)
    return path.rstrip("/")


def _place(parts: list[str]) -> tuple[str, Place]:
    rest = parts[1:] if parts[:1] == ["me"] else parts
    zones = re.fullmatch(r"supportedTimeZones\((.*)\)", rest[-1]) if rest else None
    if zones or rest[-1:] == ["supportedTimeZones"]:
        return "outlook/supportedTimeZones", Place(other=zones.group(1) if zones else "")
    if rest[:1] == ["subscriptions"]:
        tail = ["{other}", *rest[2:]] if len(rest) > 1 else []
        return "/".join(["subscriptions", *tail]), Place(other=rest[1] if len(rest) > 1 else "")
    if rest[:1] == ["calendarGroups"] and len(rest) > 2:
        rest = rest[2:]
    if rest[:1] == ["calendars"] and len(rest) > 1:
        return _inside(rest[2:], rest[1], scoped=True)
    if rest[:1] == ["calendar"]:
        return _inside(rest[1:], "", scoped=True)
    if rest[:1] in (["events"], ["calendarView"]):
        return _inside(rest, "", scoped=False)
    return "/".join(rest), Place()


def _inside(rest: list[str], calendar: str, *, scoped: bool) -> tuple[str, Place]:
    event = other = ""
    if rest[:1] == ["events"] and len(rest) > 1 and rest[1] not in {"$count", "delta"}:
        event, rest = rest[1], ["events", "{event}", *rest[2:]]
    if rest[2:3] == ["extensions"] and len(rest) > 3:
        other, rest = rest[3], [*rest[:3], "{other}"]
    return "/".join(["cal", *rest]), Place(calendar=calendar, scoped=scoped, event=event, other=other)


def query(path: str, verb: str, given: dict[str, str]) -> dict[str, str]:
    """The query options of a request by their proper names; 400 for one that the path does not have."""
    clean = re.sub(r"^/users/[^/]+", "/me", _plain(path))
    known = {name.lstrip("$").lower(): name for name in schema.options(clean, verb)}
    known |= {name: f"${name}" for name in ("skiptoken", "deltatoken")}
    found = {}
    for name, value in given.items():
        short = name.lstrip("$").lower()
        if short in known:
            found[known[short]] = value
        elif name.startswith("$"):
            raise bad_request(
                f"The query specified in the URI is not valid. Query option '{name}' is unknown."
            )
    return found
