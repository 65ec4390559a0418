"""The connections' requests and views."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated

from pydantic import Field

from common.api.http import Json
from common.api.models import Email, Id, Instant, Minutes, Model, Text, Zone, moment, plain
from common.api.paging import ListQuery
from common.domain.account import CalendarEntry, Connection, ProviderKind
from common.domain.imports import ImportedEvent
from common.domain.limitations import LIMITATIONS
from common.domain.listing import Page, Window
from common.domain.settings import ImportMode, PrivateMode, Settings
from common.errors import UnknownResource

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


def calendars_page(connection: Connection, window: Window) -> Page[CalendarEntry]:
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
    return {"status": connection.status.value, **plain(connection.receipt)}
