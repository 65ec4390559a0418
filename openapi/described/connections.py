"""Operations and answers of the function ``connections``."""

from __future__ import annotations

from common.api.connections import (
    CalendarChange,
    EventQuery,
    NewConnection,
    ReleaseRequest,
    ResyncRequest,
    SettingsPatch,
    StartRequest,
)
from common.api.paging import ListQuery
from common.domain.calendar.connection import SyncRun
from common.flows.connect.health import Health
from common.flows.sync.initial_sync import Progress
from common.flows.sync.preview import Preview
from openapi.described.connection_models import (
    CalendarList,
    Connection,
    ConnectionList,
    Consent,
    DisconnectReceipt,
    EventList,
)
from openapi.fields import Key
from openapi.operation import Operation, Response
from openapi.problems import PROVIDER, USABLE
from openapi.record_responses import NONE_MATCH, PAGE, change_responses, read_responses

SUMMARY = "Connects calendars, chooses what is synchronised, starts it, shows how it goes, and disconnects."
BUSY = ("busy_connection", "busy_calendar")
SETTINGS = (
    *("dedicated_calendar", "calendar_not_writable", "invalid_settings", "invalid_reminder", "disconnected"),
    *("unknown_placeholder", "template_too_long", "unknown_calendar", "invalid_version", "stale_version"),
    "scope_missing",
    *BUSY,
)
COUNT = Response(int, "How many deletions were held.", example=60)
KEYS = Response(list[Key], "The calendars that are looked at.", example=["5f3b0c1d2e4a69788796a5b4"])

OPERATIONS = (
    Operation(
        "POST /",
        "createConnection",
        "Begin to connect a calendar",
        {201: Consent},
        body=NewConnection,
        errors=(
            "not_found",
            "unknown_provider",
            "unknown_return_address",
            "other_connection",
            "disconnected",
        ),
    ),
    Operation(
        "GET /", "listConnections", "All connections", {200: ConnectionList}, query=ListQuery, errors=PAGE
    ),
    Operation(
        "GET /<connection>",
        "getConnection",
        "One connection",
        read_responses(Connection),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PATCH /<connection>",
        "changeConnection",
        "Change settings",
        change_responses(Connection),
        body=SettingsPatch,
        headers=("If-Match",),
        errors=SETTINGS,
    ),
    Operation(
        "DELETE /<connection>", "disconnect", "Disconnect", {202: Connection}, errors=(*BUSY, "disconnected")
    ),
    Operation(
        "GET /<connection>/calendars",
        "listCalendars",
        "The calendars",
        {200: CalendarList},
        query=ListQuery,
        errors=PAGE,
    ),
    Operation(
        "POST /<connection>/calendars",
        "refreshCalendars",
        "Read the list of calendars again",
        {200: Connection},
        errors=(*PROVIDER, *USABLE, *BUSY),
    ),
    Operation(
        "PATCH /<connection>/calendars/<calendar>",
        "changeCalendar",
        "Import a calendar, only check it for conflicts, or neither",
        change_responses(Connection),
        body=CalendarChange,
        headers=("If-Match",),
        errors=SETTINGS,
        description="Events of imported and of checked calendars block bookable time; all others are neither"
        " asked nor copied. After connecting, the account's own calendar is imported and no other is used.",
    ),
    Operation(
        "GET /<connection>/preview",
        "previewSync",
        "What a first synchronisation would do",
        {200: Preview},
        errors=(*PROVIDER, *USABLE),
    ),
    Operation(
        "POST /<connection>/sync",
        "startSync",
        "Start the first synchronisation",
        {202: SyncRun},
        body=StartRequest,
        errors=(*USABLE, *BUSY, "sync_running", "invitations_changed"),
    ),
    Operation(
        "DELETE /<connection>/sync",
        "cancelSync",
        "Cancel it",
        {200: SyncRun},
        errors=(*BUSY, "no_sync", "sync_done"),
    ),
    Operation("GET /<connection>/progress", "getProgress", "How far it is", {200: Progress}),
    Operation(
        "GET /<connection>/receipt",
        "getDisconnectReceipt",
        "What disconnecting did",
        {200: DisconnectReceipt},
        errors=("no_receipt",),
    ),
    Operation("GET /<connection>/health", "getHealth", "How up to date each calendar is", {200: Health}),
    Operation(
        "POST /<connection>/resync",
        "resync",
        "Look at the calendars now",
        {202: KEYS},
        body=ResyncRequest,
        errors=(*USABLE, *BUSY, "no_sync", "unknown_calendar"),
    ),
    Operation(
        "POST /<connection>/release",
        "releaseHeld",
        "Let held deletions go on",
        {202: COUNT},
        body=ReleaseRequest,
        errors=(*BUSY, "nothing_held"),
    ),
    Operation(
        "GET /<connection>/events",
        "listEvents",
        "Imported events",
        {200: EventList},
        query=EventQuery,
        errors=("empty_window", "window", "window_too_long", *PAGE),
    ),
    *(
        Operation(
            f"{method} /<connection>/events/<event>",
            f"{method.lower()}Event",
            "Refused: imported events are changed in the external calendar",
            {},
            errors=("read_only",),
        )
        for method in ("PUT", "PATCH", "DELETE")
    ),
)
