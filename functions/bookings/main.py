"""Books, shows, moves and cancels appointments, for customers (management token) and staff (ID token)."""

import functions_framework
from flask import Request, Response

from common.api import bookings as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.routes import customer_or_staff
from common.flows.book import Book, book
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.read_booking import ReadBooking, read_booking
from common.flows.reschedule import Reschedule, reschedule
from common.wiring import ports, stage


def _book(call: Call) -> Reply:
    wish = api.wish(call)
    booked = book(ports(), Book(**wish))
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
    command = CancelBooking(api.tenant(call), name(call.path["booking"]), api.authority(call))
    return Reply(api.booking_view_for(call, cancel_booking(ports(), command)))


APP = Function(
    "bookings",
    (
        customer_or_staff("POST", "/", _book, body=True),
        customer_or_staff("GET", "/<booking>", _get),
        customer_or_staff("PATCH", "/<booking>", _move, body=True),
        customer_or_staff("DELETE", "/<booking>", _cancel),
    ),
    stage,
)


@functions_framework.http
def bookings(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
