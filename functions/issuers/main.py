"""The OpenID issuers that vouch for a tenant's staff beside or instead of the installation's (owners)."""

import functions_framework
from flask import Request, Response

from common.api import issuers as api
from common.api.handler import Function
from common.api.owner_routes import OwnerRouting
from common.flows.issuers import (
    AcceptInstallation,
    DistrustIssuer,
    TrustIssuer,
    accept_installation,
    distrust_issuer,
    trust_issuer,
)
from common.wiring import installation, ports

to = OwnerRouting(ports)
ROUTES = (
    to.shown("/", api.issuers_view),
    to.by("POST", "/", TrustIssuer, trust_issuer, body=api.NewIssuer, view=api.issuer_view, status=201),
    to.by(
        "PUT",
        "/installation",
        AcceptInstallation,
        accept_installation,
        body=api.Acceptance,
        view=api.acceptance_view,
    ),
    to.by("DELETE", "/<issuer>", DistrustIssuer, distrust_issuer, status=204),
)
APP = Function("issuers", ROUTES, installation)


@functions_framework.http
def issuers(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
