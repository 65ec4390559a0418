"""Finds out whether a booking may move and what it gives up, alike for listing times and for moving."""

from __future__ import annotations

from common.domain.booking import sessions
from common.domain.booking.access import Authority
from common.domain.booking.booking import Booking
from common.domain.booking.sessions import Move, MoveRequest
from common.errors import InvalidRequest
from common.flows.shared.booking_access import changeable_booking
from common.ports import Ports


def movable_booking(
    ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None = None
) -> Booking:
    """The booking, if ``by`` may move it now.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
        StaleVersion: It is not at the ``revision`` that the caller saw.
        InvalidRequest: It is past, or cancelled.
    """
    found = changeable_booking(ports, tenant=tenant, booking=booking, by=by, revision=revision)
    if not found.active:
        raise InvalidRequest("a cancelled booking cannot be moved", code="cancelled")
    return found


def move_of(ports: Ports, booking: Booking) -> Move:
    """What the booking gives up and keeps where it moves.

    A seat gives its session up if nobody else sits in it; seats that were held for too long do not count.
    """
    gives_up: str | None = booking.id
    if booking.is_seat:
        session = ports.bookings.get(booking.tenant, booking.session or "")
        gone = sessions.expired_seats(session, ports.clock.now())
        alone = session.active and sessions.sits_alone(session, booking.id, ignored=gone)
        gives_up = session.id if alone else None
    return Move(
        service=booking.service,
        resource=booking.resource,
        seats=1 if booking.is_session else booking.seats,
        gives_up=gives_up,
        is_seat=booking.is_seat,
    )


def requested_move(
    ports: Ports, asked: MoveRequest, *, tenant: str, service: str, resource: str | None
) -> Move:
    """The move of the booking for which times are asked: one of ``service`` and, if named, of ``resource``.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
        InvalidRequest: It is past or cancelled, or it is of another service or resource.
    """
    found = movable_booking(ports, tenant=tenant, booking=asked.booking, by=asked.by)
    if service != found.service or resource not in {None, found.resource}:
        raise InvalidRequest("the booking is of another service or resource", code="booking_mismatch")
    return move_of(ports, found)
