"""Bookable people and rooms, their absences and their feeds (owners; staff for their own)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.catalogue import absence_routes
from common.api.etags import condition, shown, stored
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.ics_feeds import feed_routes
from common.api.models import path_id, read
from common.api.paging import listing
from common.api.permissions import own_resource
from common.api.privacy import erasure_view
from common.api.routes import owner, staff
from common.flows.catalogue.delete_resource import DeleteResource, delete_resource
from common.flows.catalogue.ics_feed import PublishFeed, publish_feed
from common.flows.catalogue.records import (
    DeleteAbsence,
    SaveAbsence,
    SaveResource,
    delete_absence,
    save_absence,
    save_resource,
)
from common.wiring import installation, ports


def _get(call: Call) -> Reply:
    found = ports().catalogue.resource(call.staff.tenant, own_resource(call))
    return shown(call, api.resource_view(found), found.version)


def _put(call: Call) -> Reply:
    resource = api.resource_of(path_id(call.path["resource"]), read(api.ResourceBody, call.body))
    kept = save_resource(ports(), SaveResource(call.staff.tenant, resource, condition(call)))
    return stored(api.resource_view(kept.record), kept.record.version, created=kept.created)


def _delete(call: Call) -> Reply:
    who, gone = call.staff, path_id(call.path["resource"])
    job = delete_resource(ports(), DeleteResource(who.tenant, gone, who.subject, condition(call)))
    return Reply(erasure_view(job), status=202)


ROUTES = (
    staff(
        "GET", "/", listing(ports, "resources", lambda outside: outside.lists.resources, api.resource_view)
    ),
    staff("GET", "/<resource>", _get),
    owner("PUT", "/<resource>", _put, body=True),
    owner("DELETE", "/<resource>", _delete),
    *absence_routes(ports, (SaveAbsence, save_absence), (DeleteAbsence, delete_absence)),
    *feed_routes(ports, PublishFeed, publish_feed),
)
APP = Function("resources", ROUTES, installation)


@functions_framework.http
def resources(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
