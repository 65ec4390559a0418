"""Books a time for a customer: checked against live calendars, committed at once, mirrored in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from common.domain.booking.access import HoldKey
from common.domain.booking.booking import Booking, BookingStatus, Customer, Source
from common.domain.booking.fair_choice import in_fair_order
from common.domain.calendar.interval import aware
from common.domain.slots.refusals import kindest_refusal
from common.errors import AlreadyExists, Conflict, InvalidRequest, KeyReused, SlotTaken
from common.flows.booking.commit import draft_booking
from common.flows.booking.holds import find_hold
from common.flows.booking.idempotency import (
    IdempotentRequest,
    booking_id,
    earlier_booking,
    idempotency_record,
)
from common.flows.booking.seats import TimeClaim, claim_time, has_expired
from common.flows.shared.booking_access import manage_token
from common.flows.slots.availability import CheckedSlot, RequestedSlot, check_slot
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Book:
    """A customer's wish; no ``resource`` means any; ``subject`` is the member of staff who books, if any.

    ``idempotency_key`` makes a repeat safe: the same request under the same key is answered alike. A ``hold``
    becomes the booking; one that is over is as good as none.
    """

    tenant: str
    service: str
    resource: str | None
    start: datetime
    customer: Customer
    note: str | None = field(default=None, repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    subject: str | None = None
    seats: int = 1
    hold: HoldKey | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """The booking and the secret that manages it; ``repeated`` says that this request made nothing new."""

    booking: Booking
    manage_token: str = field(repr=False)
    repeated: bool = False


def book(ports: Ports, command: Book) -> Booked:
    """Take the time for the customer, or say why not.

    Raises:
        InvalidRequest: The time breaks a rule; the code says which.
        UnknownResource: There is no such service, or the resource does not offer it.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked, so the time is not sold.
        KeyReused: The key was used with another request.
    """
    request = _request(command)
    if first := earlier_booking(ports, request):
        return _answer(ports, ports.bookings.get(command.tenant, first), repeated=True)
    hold = _held(ports, command)
    if hold is not None and (made := _converted(ports, command, request, hold)):
        return made
    return _taken(ports, command, request)


def _taken(ports: Ports, command: Book, request: IdempotentRequest) -> Booked:
    """Whoever is free and next in turn gets it; where somebody was faster, the next one."""
    wish = RequestedSlot(
        command.tenant, command.service, command.resource, command.start, seats=command.seats
    )
    found, name = check_slot(ports, wish), booking_id(ports, request)
    scene, refusals = found.scene, list(found.refusals)
    for resource in in_fair_order(
        found.takers, scene.agendas, service=scene.service, at=command.start, lot=name
    ):
        booking = draft_booking(ports, wish, scene.service, resource.id, name=name, customer=command.customer)
        try:
            return _answer(ports, claim_time(ports, _claim(ports, command, found, booking, request=request)))
        except SlotTaken as lost:
            refusals.append(lost)
        except AlreadyExists:
            return _twin(ports, request)
    raise kindest_refusal(refusals)


def _held(ports: Ports, command: Book) -> Booking | None:
    """The hold, while it lives and is for just this.

    Raises:
        UnknownResource: There never was such a hold.
        InvalidRequest: It was booked before, or is for something else.
    """
    found = find_hold(ports, tenant=command.tenant, key=command.hold) if command.hold else None
    if found is None or has_expired(ports, found):
        return None
    if found.status is not BookingStatus.HELD:
        raise InvalidRequest("this hold was used before", code="hold_used")
    wanted = (command.service, command.start, command.resource or found.resource, command.seats)
    if wanted != (found.service, found.interval.start, found.resource, found.seats):
        raise InvalidRequest("this hold is for another time", code="hold_mismatch")
    return found


def _converted(ports: Ports, command: Book, request: IdempotentRequest, hold: Booking) -> Booked | None:
    """The hold as a booking, its calendars asked once more; None where it ended at this very moment."""
    wish = RequestedSlot(
        hold.tenant, hold.service, hold.resource, command.start, moving=hold.id, seats=hold.seats, held=True
    )
    found = check_slot(ports, wish)
    if not found.takers:
        raise kindest_refusal(found.refusals)
    booking = replace(
        hold,
        status=BookingStatus.CONFIRMED,
        customer=command.customer,
        held_until=None,
        revision=hold.revision + 1,
        updated_at=ports.clock.now(),
    )
    wanted = _claim(ports, command, found, booking, request=request, before=hold)
    try:
        return _answer(ports, claim_time(ports, wanted))
    except Conflict:
        made = earlier_booking(ports, request)
        return _answer(ports, ports.bookings.get(command.tenant, made), repeated=True) if made else None
    except AlreadyExists:
        return _twin(ports, request)


def _claim(
    ports: Ports,
    command: Book,
    found: CheckedSlot,
    booking: Booking,
    *,
    request: IdempotentRequest,
    before: Booking | None = None,
) -> TimeClaim:
    source = Source.STAFF if command.subject else Source.CUSTOMER
    return TimeClaim(
        before=before,
        after=replace(booking, source=source, note=command.note),
        service=found.scene.service,
        agenda=found.scene.agendas[booking.resource],
        connections=found.scene.connections.get(booking.resource, ()),
        idempotency=idempotency_record(ports, request, booking.id, now=ports.clock.now()),
    )


def _request(command: Book) -> IdempotentRequest:
    try:
        start = aware(command.start)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    customer = command.customer
    said = {
        "service": command.service,
        "resource": command.resource,
        "start": start.isoformat(),
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "zone": customer.zone,
        "note": command.note,
    }
    if command.seats > 1:
        said["seats"] = str(command.seats)
    return IdempotentRequest(command.tenant, command.subject or "", command.idempotency_key, said)


def _twin(ports: Ports, request: IdempotentRequest) -> Booked:
    """The same request came twice at the same moment: both get the one booking."""
    made = earlier_booking(ports, request)
    if made is None:
        raise KeyReused("this idempotency key was used before")
    return _answer(ports, ports.bookings.get(request.tenant, made), repeated=True)


def _answer(ports: Ports, booking: Booking, *, repeated: bool = False) -> Booked:
    return Booked(booking, manage_token(ports, tenant=booking.tenant, booking=booking.id), repeated)
