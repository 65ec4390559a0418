"""What customers can book (owners change it, staff read it)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.etags import condition, shown, stored
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id, read
from common.api.paging import list_reply
from common.api.routes import owner, staff
from common.flows.catalogue.records import delete_service, save_service
from common.wiring import installation, ports


def _list(call: Call) -> Reply:
    return list_reply(
        call, "services", lambda page: ports().lists.services(call.staff.tenant, page), api.service_view
    )


def _get(call: Call) -> Reply:
    found = ports().catalogue.service(call.staff.tenant, path_id(call.path["service"]))
    return shown(call, api.service_view(found), found.version)


def _put(call: Call) -> Reply:
    service = api.service_of(path_id(call.path["service"]), read(api.ServiceBody, call.body))
    saved = save_service(ports(), tenant=call.staff.tenant, service=service, condition=condition(call))
    return stored(api.service_view(saved.record), saved.record.version, created=saved.created)


def _delete(call: Call) -> Reply:
    delete_service(
        ports(),
        tenant=call.staff.tenant,
        service=path_id(call.path["service"]),
        condition=condition(call),
    )
    return Reply(status=204)


ROUTES = (
    staff("GET", "/", _list),
    staff("GET", "/<service>", _get),
    owner("PUT", "/<service>", _put, body=True),
    owner("DELETE", "/<service>", _delete),
)
APP = Function("services", ROUTES, installation)


@functions_framework.http
def services(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
