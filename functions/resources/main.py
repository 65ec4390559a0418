"""Bookable people and rooms, their absences and their feeds (owners; staff for their own)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.absence_routes import absence_routes
from common.api.feed_routes import feed_routes
from common.api.guard import own_resource, owned
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.routes import owner, staff
from common.flows.publish_feed import PublishFeed, publish_feed
from common.wiring import ports, stage


def _list(call: Call) -> Reply:
    return Reply(api.resources_view(owned(call, ports().catalogue.resources(call.staff.tenant))))


def _get(call: Call) -> Reply:
    return Reply(api.resource_view(ports().catalogue.resource(call.staff.tenant, own_resource(call))))


def _put(call: Call) -> Reply:
    resource = api.resource_of(name(call.path["resource"]), read(api.ResourceBody, call.body))
    ports().catalogue.save_resource(call.staff.tenant, resource)
    return Reply(api.resource_view(resource))


ROUTES = (
    staff("GET", "/", _list),
    staff("GET", "/<resource>", _get),
    owner("PUT", "/<resource>", _put, body=True),
    *absence_routes(ports),
    *feed_routes(ports, PublishFeed, publish_feed),
)
APP = Function("resources", ROUTES, stage)


@functions_framework.http
def resources(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
