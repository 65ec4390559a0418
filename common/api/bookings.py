"""What requests about bookings and holds contain, and how bookings, holds and proposals are answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from common.api.http import Call, Json
from common.api.models import Email, Id, Instant, Line, Model, Text, Zone, form, moment, path_id, read
from common.domain.booking import sessions
from common.domain.booking.access import Authority, HoldKey, LinkHolder, Staff
from common.domain.booking.booking import Booking, Customer
from common.domain.catalogue.records import LARGEST_GROUP
from common.domain.issuers import Role
from common.errors import InvalidRequest, NotAllowed, UntrustedCaller

_LONGEST_WRITTEN_PHONE = 60
_LONGEST_PHONE = 40
_FEWEST_DIGITS = 3
_SPACES = r"\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DASHES = r"\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
# What programs put around a number to keep its order in a text from right to left; nobody sees it.
_UNSEEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_EXTENSION = r"[;,]? ?([eE][xX][tT]([eE][nN][sS][iI][oO][nN])?\.?|[xX#]) ?=?"
# A pattern of the OpenAPI document as well; what it lets through is looked at again below.
WRITTEN_PHONE = (
    rf"^[+\uff0b0-9 ()./\-{_SPACES}{_DASHES}{_UNSEEN}]{{3,}}"
    rf"({_EXTENSION}[0-9]{{1,8}}[ {_SPACES}{_UNSEEN}]*)?$"
)
_PLAIN_PHONE = re.compile(rf"(?P<number>[+0-9 ()./-]{{3,}}?)(?:{_EXTENSION}(?P<extension>[0-9]{{1,8}}))?")


def plain_phone(written: str) -> str:
    """The number with ASCII spaces, dashes and plus sign, and its extension as ``ext. 12``.

    Raises:
        ValueError: It is no telephone number: other signs, fewer than three digits, or longer than 40.
    """
    text = re.sub(f"[{_UNSEEN}]", "", written)
    text = re.sub(f"[{_SPACES}]", " ", text)
    text = re.sub(f"[{_DASHES}]", "-", text).replace("\uff0b", "+")
    found = _PLAIN_PHONE.fullmatch(" ".join(text.split()))
    if found is None or sum(sign.isdigit() for sign in found["number"]) < _FEWEST_DIGITS:
        raise ValueError("a telephone number has three digits or more, and besides + ( ) . / - and ext. 12")
    number, extension = found["number"].strip(), found["extension"]
    plain = f"{number} ext. {extension}" if extension else number
    if len(plain) > _LONGEST_PHONE:
        raise ValueError(f"a telephone number has at most {_LONGEST_PHONE} characters")
    return plain


Phone = Annotated[
    str,
    form(
        WRITTEN_PHONE,
        "a telephone number has digits, spaces, + ( ) . / - and perhaps ext. 12",
        max_length=_LONGEST_WRITTEN_PHONE,
        examples=["+41 44 123 45 67"],
        description="Kept in one spelling, of at most 40 characters: `+41 44 123 45 67 ext. 12`.",
    ),
    AfterValidator(plain_phone),
]
Seats = Annotated[int, Field(ge=1, le=LARGEST_GROUP)]
Token = Annotated[
    str, form(r"^[A-Za-z0-9_-]+$", "the token of a hold is sent as it was answered", max_length=100)
]
IdempotencyKey = Annotated[
    str, form(r"^[\x21-\x7e]+$", "this is printable ASCII without spaces", min_length=8, max_length=255)
]


class CustomerBody(Model):
    """Who comes."""

    name: Line
    email: Email | None = None
    phone: Phone | None = None
    time_zone: Zone | None = None


class HoldBody(Model):
    """POST /bookings/holds; without ``resource`` (or with ``any``) any resource of the service will do."""

    service: Id
    resource: Id | None = None
    start: Instant
    seats: Seats = 1


class HoldKeyBody(Model):
    """A hold, as POST /bookings/holds answered it."""

    id: Id
    token: Token


class BookingBody(HoldBody):
    """POST /bookings; a ``hold`` of the same time becomes the booking."""

    customer: CustomerBody
    note: Text | None = None
    hold: HoldKeyBody | None = None


class RescheduleBody(Model):
    """PATCH /bookings/{id}."""

    start: Instant
    revision: Annotated[int, Field(ge=1)] | None = None


class DecisionBody(Model):
    """POST /bookings/{id}/proposal/accept and decline; ``revision`` is that of the booking as it was seen."""

    revision: Annotated[int, Field(ge=1)] | None = None


class TenantQuery(Model):
    """The query of public booking calls."""

    tenant: Id


def tenant_of(call: Call) -> str:
    """The tenant: of the verified token where there is one, else of the query (public calls)."""
    if call.caller is not None:
        return call.caller.tenant
    return read(TenantQuery, {key: value for key, value in call.query.items() if key == "tenant"}).tenant


class _KeyHeader(Model):
    key: IdempotencyKey


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The Idempotency-Key header, if one was sent.

    Raises:
        InvalidRequest: it is too short, too long or not printable ASCII.
    """
    value = headers.get("Idempotency-Key")
    if value is None:
        return None
    try:
        return read(_KeyHeader, {"key": value}).key
    except InvalidRequest:
        raise InvalidRequest(
            "an Idempotency-Key has 8 to 255 printable ASCII characters", code="invalid_idempotency_key"
        ) from None


def booking_view(booking: Booking, *, zone: str | None = None) -> Json:
    """A booking as its customer sees it."""
    shown = zone or booking.customer.zone or "UTC"
    return {
        "id": booking.id,
        "service": booking.service,
        "resource": booking.resource,
        "start": moment(booking.interval.start, shown),
        "end": moment(booking.interval.end, shown),
        "status": booking.status.value,
        "revision": booking.revision,
        "changed_by": booking.source.value,
        "customer": {
            "name": booking.customer.name,
            "email": booking.customer.email,
            "phone": booking.customer.phone,
            "time_zone": booking.customer.zone,
        },
        "note": booking.note,
        "seats": booking.seats,
        "proposal": _proposed_start(booking, shown),
    }


def _proposed_start(booking: Booking, zone: str) -> str | None:
    """The time that the owner's calendar shows while nobody has decided about it."""
    wanted = booking.proposal.interval if booking.proposal else None
    return moment(wanted.start, zone) if wanted else None


def staff_booking_view(booking: Booking, *, zone: str | None = None) -> Json:
    """A booking as staff see it; a session has as many ``seats`` as are booked."""
    view = booking_view(booking, zone=zone)
    if booking.is_session:
        view["seats"] = sessions.booked_seats(booking)
    return {
        **view,
        "session": booking.session,
        "is_session": booking.is_session,
        "conflict": booking.conflict is not None,
        "proposed": _proposal_view(booking, zone or booking.customer.zone or "UTC"),
    }


def _proposal_view(booking: Booking, zone: str) -> Json:
    """What the owner did to the event, and nobody has decided about."""
    proposal = booking.proposal
    if proposal is None:
        return None
    span = proposal.interval
    return {
        "start": moment(span.start, zone) if span else None,
        "end": moment(span.end, zone) if span else None,
        "title": proposal.title,
        "description": proposal.description,
        "deletion": proposal.deletion,
        "connection": proposal.connection,
        "proposed_at": moment(proposal.proposed_at),
        "expires_at": moment(proposal.expires_at),
    }


def contact(call: Call) -> str | None:
    """The customer's mail address or else phone number in a body that is not validated yet.

    The rate limiter counts by it, before anything else of the request is judged. Of a number only the digits
    count, however they are written.
    """
    customer = call.body.get("customer") if isinstance(call.body, Mapping) else None
    said = customer if isinstance(customer, Mapping) else {}
    email, number = said.get("email"), said.get("phone")
    if isinstance(email, str):
        return email
    return "".join(filter(str.isdecimal, number)) or number if isinstance(number, str) else None


def authority(call: Call) -> Authority:
    """Who asks for a booking: verified staff, or whoever holds its management token.

    Raises:
        UntrustedCaller: neither was sent.
    """
    if call.caller is not None:
        return Staff(None if call.staff.role is Role.OWNER else frozenset(call.staff.resources))
    if call.bearer is None:
        raise UntrustedCaller("a management token or an ID token is needed here")
    return LinkHolder(call.bearer)


def resource_to_book(call: Call, resource: str | None) -> str | None:
    """The resource that a body names, or None for any; staff who are no owners must name one of their own.

    Raises:
        NotAllowed: A member of staff names no resource, or one that is not theirs.
    """
    resource = None if resource == "any" else resource
    if (
        call.caller is not None
        and call.staff.role is not Role.OWNER
        and (resource is None or not call.staff.may(resource))
    ):
        raise NotAllowed("staff book for their own resources", code="not_your_resource")
    return resource


def customer_of(body: BookingBody) -> Customer:
    """The customer of a booking request."""
    said = body.customer
    return Customer(name=said.name, email=said.email, phone=said.phone, zone=said.time_zone)


def versioned_view(call: Call, booking: Booking) -> tuple[Json, str | None]:
    """The booking as this caller sees it, and the version that this shows."""
    view = staff_booking_view(booking) if call.caller is not None else booking_view(booking)
    return view, booking.version


def hold_key(call: Call) -> HoldKey:
    """The hold of the path with the token that was sent.

    Raises:
        UntrustedCaller: No token was sent.
    """
    if call.bearer is None:
        raise UntrustedCaller("the token of the hold is needed here")
    return HoldKey(path_id(call.path["hold"]), call.bearer)


def hold_view(hold: Booking, *, token: str) -> Json:
    """A hold with the token that books or releases it."""
    return {
        "id": hold.id,
        "token": token,
        "service": hold.service,
        "resource": hold.resource,
        "start": moment(hold.interval.start),
        "end": moment(hold.interval.end),
        "seats": hold.seats,
        "expires_at": moment(hold.held_until) if hold.held_until else None,
    }
