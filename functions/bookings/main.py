"""Books, shows, moves and cancels appointments, for customers (management token) and staff (ID token)."""

import functions_framework
from flask import Request, Response

from common.api import bookings as api
from common.api.bookings import hold_routes, staff_routes
from common.api.etags import changed, condition, etag, made, shown
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.routes import customer_or_staff
from common.flows.booking.book import Book, book
from common.flows.booking.change import (
    CancelBooking,
    ReadBooking,
    Reschedule,
    cancel_booking,
    read_booking,
    reschedule,
)
from common.flows.booking.holds import HoldSlot, ReleaseHold, hold_slot, release_hold
from common.flows.export.proposals import AcceptProposal, DeclineProposal, accept_proposal, decline_proposal
from common.wiring import installation, ports


def _book(call: Call) -> Reply:
    booked = book(ports(), Book(**api.wish(call)))
    view = {**api.booking_view(booked.booking), "management_token": booked.manage_token}
    return made(view, etag(*api.tagged(call, booked.booking)), new=not booked.repeated)


def _get(call: Call) -> Reply:
    return shown(call, *api.tagged(call, read_booking(ports(), ReadBooking(*api.named(call)))))


def _move(call: Call) -> Reply:
    return changed(*api.tagged(call, reschedule(ports(), Reschedule(**api.move(call)))))


def _cancel(call: Call) -> Reply:
    gone = CancelBooking(*api.named(call), condition=condition(call))
    return changed(*api.tagged(call, cancel_booking(ports(), gone)))


APP = Function(
    "bookings",
    (
        customer_or_staff("POST", "/", _book, body=True, contact=api.contact),
        *hold_routes(ports, (HoldSlot, hold_slot), (ReleaseHold, release_hold)),
        customer_or_staff("GET", "/<booking>", _get),
        customer_or_staff("PATCH", "/<booking>", _move, body=True),
        customer_or_staff("DELETE", "/<booking>", _cancel),
        *staff_routes(ports, (AcceptProposal, accept_proposal), (DeclineProposal, decline_proposal)),
    ),
    installation,
)


@functions_framework.http
def bookings(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
