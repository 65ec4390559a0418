"""Connects calendars, chooses what is synchronised, starts it, shows how it goes, and disconnects."""

import functions_framework
from flask import Request, Response

from common.api import connections as api
from common.api.connection_routes import ONE, Routing, choice, saved, wish
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.routes import staff
from common.flows.cancel_sync import CancelSync, cancel_sync
from common.flows.change_settings import ChangeSettings, change_settings
from common.flows.preview_sync import PreviewSync, preview_sync
from common.flows.read_health import ReadHealth, read_health
from common.flows.read_progress import ReadProgress, read_progress
from common.flows.refresh_calendars import RefreshCalendars, refresh_calendars
from common.flows.release_held import ReleaseHeld, release_held
from common.flows.resync import Resync, resync
from common.flows.start_consent import StartConsent, start_consent
from common.flows.start_disconnect import StartDisconnect, start_disconnect
from common.flows.start_sync import StartSync, start_sync
from common.wiring import ports, stage


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
APP = Function("connections", ROUTES, stage)


@functions_framework.http
def connections(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
