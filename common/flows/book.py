"""Books a time for a customer: checked against live calendars, committed at once, mirrored in seconds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from common.domain.agenda import week
from common.domain.booking import Booking, BookingStatus, Customer, Source
from common.domain.catalogue import Resource
from common.domain.cells import claimed
from common.domain.interval import Interval, aware
from common.domain.refusals import kindest
from common.errors import AlreadyExists, InvalidRequest, KeyReused, SlotTaken
from common.flows.steps.engine import Offer, Wish, offer
from common.flows.steps.entrusted import manage_token
from common.flows.steps.outbox import promises
from common.flows.steps.requests import Request, booking_id, first_made, record_of
from common.flows.steps.settled import settle
from common.ports import BookingChange, Ports


@dataclass(frozen=True, slots=True)
class Book:
    """A customer's wish; no ``resource`` means any; ``subject`` is the member of staff who books, if any.

    ``idempotency_key`` makes a repeat safe: the same request under the same key is answered alike.
    """

    tenant: str
    service: str
    resource: str | None
    start: datetime
    customer: Customer
    note: str | None = field(default=None, repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    subject: str | None = None


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
    if made := first_made(ports, request):
        return _answer(ports, ports.bookings.get(command.tenant, made), repeated=True)
    found = offer(ports, Wish(command.tenant, command.service, command.resource, command.start))
    name = booking_id(ports, request)
    refusals = list(found.refusals)
    for resource in _fairly(found, name, command.start):
        change = _change(ports, command, found, resource, request=request, name=name)
        try:
            return _answer(ports, settle(ports, change))
        except SlotTaken as lost:
            refusals.append(lost)
        except AlreadyExists:
            return _twin(ports, request)
    raise kindest(refusals)


def _request(command: Book) -> Request:
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
    return Request(command.tenant, command.subject or "", command.idempotency_key, said)


def _fairly(found: Offer, booking: str, start: datetime) -> list[Resource]:
    """Whoever has the fewest bookings that week comes first; a hash decides between equals."""
    that_week = week(start)

    def load(resource: Resource) -> tuple[int, str]:
        spans = found.scene.agendas[resource.id].bookings.values()
        lot = hashlib.sha256(f"{booking}/{resource.id}".encode()).hexdigest()
        return sum(week(span.start) == that_week for span in spans), lot

    return sorted(found.takers, key=load)


def _change(
    ports: Ports, command: Book, found: Offer, resource: Resource, *, request: Request, name: str
) -> BookingChange:
    now, service = ports.clock.now(), found.scene.service
    booking = Booking(
        id=name,
        tenant=command.tenant,
        resource=resource.id,
        service=service.id,
        interval=Interval(command.start, command.start + service.duration),
        claimed=claimed(aware(command.start), service),
        status=BookingStatus.CONFIRMED,
        customer=command.customer,
        created_at=now,
        updated_at=now,
        source=Source.STAFF if command.subject else Source.CUSTOMER,
        note=command.note,
    )
    return BookingChange(
        before=None,
        after=booking,
        outbox=promises(booking, found.scene.connections.get(resource.id, ()), now=now),
        idempotency=record_of(ports, request, name, now=now),
    )


def _twin(ports: Ports, request: Request) -> Booked:
    """The same request came twice at the same moment: both get the one booking."""
    made = first_made(ports, request)
    if made is None:
        raise KeyReused("this idempotency key was used before")
    return _answer(ports, ports.bookings.get(request.tenant, made), repeated=True)


def _answer(ports: Ports, booking: Booking, *, repeated: bool = False) -> Booked:
    return Booked(booking, manage_token(ports, tenant=booking.tenant, booking=booking.id), repeated)
