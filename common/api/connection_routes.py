"""The routes of connections: what every one of them checks, and how a flow becomes a route."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from common.api.conditions import changed, condition, shown
from common.api.connections import (
    CalendarSwitch,
    EventQuery,
    NewConnection,
    SettingsPatch,
    calendar_view,
    calendars_page,
    connection_view,
    event_view,
)
from common.api.guard import own_resource
from common.api.http import Call, Json, Reply
from common.api.models import Model, name, plain, read
from common.api.paging import listed, listing
from common.api.routes import Route, staff
from common.domain.account import Connection
from common.domain.conditions import Condition
from common.domain.overview import window
from common.errors import InvalidRequest, ReadOnly, UnknownResource

if TYPE_CHECKING:
    from common.domain.account import CalendarEntry, Connection
    from common.domain.imports import ImportedEvent
    from common.domain.listing import Page, Window
    from common.ports import Connections, Ports

C = TypeVar("C")
R = TypeVar("R")

ONE = "/<connection>"
LONGEST_LIST = timedelta(days=366)


def guarded(call: Call, connections: Connections) -> Connection:
    """The connection of the path, if this caller may act for its resource.

    Raises:
        UnknownResource: it is not this caller's, which looks the same as not existing.
    """
    connection = connections.get(call.staff.tenant, name(call.path["connection"]))
    own_resource(call, connection.resource)
    return connection


def wish(call: Call) -> dict[str, Any]:
    """Who connects what: the fields of a consent to start."""
    body = read(NewConnection, call.body)
    own_resource(call, body.resource)
    return {"tenant": call.staff.tenant, "subject": call.staff.subject, **body.model_dump()}


def choice(call: Call, ports: Ports) -> dict[str, Any]:
    """Which settings and calendar switches change."""
    connection = guarded(call, ports.connections)
    if "calendar" in call.path:
        switch = read(CalendarSwitch, call.body)
        patch: dict[str, Any] = {"calendars": {call.path["calendar"]: switch.enabled}}
    else:
        patch = read(SettingsPatch, call.body).model_dump(exclude_unset=True)
    calendars = patch.pop("calendars", None) or {}
    unknown = set(calendars) - set(connection.calendars)
    if unknown:
        raise UnknownResource("there is no such calendar")
    return {
        "tenant": call.staff.tenant,
        "connection": connection.id,
        "settings": patch,
        "calendars": calendars,
        "condition": _seen(call),
    }


def _seen(call: Call) -> Condition:
    """The versions of the settings that the caller saw: by ETag, or by the number that the settings show."""
    plain = call.headers.get("If-Match", "").strip('"')
    if plain.isascii() and plain.isdecimal():
        return Condition(versions=frozenset({plain}))
    return condition(call)


def saved(connection: Connection) -> Reply:
    """A connection whose settings were changed, with its new ETag."""
    return changed(*_tagged(connection))


def _tagged(connection: Connection) -> tuple[Json, str]:
    """What staff see of a connection, and the version by which its settings are changed."""
    return connection_view(connection), str(connection.settings.version)


class Routing:
    """Makes the routes of one connection."""

    def __init__(self, ports: Callable[[], Ports]) -> None:
        """``ports`` is asked at each call, not at import."""
        self._ports = ports

    def by(
        self,
        method: str,
        path: str,
        command: Callable[..., C],
        flow: Callable[[Ports, C], R],
        *,
        body: type[Model] | None = None,
        view: Callable[[R], Json] = plain,
        status: int = 200,
    ) -> Route:
        """A route whose flow takes (tenant, connection) and what the body names."""

        def run(call: Call) -> Reply:
            ports = self._ports()
            connection = guarded(call, ports.connections)
            fields = read(body, call.body).model_dump(exclude_unset=True) if body else {}
            result = flow(ports, command(tenant=call.staff.tenant, connection=connection.id, **fields))
            return Reply(view(result), status=status)

        return staff(method, ONE + path, run, body=body is not None)

    def listed(self) -> Route:
        """The connections of the caller's resources."""
        return staff(
            "GET",
            "/",
            listing(self._ports, "connections", lambda outside: outside.lists.connections, connection_view),
        )

    def one(self) -> Route:
        """The connection itself, with its ETag."""
        return staff("GET", ONE, lambda call: shown(call, *_tagged(guarded(call, self._ports().connections))))

    def shown(self, path: str, view: Callable[[Connection], Json]) -> Route:
        """A part of it."""
        return staff("GET", ONE + path, lambda call: Reply(view(guarded(call, self._ports().connections))))

    def calendars(self) -> Route:
        """The account's calendars, the account's own first."""

        def run(call: Call) -> Reply:
            connection = guarded(call, self._ports().connections)
            dedicated = connection.dedicated_calendar

            def view(entry: CalendarEntry) -> Json:
                return calendar_view(entry, dedicated=entry.key == dedicated)

            return listed(call, "calendars", lambda window: calendars_page(connection, window), view)

        return staff("GET", f"{ONE}/calendars", run)

    def events(self) -> tuple[Route, ...]:
        """Imported events: they can be read, and every attempt to change one is refused (C7)."""

        def run(call: Call) -> Reply:
            query = read(EventQuery, call.query)
            if not query.start < query.end:
                raise InvalidRequest("the end comes after the start", code="empty_window")
            asked = window(query.start, query.end, longest=LONGEST_LIST)
            connection = guarded(call, self._ports().connections)
            place, feeds = (connection.tenant, connection.id, query.calendar), self._ports().feeds

            def find(window: Window) -> Page[ImportedEvent]:
                return feeds.page(*place, asked, window)

            return listed(call, "events", find, lambda event: event_view(event, query.tz), query=EventQuery)

        def refuse(call: Call) -> Reply:
            guarded(call, self._ports().connections)
            raise ReadOnly("imported events belong to the external calendar; change them there")

        changing = [staff(verb, f"{ONE}/events/<event>", refuse) for verb in ("PUT", "PATCH", "DELETE")]
        return (staff("GET", f"{ONE}/events", run), *changing)
