"""The OpenID issuers that vouch for a tenant's staff beside or instead of the installation's (owners)."""

import functions_framework
from flask import Request, Response

from common.api import issuers as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id, read
from common.api.routes import owner
from common.flows.issuers import accept_installation, distrust_issuer, trust_issuer
from common.wiring import installation, ports


def _list(call: Call) -> Reply:
    tenant, outside = call.staff.tenant, ports()
    own, standing = outside.issuers.of_tenant(tenant), outside.issuers.standing(tenant)
    return Reply(api.issuers_view(own, outside.token_verifier.installation, standing))


def _trust(call: Call) -> Reply:
    body = read(api.NewIssuer, call.body)
    trusted = trust_issuer(
        ports(),
        tenant=call.staff.tenant,
        subject=call.staff.subject,
        issuer=body.issuer,
        audience=body.audience,
        proof=body.proof,
        jwks_uri=body.jwks_uri,
        tenant_claim=body.tenant_claim,
        tenant_value=body.tenant_value,
        role_claim=body.role_claim,
        resources_claim=body.resources_claim,
    )
    return Reply(api.issuer_view(trusted), status=201)


def _accept_installation(call: Call) -> Reply:
    standing = accept_installation(
        ports(),
        tenant=call.staff.tenant,
        subject=call.staff.subject,
        accepted=read(api.Acceptance, call.body).accepted,
        vouched_by=call.staff.issuer,
    )
    return Reply({"accepted": standing.installation})


def _distrust(call: Call) -> Reply:
    distrust_issuer(
        ports(),
        tenant=call.staff.tenant,
        subject=call.staff.subject,
        issuer=path_id(call.path["issuer"]),
        vouched_by=call.staff.issuer,
    )
    return Reply(status=204)


ROUTES = (
    owner("GET", "/", _list),
    owner("POST", "/", _trust, body=True),
    owner("PUT", "/installation", _accept_installation, body=True),
    owner("DELETE", "/<issuer>", _distrust),
)
APP = Function("issuers", ROUTES, installation)


@functions_framework.http
def issuers(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
