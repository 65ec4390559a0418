"""Bookable people and rooms, their absences and their iCalendar feeds (owners; staff for their own)."""

import functions_framework
from flask import Request, Response

from common.api import catalogue as api
from common.api.etags import condition, shown, stored
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.ics_feeds import IcsFeedBody, ics_feed_view
from common.api.models import own_resource, path_id, read
from common.api.paging import list_reply
from common.api.privacy import erasure_view
from common.api.routes import owner, staff
from common.flows.catalogue.delete_resource import delete_resource
from common.flows.catalogue.ics_feed import publish_ics_feed
from common.flows.catalogue.records import delete_absence, save_absence, save_resource
from common.wiring import installation, ports


def _list(call: Call) -> Reply:
    return list_reply(
        call,
        "resources",
        lambda page: ports().lists.resources(call.staff.tenant, page),
        api.resource_view,
    )


def _get(call: Call) -> Reply:
    found = ports().catalogue.resource(call.staff.tenant, own_resource(call))
    return shown(call, api.resource_view(found), found.version)


def _put(call: Call) -> Reply:
    resource = api.resource_of(path_id(call.path["resource"]), read(api.ResourceBody, call.body))
    saved = save_resource(ports(), tenant=call.staff.tenant, resource=resource, condition=condition(call))
    return stored(api.resource_view(saved.record), saved.record.version, created=saved.created)


def _delete(call: Call) -> Reply:
    job = delete_resource(
        ports(),
        tenant=call.staff.tenant,
        resource=path_id(call.path["resource"]),
        subject=call.staff.subject,
        condition=condition(call),
    )
    return Reply(erasure_view(job), status=202)


def _list_absences(call: Call) -> Reply:
    tenant, resource = call.staff.tenant, own_resource(call)
    return list_reply(
        call, "absences", lambda page: ports().lists.absences(tenant, resource, page), api.absence_view
    )


def _get_absence(call: Call) -> Reply:
    found = ports().catalogue.absence(call.staff.tenant, own_resource(call), path_id(call.path["absence"]))
    return shown(call, api.absence_view(found), found.version)


def _put_absence(call: Call) -> Reply:
    absence = api.absence_of(path_id(call.path["absence"]), read(api.AbsenceBody, call.body))
    saved = save_absence(
        ports(),
        tenant=call.staff.tenant,
        resource=own_resource(call),
        absence=absence,
        condition=condition(call),
    )
    return stored(api.absence_view(saved.record), saved.record.version, created=saved.created)


def _delete_absence(call: Call) -> Reply:
    delete_absence(
        ports(),
        tenant=call.staff.tenant,
        resource=own_resource(call),
        absence=path_id(call.path["absence"]),
        condition=condition(call),
    )
    return Reply(status=204)


def _publish_ics_feed(call: Call) -> Reply:
    shows = read(IcsFeedBody, call.body).shows
    published = publish_ics_feed(
        ports(),
        tenant=call.staff.tenant,
        resource=own_resource(call),
        shows=shows,
        subject=call.staff.subject,
    )
    # The one answer that ever shows the address.
    return Reply({**ics_feed_view(published.ics_feed), "url": published.url}, status=201)


def _get_ics_feed(call: Call) -> Reply:
    return Reply(ics_feed_view(ports().ics_feeds.of_resource(call.staff.tenant, own_resource(call))))


def _end_ics_feed(call: Call) -> Reply:
    ports().ics_feeds.delete(call.staff.tenant, own_resource(call))
    return Reply(status=204)


ROUTES = (
    staff("GET", "/", _list),
    staff("GET", "/<resource>", _get),
    owner("PUT", "/<resource>", _put, body=True),
    owner("DELETE", "/<resource>", _delete),
    staff("GET", "/<resource>/absences", _list_absences),
    staff("GET", "/<resource>/absences/<absence>", _get_absence),
    staff("PUT", "/<resource>/absences/<absence>", _put_absence, body=True),
    staff("DELETE", "/<resource>/absences/<absence>", _delete_absence),
    staff("POST", "/<resource>/feed", _publish_ics_feed, body=True),
    staff("GET", "/<resource>/feed", _get_ics_feed),
    staff("DELETE", "/<resource>/feed", _end_ics_feed),
)
APP = Function("resources", ROUTES, installation)


@functions_framework.http
def resources(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
