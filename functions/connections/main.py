"""Connects calendars, chooses what is synchronised, starts it, shows how it goes, and disconnects."""

import functions_framework
from flask import Request, Response

from common.api import connections as api
from common.api.connections import connection_view, own_connection
from common.api.etags import changed, shown
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import own_resource, read, to_json
from common.api.paging import list_reply
from common.api.routes import staff
from common.domain.calendar.connection import Connection
from common.domain.shared.task_records import RefreshCalendars
from common.errors import ReadOnly
from common.flows.connect.calendars import refresh_calendars
from common.flows.connect.consent import start_consent
from common.flows.connect.disconnect import start_disconnect
from common.flows.connect.health import read_health
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import (
    cancel_sync,
    read_progress,
    start_sync,
)
from common.flows.sync.preview import preview_sync
from common.flows.sync.resync import release_held, resync
from common.wiring import installation, ports


def _own(call: Call) -> Connection:
    return own_connection(call, ports().connections)


def _start_consent(call: Call) -> Reply:
    body = read(api.NewConnection, call.body)
    consent = start_consent(
        ports(),
        tenant=call.staff.tenant,
        resource=own_resource(call, body.resource),
        provider=body.provider,
        subject=call.staff.subject,
        return_to=body.return_to,
        connection=body.connection,
        expected_account=body.expected_account,
    )
    return Reply(api.consent_view(url=consent.url, expires_at=consent.expires_at), status=201)


def _list_connections(call: Call) -> Reply:
    lists, tenant = ports().lists, call.staff.tenant
    return list_reply(call, "connections", lambda page: lists.connections(tenant, page), connection_view)


def _read_connection(call: Call) -> Reply:
    return shown(call, *api.tagged(_own(call)))


def _change_settings(call: Call) -> Reply:
    found = _own(call)
    settings, calendars = api.settings_change(call, found)
    saved = change_settings(
        ports(),
        tenant=found.tenant,
        connection=found.id,
        settings=settings,
        calendars=calendars,
        condition=api.seen_settings(call),
    )
    return changed(*api.tagged(saved))


def _disconnect(call: Call) -> Reply:
    found = _own(call)
    ended = start_disconnect(ports(), tenant=found.tenant, connection=found.id)
    return Reply(connection_view(ended), status=202)


def _list_calendars(call: Call) -> Reply:
    return api.calendar_list(call, _own(call))


def _refresh_calendars(call: Call) -> Reply:
    found = _own(call)
    return Reply(connection_view(refresh_calendars(ports(), RefreshCalendars(found.tenant, found.id))))


def _preview(call: Call) -> Reply:
    found = _own(call)
    return Reply(to_json(preview_sync(ports(), tenant=found.tenant, connection=found.id)))


def _start_sync(call: Call) -> Reply:
    found = _own(call)
    acknowledged = read(api.StartRequest, call.body).acknowledged_invitations
    run = start_sync(
        ports(),
        tenant=found.tenant,
        connection=found.id,
        acknowledged_invitations=acknowledged,
    )
    return Reply(to_json(run), status=202)


def _cancel_sync(call: Call) -> Reply:
    found = _own(call)
    return Reply(to_json(cancel_sync(ports(), tenant=found.tenant, connection=found.id)))


def _read_progress(call: Call) -> Reply:
    found = _own(call)
    return Reply(to_json(read_progress(ports(), tenant=found.tenant, connection=found.id)))


def _read_receipt(call: Call) -> Reply:
    return Reply(api.receipt_view(_own(call)))


def _read_health(call: Call) -> Reply:
    found = _own(call)
    return Reply(to_json(read_health(ports(), tenant=found.tenant, connection=found.id)))


def _resync(call: Call) -> Reply:
    found = _own(call)
    body = read(api.ResyncRequest, call.body)
    keys = resync(
        ports(),
        tenant=found.tenant,
        connection=found.id,
        calendar=body.calendar,
        full=body.full,
    )
    return Reply(to_json(keys), status=202)


def _release_held(call: Call) -> Reply:
    found = _own(call)
    calendar = read(api.ReleaseRequest, call.body).calendar
    held = release_held(ports(), tenant=found.tenant, connection=found.id, calendar=calendar)
    return Reply(to_json(held), status=202)


def _list_events(call: Call) -> Reply:
    return api.event_list(call, ports())


def _refuse_event_change(call: Call) -> Reply:
    _own(call)
    raise ReadOnly("imported events belong to the external calendar; change them there")


ROUTES = (
    staff("POST", "/", _start_consent, body=True),
    staff("GET", "/", _list_connections),
    staff("GET", "/<connection>", _read_connection),
    staff("PATCH", "/<connection>", _change_settings, body=True),
    staff("DELETE", "/<connection>", _disconnect),
    staff("GET", "/<connection>/calendars", _list_calendars),
    staff("POST", "/<connection>/calendars", _refresh_calendars),
    staff("PATCH", "/<connection>/calendars/<calendar>", _change_settings, body=True),
    staff("GET", "/<connection>/preview", _preview),
    staff("POST", "/<connection>/sync", _start_sync, body=True),
    staff("DELETE", "/<connection>/sync", _cancel_sync),
    staff("GET", "/<connection>/progress", _read_progress),
    staff("GET", "/<connection>/receipt", _read_receipt),
    staff("GET", "/<connection>/health", _read_health),
    staff("POST", "/<connection>/resync", _resync, body=True),
    staff("POST", "/<connection>/release", _release_held, body=True),
    staff("GET", "/<connection>/events", _list_events),
    staff("PUT", "/<connection>/events/<event>", _refuse_event_change),
    staff("PATCH", "/<connection>/events/<event>", _refuse_event_change),
    staff("DELETE", "/<connection>/events/<event>", _refuse_event_change),
)
APP = Function("connections", ROUTES, installation)


@functions_framework.http
def connections(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
