"""The connections' requests and views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from common.api.etags import changed, condition, shown
from common.api.http import Call, Json, Reply
from common.api.models import Email, Id, Instant, Minutes, Model, Text, Zone, moment, path_id, read, to_json
from common.api.paging import ListQuery, list_reply, listing
from common.api.permissions import own_resource
from common.api.routes import Route, staff
from common.domain.calendar.connection import CalendarEntry, Connection, ProviderKind
from common.domain.connect.settings import ImportMode, PrivateMode, Settings
from common.domain.connect.settings_change import LIMITATIONS
from common.domain.privacy.overview import window
from common.domain.shared.paging import Page, PageRequest
from common.domain.shared.preconditions import Condition
from common.domain.sync.imported_events import ImportedEvent
from common.errors import InvalidRequest, ReadOnly, UnknownResource

if TYPE_CHECKING:
    from common.ports import Ports
    from common.store.connect.connections import Connections


Key = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", examples=["5f3b0c1d2e4a69788796a5b4"])]


class NewConnection(Model):
    """POST /connections: who connects what, and where the browser goes afterwards."""

    provider: ProviderKind
    resource: Id
    return_to: Annotated[str, Field(max_length=2000)]
    connection: Id | None = None
    expected_account: Email | None = None


class BusyRulesPatch(Model):
    """The switches of the blocking table."""

    tentative: bool | None = None
    needs_action: bool | None = None
    out_of_office: bool | None = None
    focus_time: bool | None = None
    working_elsewhere: bool | None = None


class ImportPatch(Model):
    """What is copied of external events."""

    on: bool | None = None
    mode: ImportMode | None = None
    private: PrivateMode | None = None
    busy: BusyRulesPatch | None = None


class ExportPatch(Model):
    """How bookings appear in the provider's calendar; ``target`` and ``reminder`` take null."""

    on: bool | None = None
    target: Key | None = None
    dedicated: bool | None = None
    attendee: bool | None = None
    notify: bool | None = None
    auto_accept: bool | None = None
    reminder: Minutes | None = None
    title: Annotated[Text, Field(max_length=300)] | None = None
    description: Text | None = None


class SettingsPatch(Model):
    """PATCH /connections/{id}: only what is named changes."""

    imports: ImportPatch | None = None
    exports: ExportPatch | None = None
    show_events: bool | None = None
    calendars: dict[Key, bool] | None = None


class StartRequest(Model):
    """POST /connections/{id}/sync: invitations go out only if their number is acknowledged."""

    acknowledged_invitations: Annotated[int, Field(ge=0)] | None = None


class ResyncRequest(Model):
    """POST /connections/{id}/resync."""

    calendar: Key | None = None
    full: bool = False


class ReleaseRequest(Model):
    """POST /connections/{id}/release: which calendar's held deletion may go on."""

    calendar: Key


class EventQuery(ListQuery):
    """GET /connections/{id}/events: of one calendar, those that overlap the window."""

    calendar: Key
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    tz: Zone = "UTC"


class CalendarSwitch(Model):
    """PATCH /connections/{id}/calendars/{key}."""

    enabled: bool


def settings_view(settings: Settings) -> Json:
    """All options as they are."""
    imports, exports = settings.imports, settings.exports
    return {
        "imports": {
            "on": imports.on,
            "mode": imports.mode.value,
            "private": imports.private.value,
            "busy": {item.name: getattr(imports.busy, item.name) for item in fields(imports.busy)},
        },
        "exports": {item.name: getattr(exports, item.name) for item in fields(exports)},
        "show_events": settings.show_events,
        "version": settings.version,
    }


def calendar_view(entry: CalendarEntry, *, dedicated: bool = False) -> Json:
    """One calendar of the account."""
    return {
        "key": entry.key,
        "name": entry.name,
        "role": entry.role.value,
        "primary": entry.primary,
        "enabled": entry.enabled,
        "writable": entry.writable,
        "time_zone": entry.zone,
        "dedicated": dedicated,
        "missing_since": moment(entry.missing_since) if entry.missing_since else None,
    }


def connection_view(connection: Connection) -> Json:
    """A connection as staff see it; nothing of the grant."""
    return {
        "id": connection.id,
        "resource": connection.resource,
        "provider": connection.provider.value,
        "limitations": [item.value for item in LIMITATIONS[connection.provider]],
        "account": connection.account,
        "status": connection.status.value,
        "created_at": moment(connection.created_at),
        "settings": settings_view(connection.settings),
        "calendars": calendars_view(connection),
        "waiting_until": moment(connection.waiting_until) if connection.waiting_until else None,
        "error": connection.error,
    }


def calendars_view(connection: Connection) -> Json:
    """The calendars, the account's own first."""
    return [
        calendar_view(entry, dedicated=entry.key == connection.dedicated_calendar)
        for _, entry in _by_place(connection)
    ]


def calendars_page(connection: Connection, window: PageRequest) -> Page[CalendarEntry]:
    """Some of them."""
    left = [item for item in _by_place(connection) if window.after is None or item[0] > window.after]
    shown = left[: window.limit]
    return Page(tuple(entry for _, entry in shown), shown[-1][0] if len(left) > len(shown) else None)


def _by_place(connection: Connection) -> list[tuple[str, CalendarEntry]]:
    entries = connection.calendars.values()
    placed = {f"{0 if entry.primary else 1}{entry.key}": entry for entry in entries}
    return sorted(placed.items(), key=lambda item: item[0])


def event_view(event: ImportedEvent, zone: str) -> Json:
    """An imported event; read-only."""
    return {
        "key": event.key,
        "start": moment(event.interval.start, zone),
        "end": moment(event.interval.end, zone),
        "all_day": event.all_day,
        "blocks": event.blocks,
        "private": event.private,
        "title": event.title,
        "description": event.description,
        "read_only": True,
    }


def consent_view(*, url: str, expires_at: datetime) -> Json:
    """Where the browser goes, and until when it may come back."""
    return {"authorization_url": url, "expires_at": moment(expires_at)}


def receipt_view(connection: Connection) -> Json:
    """What disconnecting did.

    Raises:
        UnknownResource: nothing was disconnected.
    """
    if connection.receipt is None:
        raise UnknownResource("there is no receipt yet", code="no_receipt")
    return {"status": connection.status.value, **to_json(connection.receipt)}


C = TypeVar("C")
R = TypeVar("R")
ONE = "/<connection>"
LONGEST_LIST = timedelta(days=366)


def guarded(call: Call, connections: Connections) -> Connection:
    """The connection of the path, if this caller may act for its resource.

    Raises:
        UnknownResource: it is not this caller's, which looks the same as not existing.
    """
    connection = connections.get(call.staff.tenant, path_id(call.path["connection"]))
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
        view: Callable[[R], Json] = to_json,
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

            return list_reply(call, "calendars", lambda window: calendars_page(connection, window), view)

        return staff("GET", f"{ONE}/calendars", run)

    def events(self) -> tuple[Route, ...]:
        """Imported events: they can be read, and every attempt to change one is refused (C7)."""

        def run(call: Call) -> Reply:
            query = read(EventQuery, call.query)
            if not query.start < query.end:
                raise InvalidRequest("the end comes after the start", code="empty_window")
            asked = window(query.start, query.end, longest=LONGEST_LIST)
            connection = guarded(call, self._ports().connections)
            place, sync_states = (connection.tenant, connection.id, query.calendar), self._ports().sync_states

            def find(window: PageRequest) -> Page[ImportedEvent]:
                return sync_states.page(*place, asked, window)

            return list_reply(
                call, "events", find, lambda event: event_view(event, query.tz), query=EventQuery
            )

        def refuse(call: Call) -> Reply:
            guarded(call, self._ports().connections)
            raise ReadOnly("imported events belong to the external calendar; change them there")

        changing = [staff(verb, f"{ONE}/events/<event>", refuse) for verb in ("PUT", "PATCH", "DELETE")]
        return (staff("GET", f"{ONE}/events", run), *changing)
