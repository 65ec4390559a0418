"""What requests about connections may say, and what the answers show of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from common.api.etags import condition
from common.api.http import Call, Json, Reply
from common.api.models import (
    FROM_JSON,
    Email,
    Id,
    Instant,
    Minutes,
    Model,
    Text,
    Zone,
    form,
    moment,
    own_resource,
    path_id,
    read,
    to_json,
)
from common.api.paging import ListQuery, list_reply
from common.domain.calendar.connection import (
    LIMITATIONS,
    CalendarEntry,
    CalendarUse,
    Connection,
    ProviderKind,
)
from common.domain.calendar.interval import asked_range
from common.domain.connect.settings import ImportMode, PrivateMode, Settings
from common.domain.connect.settings_change import Patch
from common.domain.shared.concurrency import Condition
from common.domain.shared.paging import Page, PageRequest
from common.domain.sync.imported_events import ImportedEvent
from common.errors import InvalidRequest, UnknownResource

if TYPE_CHECKING:
    from common.ports import Ports
    from common.store.connect import Connections


Key = Annotated[
    str,
    form(
        r"^[0-9a-f]{24}$",
        "the key of a calendar, 24 characters of 0-9 and a-f",
        examples=["5f3b0c1d2e4a69788796a5b4"],
    ),
]


class NewConnection(Model):
    """POST /connections: who connects what, and where the browser goes afterwards."""

    provider: Annotated[ProviderKind, FROM_JSON]
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
    mode: Annotated[ImportMode, FROM_JSON] | None = None
    private: Annotated[PrivateMode, FROM_JSON] | None = None
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
    calendars: dict[Key, Annotated[CalendarUse, FROM_JSON]] | None = None


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


class CalendarChange(Model):
    """PATCH /connections/{id}/calendars/{key}."""

    use: Annotated[CalendarUse, FROM_JSON]


def settings_view(settings: Settings) -> Json:
    """All settings of a connection as they are."""
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
        "use": entry.use.value,
        "writable": entry.writable,
        "time_zone": entry.zone,
        "dedicated": dedicated,
        "missing_since": moment(entry.missing_since) if entry.missing_since else None,
    }


def connection_view(connection: Connection) -> Json:
    """A connection as staff see it: everything but its grant."""
    return {
        "id": connection.id,
        "resource": connection.resource,
        "provider": connection.provider.value,
        "limitations": [item.value for item in LIMITATIONS[connection.provider]],
        "account": connection.account,
        "status": connection.shown_status.value,
        "created_at": moment(connection.created_at),
        "settings": settings_view(connection.settings),
        "calendars": calendars_view(connection),
        "waiting_until": moment(connection.waiting_until) if connection.waiting_until else None,
        "error": connection.doubt.reason if connection.doubt else connection.error,
    }


def calendars_view(connection: Connection) -> Json:
    """The calendars, the account's own first."""
    return [
        calendar_view(entry, dedicated=entry.key == connection.dedicated_calendar)
        for _, entry in _in_order(connection)
    ]


def event_view(event: ImportedEvent, zone: str) -> Json:
    """An imported event, which nobody can change here; its times in ``zone``."""
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
        UnknownResource: Nothing was disconnected (``no_receipt``).
    """
    if connection.receipt is None:
        raise UnknownResource("there is no receipt yet", code="no_receipt")
    return {"status": connection.status.value, **to_json(connection.receipt)}


LONGEST_LIST = timedelta(days=366)


def own_connection(call: Call, connections: Connections) -> Connection:
    """The connection of the path, if this caller may act for its resource.

    Raises:
        UnknownResource: It is not this caller's, which looks the same as not existing.
    """
    connection = connections.get(call.staff.tenant, path_id(call.path["connection"]))
    own_resource(call, connection.resource)
    return connection


def settings_change(call: Call, connection: Connection) -> tuple[Patch, Mapping[str, CalendarUse]]:
    """The settings that a request changes, and what it uses calendars for from now on, by their keys.

    Raises:
        UnknownResource: The connection has no such calendar.
    """
    if "calendar" in call.path:
        settings: Patch = {}
        uses = {call.path["calendar"]: read(CalendarChange, call.body).use}
    else:
        body = read(SettingsPatch, call.body)
        settings = body.model_dump(exclude_unset=True, exclude={"calendars"})
        uses = dict(body.calendars or {})
    if set(uses) - set(connection.calendars):
        raise UnknownResource("there is no such calendar")
    return settings, uses


def seen_settings(call: Call) -> Condition:
    """The versions of the settings that the caller saw: by ETag, or by the number that the settings show.

    Raises:
        InvalidRequest: The headers say something that is no list of entity tags.
    """
    plain = call.headers.get("If-Match", "").strip('"')
    if plain.isascii() and plain.isdecimal():
        return Condition(versions=frozenset({plain}))
    return condition(call)


def tagged(connection: Connection) -> tuple[Json, str]:
    """What staff see of a connection, and the version of its settings, which its ETag begins with."""
    return connection_view(connection), str(connection.settings.version)


def calendar_list(call: Call, connection: Connection) -> Reply:
    """One page of the account's calendars, the account's own first."""

    def view(entry: CalendarEntry) -> Json:
        return calendar_view(entry, dedicated=entry.key == connection.dedicated_calendar)

    return list_reply(call, "calendars", lambda page: _calendars_page(connection, page), view)


def event_list(call: Call, ports: Ports) -> Reply:
    """One page of the imported events of a calendar that overlap the window of the query.

    Raises:
        InvalidRequest: The window ends before it starts (``empty_window``) or is too long.
        UnknownResource: The connection is not this caller's.
    """
    query = read(EventQuery, call.query)
    if not query.start < query.end:
        raise InvalidRequest("the end comes after the start", code="empty_window")
    asked = asked_range(query.start, query.end, longest=LONGEST_LIST)
    connection = own_connection(call, ports.connections)

    def find(page: PageRequest) -> Page[ImportedEvent]:
        return ports.sync_states.page(connection.tenant, connection.id, query.calendar, asked, page)

    return list_reply(call, "events", find, lambda event: event_view(event, query.tz), query=EventQuery)


def _calendars_page(connection: Connection, asked: PageRequest) -> Page[CalendarEntry]:
    entries = _in_order(connection)
    left = [item for item in entries if asked.after is None or item[0] > asked.after]
    shown = left[: asked.limit]
    return Page(tuple(entry for _, entry in shown), shown[-1][0] if len(left) > len(shown) else None)


def _in_order(connection: Connection) -> list[tuple[str, CalendarEntry]]:
    """The calendars by the place at which a list shows them: the account's own first, the others by key."""
    entries = connection.calendars.values()
    placed = {f"{0 if entry.primary else 1}{entry.key}": entry for entry in entries}
    return sorted(placed.items(), key=lambda item: item[0])
