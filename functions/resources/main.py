"""Bookable people and rooms, and their absences (owners; staff for their own absences)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.guard import own_resource, owned
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.routes import owner, staff
from common.wiring import ports, stage


def _list(call: Call) -> Reply:
    return Reply(api.resources_view(owned(call, ports().catalogue.resources(call.staff.tenant))))


def _get(call: Call) -> Reply:
    return Reply(api.resource_view(ports().catalogue.resource(call.staff.tenant, own_resource(call))))


def _put(call: Call) -> Reply:
    resource = api.resource_of(name(call.path["resource"]), read(api.ResourceBody, call.body))
    ports().catalogue.save_resource(call.staff.tenant, resource)
    return Reply(api.resource_view(resource))


def _absences(call: Call) -> Reply:
    return Reply(api.absences_view(ports().catalogue.absences(call.staff.tenant, own_resource(call))))


def _put_absence(call: Call) -> Reply:
    absence = api.absence_of(name(call.path["absence"]), read(api.AbsenceBody, call.body))
    resource = ports().catalogue.resource(call.staff.tenant, own_resource(call))
    ports().catalogue.save_absence(call.staff.tenant, resource.id, absence)
    return Reply(api.absence_view(absence))


def _delete_absence(call: Call) -> Reply:
    ports().catalogue.delete_absence(call.staff.tenant, own_resource(call), name(call.path["absence"]))
    return Reply(status=204)


ONE = "/<resource>/absences/<absence>"
ROUTES = (
    staff("GET", "/", _list),
    staff("GET", "/<resource>", _get),
    owner("PUT", "/<resource>", _put, body=True),
    staff("GET", "/<resource>/absences", _absences),
    staff("PUT", ONE, _put_absence, body=True),
    staff("DELETE", ONE, _delete_absence),
)
APP = Function("resources", ROUTES, stage)


@functions_framework.http
def resources(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
