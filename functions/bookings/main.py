"""Books, shows, moves and cancels appointments, for customers (management token) and staff (ID token)."""

import functions_framework
from flask import Request, Response

from common.api import bookings as api
from common.api.etags import changed, condition, etag, made, shown
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id, read
from common.api.paging import list_reply
from common.api.routes import customer_or_staff, public, staff
from common.domain.booking.access import HoldKey
from common.domain.booking.booking import Booking
from common.domain.shared.paging import Page, PageRequest
from common.flows.booking.book import book
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.booking.holds import hold_slot, release_hold
from common.flows.export.proposals import accept_proposal, decline_proposal
from common.flows.shared.booking_access import authorized_booking
from common.wiring import installation, ports


def _book(call: Call) -> Reply:
    body = read(api.BookingBody, call.body)
    resource = api.resource_to_book(call, body.resource)
    booked = book(
        ports(),
        tenant=api.tenant_of(call),
        service=body.service,
        resource=resource,
        start=body.start,
        seats=body.seats,
        hold=HoldKey(body.hold.id, body.hold.token) if body.hold else None,
        customer=api.customer_of(body),
        note=body.note,
        idempotency_key=api.idempotency_key(call.headers),
        subject=call.caller.subject if call.caller else None,
        address=call.address,
    )
    view = {**api.booking_view(booked.booking), "management_token": booked.manage_token}
    return made(view, etag(*api.versioned_view(call, booked.booking)), new=not booked.repeated)


def _hold(call: Call) -> Reply:
    body = read(api.HoldBody, call.body)
    resource = api.resource_to_book(call, body.resource)
    held = hold_slot(
        ports(),
        tenant=api.tenant_of(call),
        service=body.service,
        resource=resource,
        start=body.start,
        seats=body.seats,
    )
    return Reply(api.hold_view(held.hold, token=held.token), status=201)


def _release_hold(call: Call) -> Reply:
    release_hold(ports(), tenant=api.tenant_of(call), key=api.hold_key(call))
    return Reply(status=204)


def _get(call: Call) -> Reply:
    booking = authorized_booking(
        ports(), tenant=api.tenant_of(call), booking=path_id(call.path["booking"]), by=api.authority(call)
    )
    return shown(call, *api.versioned_view(call, booking))


def _reschedule(call: Call) -> Reply:
    body = read(api.RescheduleBody, call.body)
    moved = reschedule(
        ports(),
        tenant=api.tenant_of(call),
        booking=path_id(call.path["booking"]),
        by=api.authority(call),
        start=body.start,
        revision=body.revision,
        condition=condition(call),
    )
    return changed(*api.versioned_view(call, moved))


def _cancel(call: Call) -> Reply:
    cancelled = cancel_booking(
        ports(),
        tenant=api.tenant_of(call),
        booking=path_id(call.path["booking"]),
        by=api.authority(call),
        condition=condition(call),
    )
    return changed(*api.versioned_view(call, cancelled))


def _list_proposals(call: Call) -> Reply:
    now = ports().clock.now()

    def page(window: PageRequest) -> Page[Booking]:
        return ports().lists.proposals(call.staff.tenant, window, now=now)

    return list_reply(call, "proposals", page, api.staff_booking_view)


def _accept_proposal(call: Call) -> Reply:
    booking = accept_proposal(
        ports(),
        tenant=call.staff.tenant,
        booking=path_id(call.path["booking"]),
        by=api.authority(call),
        revision=read(api.DecisionBody, call.body).revision,
    )
    return Reply(api.staff_booking_view(booking))


def _decline_proposal(call: Call) -> Reply:
    booking = decline_proposal(
        ports(),
        tenant=call.staff.tenant,
        booking=path_id(call.path["booking"]),
        by=api.authority(call),
        revision=read(api.DecisionBody, call.body).revision,
    )
    return Reply(api.staff_booking_view(booking))


def _list_bookings(call: Call) -> Reply:
    tenant, lists = call.staff.tenant, ports().lists
    return list_reply(call, "bookings", lambda window: lists.bookings(tenant, window), api.staff_booking_view)


APP = Function(
    "bookings",
    (
        customer_or_staff("POST", "/", _book, body=True, contact=api.contact),
        customer_or_staff("POST", "/holds", _hold, body=True),
        public("DELETE", "/holds/<hold>", _release_hold),
        customer_or_staff("GET", "/<booking>", _get),
        customer_or_staff("PATCH", "/<booking>", _reschedule, body=True),
        customer_or_staff("DELETE", "/<booking>", _cancel),
        staff("GET", "/", _list_bookings),
        staff("GET", "/proposals", _list_proposals),
        staff("POST", "/<booking>/proposal/accept", _accept_proposal, body=True),
        staff("POST", "/<booking>/proposal/decline", _decline_proposal, body=True),
    ),
    installation,
)


@functions_framework.http
def bookings(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
