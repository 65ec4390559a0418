"""Books a time for a customer: the way from the request to the committed booking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from common.domain.booking.access import HoldKey
from common.domain.booking.booking import Booking, BookingStatus, Customer, Source
from common.domain.booking.sessions import Move
from common.domain.calendar.interval import aware
from common.domain.slots.slot_answers import kindest_refusal
from common.errors import AlreadyExists, Conflict, InvalidRequest, KeyReused, SlotTaken
from common.flows.booking.commit import claim_for_first_free, claim_time, draft_booking, has_expired
from common.flows.booking.holds import find_hold
from common.flows.booking.idempotency import (
    IdempotentRequest,
    booking_id,
    earlier_booking,
    idempotency_record,
)
from common.flows.shared.booking_access import manage_token
from common.flows.slots.check_slot import RequestedSlot, check_slot
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Booked:
    """The booking and the secret that manages it; ``repeated`` says that this request made nothing new."""

    booking: Booking
    manage_token: str = field(repr=False)
    repeated: bool = False


def book(
    ports: Ports,
    *,
    tenant: str,
    service: str,
    resource: str | None,
    start: datetime,
    customer: Customer,
    note: str | None = None,
    idempotency_key: str | None = None,
    subject: str | None = None,
    seats: int = 1,
    hold: HoldKey | None = None,
    address: str = "",
) -> Booked:
    """Take the time for the customer, or say why not.

    A repeated request is answered with the booking that it made the first time: under the same key, or as a
    second click of the same person within a minute. A hold becomes the booking. Otherwise the store and then
    the calendars say who is free, and the booking is committed for the first of them in fair order who has
    not lost the time to somebody faster.

    Args:
        ports: Everything outside.
        tenant: Whose service is booked.
        service: The service.
        resource: The resource that shall do it; None means any.
        start: When, with an offset.
        customer: Who comes.
        note: The customer's words.
        idempotency_key: Makes a repeat safe: the same request under the same key is answered alike.
        subject: The member of staff who books, if any.
        seats: How many seats of a session.
        hold: A hold of the same time; one that has expired is as good as none.
        address: Whence the request came; a second click comes from the same.

    Raises:
        InvalidRequest: The time breaks a rule; the code says which.
        UnknownResource: There is no such service, or the resource does not offer it.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked, so the time is not sold.
        KeyReused: The key was used with another request.
    """
    slot = RequestedSlot(tenant, service, resource, start, seats=seats)
    request = _request(
        slot, customer=customer, note=note, key=idempotency_key, subject=subject or "", address=address
    )
    source = Source.STAFF if subject else Source.CUSTOMER
    request, earlier = earlier_booking(ports, request)
    if earlier:
        return _booked(ports, earlier, repeated=True)
    try:
        held = _living_hold(ports, slot, hold) if hold else None
        if held and (booked := _book_hold(ports, held, request, customer=customer, note=note, source=source)):
            return booked
        checked = check_slot(ports, slot)
        draft = replace(
            draft_booking(ports, checked, new_id=booking_id(ports.keys, request), customer=customer),
            source=source,
            note=note,
        )
        record = idempotency_record(ports, request, draft.id)
        return _booked(ports, claim_for_first_free(ports, checked, draft, idempotency=record))
    except (AlreadyExists, SlotTaken, InvalidRequest) as refused:
        # The same request came twice at the same moment: both get the one booking, whoever took it first.
        _, earlier = earlier_booking(ports, request)
        if earlier:
            return _booked(ports, earlier, repeated=True)
        if not isinstance(refused, AlreadyExists):
            raise
        if request.key is None:
            raise Conflict("the same request is being answered; try again") from None
        raise KeyReused("this idempotency key was used before") from None


def _request(
    slot: RequestedSlot,
    *,
    customer: Customer,
    note: str | None,
    key: str | None,
    subject: str,
    address: str,
) -> IdempotentRequest:
    """Everything that was asked for, as what a repeat is compared with."""
    try:
        start = aware(slot.start)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    content = {
        "service": slot.service,
        "resource": slot.resource,
        "start": start.isoformat(),
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "zone": customer.zone,
        "note": note,
    }
    if slot.seats > 1:
        content["seats"] = str(slot.seats)
    return IdempotentRequest(slot.tenant, subject, key, content, start, address)


def _living_hold(ports: Ports, slot: RequestedSlot, key: HoldKey) -> Booking | None:
    """The hold, while it lasts and is for just this slot.

    Raises:
        UnknownResource: There never was such a hold.
        InvalidRequest: It was booked before, or is for something else.
    """
    hold = find_hold(ports, tenant=slot.tenant, key=key)
    if hold is None or has_expired(ports, hold):
        return None
    if hold.status is not BookingStatus.HELD:
        raise InvalidRequest("this hold was used before", code="hold_used")
    wanted = (slot.service, slot.start, slot.resource or hold.resource, slot.seats)
    if wanted != (hold.service, hold.interval.start, hold.resource, hold.seats):
        raise InvalidRequest("this hold is for another time", code="hold_mismatch")
    return hold


def _book_hold(
    ports: Ports,
    hold: Booking,
    request: IdempotentRequest,
    *,
    customer: Customer,
    note: str | None,
    source: Source,
) -> Booked | None:
    """Make the hold the booking, its calendars asked once more; None where it ended at this very moment."""
    move = Move(hold.service, hold.resource, hold.seats, gives_up=hold.id, is_seat=hold.is_seat)
    slot = RequestedSlot(
        hold.tenant,
        hold.service,
        hold.resource,
        hold.interval.start,
        seats=hold.seats,
        held=True,
        move=move,
    )
    checked = check_slot(ports, slot)
    if not checked.free:
        raise kindest_refusal(checked.refusals)
    booking = replace(
        hold,
        status=BookingStatus.CONFIRMED,
        customer=customer,
        note=note,
        source=source,
        held_until=None,
        revision=hold.revision + 1,
        updated_at=ports.clock.now(),
    )
    record = idempotency_record(ports, request, booking.id)
    try:
        return _booked(ports, claim_time(ports, checked, before=hold, after=booking, idempotency=record))
    except Conflict:
        _, earlier = earlier_booking(ports, request)
        return _booked(ports, earlier, repeated=True) if earlier else None


def _booked(ports: Ports, booking: Booking, *, repeated: bool = False) -> Booked:
    return Booked(booking, manage_token(ports, tenant=booking.tenant, booking=booking.id), repeated)
