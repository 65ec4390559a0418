"""Answers which times a customer can book, and to staff why a time is not offered."""

import functions_framework
from flask import Request, Response

from common.api import slots as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import own_resource, read
from common.api.routes import customer_or_staff, staff
from common.domain.issuers import Role
from common.flows.slots.explain import explain_slot
from common.flows.slots.list_slots import list_slots
from common.wiring import installation, ports


def _list(call: Call) -> Reply:
    query = api.slot_query(call)
    found = list_slots(
        ports(),
        tenant=query.tenant,
        service=query.service,
        resource=query.resource,
        start=query.start,
        end=query.end,
        zone=query.tz,
        seats=query.seats,
        moving=api.move_request(call, query.booking),
    )
    return Reply(api.slot_list_view(found, zone=query.tz))


def _explain(call: Call) -> Reply:
    query = read(api.ExplainQuery, call.query)
    found = explain_slot(
        ports(),
        tenant=call.staff.tenant,
        service=query.service,
        resource=own_resource(call, query.resource),
        at=query.at,
        seats=query.seats,
        moving=api.move_request(call, query.booking),
    )
    return Reply(api.explanation_view(found))


APP = Function(
    "slots",
    (customer_or_staff("GET", "/", _list, roles=tuple(Role)), staff("GET", "/explain", _explain)),
    installation,
)


@functions_framework.http
def slots(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
