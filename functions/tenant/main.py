"""The tenant's own record, what it was told, and its dead letters (owners)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.catalogue import TenantBody
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name, plain, read
from common.api.routes import owner
from common.flows.replay_dead_letter import ReplayDeadLetter, replay_dead_letter
from common.wiring import ports, stage


def _get(call: Call) -> Reply:
    return Reply(api.tenant_view(ports().catalogue.tenant(call.staff.tenant)))


def _put(call: Call) -> Reply:
    tenant = api.tenant_of(call.staff.tenant, read(TenantBody, call.body))
    ports().catalogue.save_tenant(tenant)
    return Reply(api.tenant_view(tenant))


def _notices(call: Call) -> Reply:
    return Reply({"notices": plain(ports().ledger.notices(call.staff.tenant))})


def _letters(call: Call) -> Reply:
    return Reply({"dead_letters": plain(ports().ledger.dead_letters(call.staff.tenant))})


def _replay(call: Call) -> Reply:
    command = ReplayDeadLetter(tenant=call.staff.tenant, letter=name(call.path["letter"]))
    return Reply(plain(replay_dead_letter(ports(), command)), status=202)


APP = Function(
    "tenant",
    (
        owner("GET", "/", _get),
        owner("PUT", "/", _put, body=True),
        owner("GET", "/notices", _notices),
        owner("GET", "/dead_letters", _letters),
        owner("POST", "/dead_letters/<letter>/replay", _replay),
    ),
    stage,
)


@functions_framework.http
def tenant(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
