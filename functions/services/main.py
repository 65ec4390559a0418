"""What customers can book (owners change it, staff read it)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.catalogue import ServiceBody
from common.api.etags import condition, shown, stored
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id, read
from common.api.paging import listing
from common.api.routes import owner, staff
from common.flows.catalogue.records import DeleteService, SaveService, delete_service, save_service
from common.wiring import installation, ports


def _get(call: Call) -> Reply:
    found = ports().catalogue.service(call.staff.tenant, path_id(call.path["service"]))
    return shown(call, api.service_view(found), found.version)


def _put(call: Call) -> Reply:
    service = api.service_of(path_id(call.path["service"]), read(ServiceBody, call.body))
    kept = save_service(ports(), SaveService(call.staff.tenant, service, condition(call)))
    return stored(api.service_view(kept.record), kept.record.version, created=kept.created)


def _delete(call: Call) -> Reply:
    gone = DeleteService(call.staff.tenant, path_id(call.path["service"]), condition(call))
    delete_service(ports(), gone)
    return Reply(status=204)


APP = Function(
    "services",
    (
        staff(
            "GET", "/", listing(ports, "services", lambda outside: outside.lists.services, api.service_view)
        ),
        staff("GET", "/<service>", _get),
        owner("PUT", "/<service>", _put, body=True),
        owner("DELETE", "/<service>", _delete),
    ),
    installation,
)


@functions_framework.http
def services(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
