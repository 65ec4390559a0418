"""Shows a resource's day or week to its staff, and to support under a grant of the owner."""

import functions_framework
from flask import Request, Response

from common.api import privacy as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.routes import staff
from common.domain.issuers import Role
from common.flows.privacy.overview import read_overview
from common.wiring import installation, ports


def _get(call: Call) -> Reply:
    query = api.overview_query(call)
    support = call.staff.role is Role.SUPPORT
    found = read_overview(
        ports(),
        tenant=call.staff.tenant,
        resource=query.resource,
        start=query.start,
        end=query.end,
        support=call.staff.subject if support else None,
    )
    return Reply(api.overview_view(found, zone=query.tz, support=support))


ROUTES = (staff("GET", "/", _get, roles=(Role.OWNER, Role.STAFF, Role.SUPPORT)),)
APP = Function("overview", ROUTES, installation)


@functions_framework.http
def overview(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
