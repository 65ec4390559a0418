"""Invites staff to connect their own calendars (owners), and lets the invited accept (public, by secret)."""

import functions_framework
from flask import Request, Response

from common.api import invitations as api
from common.api.connections import consent_view
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import read
from common.api.owner_routes import OwnerRouting
from common.api.routes import public
from common.flows.connect.invitations import (
    AcceptInvitation,
    Invite,
    ReadInvitation,
    ResendInvitation,
    RevokeInvitation,
    accept_invitation,
    invite,
    read_invitation,
    resend_invitation,
    revoke_invitation,
)
from common.wiring import installation, ports


def _offer(call: Call) -> Reply:
    return Reply(api.offer_view(read_invitation(ports(), ReadInvitation(**api.held(call)))))


def _accept(call: Call) -> Reply:
    chosen = read(api.AcceptBody, call.body).provider
    consent = accept_invitation(ports(), AcceptInvitation(**api.held(call), provider=chosen))
    return Reply(consent_view(url=consent.url, expires_at=consent.expires_at), status=201)


to, ONE, VIEW = OwnerRouting(ports), "/<invitation>", api.viewed(ports)
ROUTES = (
    to.by("POST", "/", Invite, invite, body=api.NewInvitation, view=VIEW, status=201),
    to.listed("/", "invitations", lambda outside: outside.lists.invitations, VIEW),
    to.by("DELETE", ONE, RevokeInvitation, revoke_invitation, view=VIEW),
    to.by("POST", f"{ONE}/resend", ResendInvitation, resend_invitation, view=VIEW, status=202),
    public("GET", f"{ONE}/offer", _offer),
    public("POST", f"{ONE}/accept", _accept, body=True),
)
APP = Function("invitations", ROUTES, installation)


@functions_framework.http
def invitations(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
