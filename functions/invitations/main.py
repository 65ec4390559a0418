"""Invites staff to connect their own calendars (owners), and lets the invited accept (public, by secret)."""

import functions_framework
from flask import Request, Response

from common.api import invitations as api
from common.api.connections import consent_view
from common.api.handler import Function
from common.api.http import Call, Json, Reply
from common.api.models import path_id, read
from common.api.paging import list_reply
from common.api.routes import owner, public
from common.domain.connect.invitation import Invitation
from common.flows.connect.invitations import (
    accept_invitation,
    invite,
    read_invitation,
    resend_invitation,
    revoke_invitation,
)
from common.wiring import installation, ports


def _view(invitation: Invitation) -> Json:
    return api.invitation_view(invitation, now=ports().clock.now())


def _invite(call: Call) -> Reply:
    body = read(api.NewInvitation, call.body)
    invitation = invite(
        ports(),
        tenant=call.staff.tenant,
        resource=body.resource,
        subject=call.staff.subject,
        return_to=body.return_to,
        provider=body.provider,
        expected_account=body.expected_account,
        language=body.language,
        hours=body.hours,
    )
    return Reply(_view(invitation), status=201)


def _list_invitations(call: Call) -> Reply:
    lists, tenant = ports().lists, call.staff.tenant
    return list_reply(call, "invitations", lambda page: lists.invitations(tenant, page), _view)


def _revoke_invitation(call: Call) -> Reply:
    invitation = path_id(call.path["invitation"])
    return Reply(_view(revoke_invitation(ports(), tenant=call.staff.tenant, invitation=invitation)))


def _resend_invitation(call: Call) -> Reply:
    invitation = path_id(call.path["invitation"])
    sent = resend_invitation(ports(), tenant=call.staff.tenant, invitation=invitation)
    return Reply(_view(sent), status=202)


def _read_offer(call: Call) -> Reply:
    link = api.invitation_link(call)
    offer = read_invitation(ports(), tenant=link.tenant, invitation=link.invitation, secret=link.secret)
    return Reply(api.offer_view(offer))


def _accept_invitation(call: Call) -> Reply:
    chosen = read(api.AcceptBody, call.body).provider
    link = api.invitation_link(call)
    consent = accept_invitation(
        ports(), tenant=link.tenant, invitation=link.invitation, secret=link.secret, provider=chosen
    )
    return Reply(consent_view(url=consent.url, expires_at=consent.expires_at), status=201)


ROUTES = (
    owner("POST", "/", _invite, body=True),
    owner("GET", "/", _list_invitations),
    owner("DELETE", "/<invitation>", _revoke_invitation),
    owner("POST", "/<invitation>/resend", _resend_invitation),
    public("GET", "/<invitation>/offer", _read_offer),
    public("POST", "/<invitation>/accept", _accept_invitation, body=True),
)
APP = Function("invitations", ROUTES, installation)


@functions_framework.http
def invitations(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
