"""Connects calendars, chooses what is synchronised, starts it, shows how it goes, and disconnects."""

import functions_framework
from flask import Request, Response

from common.api import connections as api
from common.api.connections import ONE, Routing, choice, saved, wish
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.routes import staff
from common.domain.shared.task_records import RefreshCalendars
from common.flows.connect.calendars import refresh_calendars
from common.flows.connect.consent import StartConsent, start_consent
from common.flows.connect.disconnect import StartDisconnect, start_disconnect
from common.flows.connect.health import ReadHealth, read_health
from common.flows.connect.settings import ChangeSettings, change_settings
from common.flows.sync.initial_sync import (
    CancelSync,
    ReadProgress,
    StartSync,
    cancel_sync,
    read_progress,
    start_sync,
)
from common.flows.sync.preview import PreviewSync, preview_sync
from common.flows.sync.resync import ReleaseHeld, Resync, release_held, resync
from common.wiring import installation, ports


def _connect(call: Call) -> Reply:
    consent = start_consent(ports(), StartConsent(**wish(call)))
    return Reply(api.consent_view(url=consent.url, expires_at=consent.expires_at), status=201)


def _change(call: Call) -> Reply:
    return saved(change_settings(ports(), ChangeSettings(**choice(call, ports()))))


to, VIEW = Routing(ports), api.connection_view
ROUTES = (
    staff("POST", "/", _connect, body=True),
    to.listed(),
    to.one(),
    staff("PATCH", ONE, _change, body=True),
    to.by("DELETE", "", StartDisconnect, start_disconnect, view=VIEW, status=202),
    to.calendars(),
    to.by("POST", "/calendars", RefreshCalendars, refresh_calendars, view=VIEW),
    staff("PATCH", f"{ONE}/calendars/<calendar>", _change, body=True),
    to.by("GET", "/preview", PreviewSync, preview_sync),
    to.by("POST", "/sync", StartSync, start_sync, body=api.StartRequest, status=202),
    to.by("DELETE", "/sync", CancelSync, cancel_sync),
    to.by("GET", "/progress", ReadProgress, read_progress),
    to.shown("/receipt", api.receipt_view),
    to.by("GET", "/health", ReadHealth, read_health),
    to.by("POST", "/resync", Resync, resync, body=api.ResyncRequest, status=202),
    to.by("POST", "/release", ReleaseHeld, release_held, body=api.ReleaseRequest, status=202),
    *to.events(),
)
APP = Function("connections", ROUTES, installation)


@functions_framework.http
def connections(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
