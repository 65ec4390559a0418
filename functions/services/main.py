"""What customers can book (owners change it, staff read it)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.catalogue import ServiceBody
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.routes import owner, staff
from common.flows.save_service import SaveService, save_service
from common.wiring import ports, stage


def _list(call: Call) -> Reply:
    services = ports().catalogue.services(call.staff.tenant)
    return Reply({"services": [api.service_view(item) for item in services]})


def _get(call: Call) -> Reply:
    return Reply(api.service_view(ports().catalogue.service(call.staff.tenant, name(call.path["service"]))))


def _put(call: Call) -> Reply:
    service = api.service_of(name(call.path["service"]), read(ServiceBody, call.body))
    return Reply(api.service_view(save_service(ports(), SaveService(call.staff.tenant, service))))


APP = Function(
    "services",
    (
        staff("GET", "/", _list),
        staff("GET", "/<service>", _get),
        owner("PUT", "/<service>", _put, body=True),
    ),
    stage,
)


@functions_framework.http
def services(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
