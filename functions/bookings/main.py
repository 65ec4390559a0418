"""Books, shows, moves and cancels appointments, for customers (management token) and staff (ID token)."""

import functions_framework
from flask import Request, Response

from common.api import bookings as api
from common.api.conditions import changed, condition, etag, made, shown
from common.api.handler import Function
from common.api.hold_routes import hold_routes
from common.api.http import Call, Reply
from common.api.proposal_routes import staff_routes
from common.api.routes import customer_or_staff
from common.flows.accept_proposal import AcceptProposal, accept_proposal
from common.flows.book import Book, book
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.decline_proposal import DeclineProposal, decline_proposal
from common.flows.hold_slot import HoldSlot, hold_slot
from common.flows.read_booking import ReadBooking, read_booking
from common.flows.release_hold import ReleaseHold, release_hold
from common.flows.reschedule import Reschedule, reschedule
from common.wiring import ports, stage


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
    stage,
)


@functions_framework.http
def bookings(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
