"""Books, shows, moves and cancels appointments, for customers (management token) and staff (ID token)."""

import functions_framework
from flask import Request, Response

from common.api import bookings as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.proposal_routes import staff_routes
from common.api.routes import customer_or_staff
from common.flows.accept_proposal import AcceptProposal, accept_proposal
from common.flows.book import Book, book
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.decline_proposal import DeclineProposal, decline_proposal
from common.flows.read_booking import ReadBooking, read_booking
from common.flows.reschedule import Reschedule, reschedule
from common.wiring import ports, stage


def _book(call: Call) -> Reply:
    booked = book(ports(), Book(**api.wish(call)))
    view = {**api.booking_view(booked.booking), "management_token": booked.manage_token}
    return Reply(view, status=200 if booked.repeated else 201)


def _get(call: Call) -> Reply:
    query = ReadBooking(api.tenant(call), name(call.path["booking"]), api.authority(call))
    return Reply(api.booking_view_for(call, read_booking(ports(), query)))


def _move(call: Call) -> Reply:
    body = read(api.RescheduleBody, call.body)
    tenant, booking = api.tenant(call), name(call.path["booking"])
    command = Reschedule(tenant, booking, body.start, api.authority(call), body.revision)
    return Reply(api.booking_view_for(call, reschedule(ports(), command)))


def _cancel(call: Call) -> Reply:
    gone = CancelBooking(api.tenant(call), name(call.path["booking"]), api.authority(call))
    return Reply(api.booking_view_for(call, cancel_booking(ports(), gone)))


APP = Function(
    "bookings",
    (
        customer_or_staff("POST", "/", _book, body=True, contact=api.contact),
        customer_or_staff("GET", "/<booking>", _get),
        customer_or_staff("PATCH", "/<booking>", _move, body=True),
        customer_or_staff("DELETE", "/<booking>", _cancel),
        *staff_routes(ports, (AcceptProposal, accept_proposal), (DeclineProposal, decline_proposal)),
    ),
    stage,
)


@functions_framework.http
def bookings(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
