"""The table of Graph addresses: which handler answers, and which permissions it needs.

The permissions are those of each method's page, as https://learn.microsoft.com/graph/api/user-post-events
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from local.microsoft.api import schema
from local.microsoft.api.context import Context, PathTarget
from local.microsoft.calendars import calendar_methods, free_busy, mailbox
from local.microsoft.errors import GraphError, Json, bad_request
from local.microsoft.events import event_methods, extensions, listing, responses
from local.microsoft.events.delta import DeltaRounds, delta
from local.microsoft.push import subscriptions
from local.microsoft.push.subscriptions import Subscriptions

Handler = Callable[[Context], Json | None]

WRITE_SCOPES = frozenset({"Calendars.ReadWrite"})
READ_SCOPES = WRITE_SCOPES | {"Calendars.Read"}
BASIC_SCOPES = READ_SCOPES | {"Calendars.ReadBasic"}
PROFILE_SCOPES = frozenset({"User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All"})
SETTINGS_READ = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
SETTINGS_WRITE = frozenset({"MailboxSettings.ReadWrite"})


@dataclass(frozen=True, slots=True)
class Route:
    """The handler of an address, its name in fault scripts and logs, and the permissions that it needs.

    `locked`: the state's lock is held while it runs; `mailbox`: it needs a working mailbox.
    """

    method: str
    scopes: frozenset[str]
    handler: Handler
    locked: bool = True
    mailbox: bool = True
    in_calendar: bool = False


def _respond_with(action: str) -> Handler:
    return lambda context: responses.respond(context, action)


# Verb, address (`cal` is a calendar however it is named), name, permissions, handler.
RouteEntry = tuple[str, str, str, frozenset[str], Handler]
MAILBOX: tuple[RouteEntry, ...] = (
    ("GET", "", "me.get", PROFILE_SCOPES, mailbox.me),
    ("GET", "mailboxSettings", "mailboxSettings.get", SETTINGS_READ, mailbox.settings),
    ("PATCH", "mailboxSettings", "mailboxSettings.update", SETTINGS_WRITE, mailbox.update_settings),
    ("GET", "outlook/supportedTimeZones", "timeZones.list", PROFILE_SCOPES, mailbox.time_zones),
    ("POST", "translateExchangeIds", "ids.translate", READ_SCOPES | PROFILE_SCOPES, mailbox.translate),
    ("GET", "calendars", "calendars.list", BASIC_SCOPES, calendar_methods.list_calendars),
    ("POST", "calendars", "calendars.create", WRITE_SCOPES, calendar_methods.create_calendar),
    ("GET", "calendarGroups", "calendarGroups.list", READ_SCOPES, calendar_methods.list_groups),
    ("GET", "cal", "calendars.get", BASIC_SCOPES, calendar_methods.get_calendar),
    ("PATCH", "cal", "calendars.update", WRITE_SCOPES, calendar_methods.update_calendar),
    ("DELETE", "cal", "calendars.delete", WRITE_SCOPES, calendar_methods.delete_calendar),
    ("POST", "cal/permanentDelete", "calendars.delete", WRITE_SCOPES, calendar_methods.delete_calendar),
    ("POST", "cal/getSchedule", "schedule.get", BASIC_SCOPES, free_busy.get_schedule),
    ("GET", "subscriptions", "subscriptions.list", READ_SCOPES, subscriptions.list_own),
    ("GET", "subscriptions/{other}", "subscriptions.get", READ_SCOPES, subscriptions.get),
    ("DELETE", "subscriptions/{other}", "subscriptions.delete", READ_SCOPES, subscriptions.delete),
)
EXTENSION_PATH = "cal/events/{event}/extensions/{other}"
EVENTS: tuple[RouteEntry, ...] = (
    ("GET", "cal/calendarView", "calendarView.list", BASIC_SCOPES, listing.calendar_view),
    ("GET", "cal/events", "events.list", BASIC_SCOPES, listing.list_events),
    ("GET", "cal/events/$count", "events.count", BASIC_SCOPES, listing.count_events),
    ("POST", "cal/events", "events.create", WRITE_SCOPES, event_methods.create),
    ("GET", "cal/events/{event}", "events.get", BASIC_SCOPES, event_methods.get),
    ("PATCH", "cal/events/{event}", "events.update", WRITE_SCOPES, event_methods.update),
    ("DELETE", "cal/events/{event}", "events.delete", WRITE_SCOPES, event_methods.delete),
    ("POST", "cal/events/{event}/permanentDelete", "events.delete", WRITE_SCOPES, event_methods.delete),
    ("GET", "cal/events/{event}/instances", "events.instances", BASIC_SCOPES, listing.instances),
    ("GET", "cal/events/{event}/calendar", "events.calendar", BASIC_SCOPES, event_methods.calendar_of),
    ("POST", "cal/events/{event}/cancel", "events.cancel", WRITE_SCOPES, event_methods.cancel),
    *(
        ("POST", f"cal/events/{{event}}/{action}", f"events.{action}", WRITE_SCOPES, _respond_with(action))
        for action in responses.RESPONSES
    ),
    ("GET", "cal/events/{event}/extensions", "extensions.list", READ_SCOPES, extensions.list_extensions),
    ("POST", "cal/events/{event}/extensions", "extensions.create", WRITE_SCOPES, extensions.create_extension),
    ("GET", EXTENSION_PATH, "extensions.get", READ_SCOPES, extensions.get_extension),
    ("PATCH", EXTENSION_PATH, "extensions.update", WRITE_SCOPES, extensions.update_extension),
    ("DELETE", EXTENSION_PATH, "extensions.delete", WRITE_SCOPES, extensions.delete_extension),
)
# These wait for the answer of a webhook, so they take the state's lock by themselves.
UNLOCKED = frozenset({"subscriptions.create", "subscriptions.update"})


def routes(rounds: DeltaRounds, subscription_methods: Subscriptions) -> dict[tuple[str, str], Route]:
    """Return the route of every simulated address, by HTTP verb and path template."""
    renewal, again = "subscriptions/{other}", "subscriptions/{other}/reauthorize"
    stateful: tuple[RouteEntry, ...] = (
        # Fact M21: not on the page of v1.0 for a named calendar, but it works.
        (
            "GET",
            "cal/calendarView/delta",
            "calendarView.delta",
            READ_SCOPES,
            lambda context: delta(context, rounds),
        ),
        ("POST", "subscriptions", "subscriptions.create", READ_SCOPES, subscription_methods.create),
        ("PATCH", renewal, "subscriptions.update", READ_SCOPES, subscription_methods.renew),
        ("POST", again, "subscriptions.reauthorize", READ_SCOPES, subscription_methods.reauthorize),
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


def find_route(
    table: dict[tuple[str, str], Route], verb: str, path: str, *, names: frozenset[str]
) -> tuple[Route, PathTarget]:
    """Find the route of a path and the ids in it; 404, 405 or 501 if there is none.

    `names` are the names by which the caller may write its own mailbox in /users/.
    """
    parts = [part for part in _without_odata_spelling(path).split("/") if part]
    if parts[:1] == ["users"] and len(parts) > 1:
        if parts[1].lower() not in names:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        parts = ["me", *parts[2:]]
    schema.options("/" + "/".join(parts), verb)
    template, path_target = _path_target(parts)
    route = table.get((verb, template))
    if route is None:
        message = f"The simulator does not implement {verb} {template or 'me'}."
        raise GraphError(501, "NotImplemented", message)
    return route, path_target


def _without_odata_spelling(path: str) -> str:
    """A path without the optional parts of OData's spelling."""
    for long, short in (("microsoft.graph.", ""), ("()", ""), ("=timeZoneStandard'", "='")):
        path = path.replace(long, short)
    return path.rstrip("/")


def _path_target(parts: list[str]) -> tuple[str, PathTarget]:
    rest = parts[1:] if parts[:1] == ["me"] else parts
    zones = re.fullmatch(r"supportedTimeZones\((.*)\)", rest[-1]) if rest else None
    if zones or rest[-1:] == ["supportedTimeZones"]:
        return "outlook/supportedTimeZones", PathTarget(other=zones.group(1) if zones else "")
    if rest[:1] == ["subscriptions"]:
        tail = ["{other}", *rest[2:]] if len(rest) > 1 else []
        return "/".join(["subscriptions", *tail]), PathTarget(other=rest[1] if len(rest) > 1 else "")
    if rest[:1] == ["calendarGroups"] and len(rest) > 2:
        rest = rest[2:]
    if rest[:1] == ["calendars"] and len(rest) > 1:
        return _calendar_target(rest[2:], rest[1], scoped=True)
    if rest[:1] == ["calendar"]:
        return _calendar_target(rest[1:], "", scoped=True)
    if rest[:1] in (["events"], ["calendarView"]):
        return _calendar_target(rest, "", scoped=False)
    return "/".join(rest), PathTarget()


def _calendar_target(rest: list[str], calendar: str, *, scoped: bool) -> tuple[str, PathTarget]:
    event = other = ""
    if rest[:1] == ["events"] and len(rest) > 1 and rest[1] not in {"$count", "delta"}:
        event, rest = rest[1], ["events", "{event}", *rest[2:]]
    if rest[2:3] == ["extensions"] and len(rest) > 3:
        other, rest = rest[3], [*rest[:3], "{other}"]
    return "/".join(["cal", *rest]), PathTarget(calendar=calendar, scoped=scoped, event=event, other=other)


def query_options(path: str, verb: str, given: dict[str, str]) -> dict[str, str]:
    """Return the query options by their proper names; 400 for an option that the path does not have."""
    clean = re.sub(r"^/users/[^/]+", "/me", _without_odata_spelling(path))
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
