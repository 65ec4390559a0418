"""Requests and views of slots and bookings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from common.api.http import Call, Json
from common.api.models import Email, Id, Instant, Line, Model, Text, Zone, moment, read
from common.domain.booking import Booking
from common.errors import InvalidRequest

Phone = Annotated[str, Field(max_length=40, pattern=r"^[+0-9 ()./-]{3,40}$")]
IdempotencyKey = Annotated[str, StringConstraints(min_length=8, max_length=255, pattern=r"^[\x21-\x7e]+$")]


class SlotQuery(Model):
    """GET /slots; without ``resource`` (or with ``any``) any resource of the service will do."""

    tenant: Id
    service: Id
    resource: Id | None = None
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    tz: Zone = "UTC"


class ExplainQuery(Model):
    """GET /slots/explain."""

    service: Id
    resource: Id
    at: Instant
    tenant: Id | None = None


class CustomerBody(Model):
    """Who comes."""

    name: Line
    email: Email | None = None
    phone: Phone | None = None
    time_zone: Zone | None = None


class BookingBody(Model):
    """POST /bookings."""

    service: Id
    resource: Id | None = None
    start: Instant
    customer: CustomerBody
    note: Text | None = None


class RescheduleBody(Model):
    """PATCH /bookings/{id}."""

    start: Instant
    revision: Annotated[int, Field(ge=1)] | None = None


class TenantQuery(Model):
    """The query of public booking calls."""

    tenant: Id


def slot_query(call: Call) -> SlotQuery:
    """The validated query; "any" is the same as no resource."""
    query = dict(call.query)
    if query.get("resource") == "any":
        del query["resource"]
    return read(SlotQuery, query)


def tenant(call: Call) -> str:
    """The tenant: of the verified token where there is one, else of the query (public calls)."""
    if call.caller is not None:
        return call.caller.tenant
    return read(TenantQuery, {key: value for key, value in call.query.items() if key == "tenant"}).tenant


class _Key(Model):
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
        return read(_Key, {"key": value}).key
    except InvalidRequest:
        raise InvalidRequest(
            "an Idempotency-Key has 8 to 255 printable ASCII characters", code="invalid_idempotency_key"
        ) from None


def booking_view(booking: Booking, *, zone: str | None = None) -> Json:
    """A booking as its customer and its staff see it."""
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
        "proposal": moment(booking.proposal.start, shown) if booking.proposal else None,
    }


def staff_booking_view(booking: Booking, *, zone: str | None = None) -> Json:
    """The same with what only staff may see."""
    return {**booking_view(booking, zone=zone), "conflict": booking.conflict is not None}


def state_view(*, key: str, state: str, as_of: datetime | None, reason: str | None) -> Json:
    """How well one calendar is known at this moment; the key tells nobody whose calendar it is."""
    return {
        "calendar": key,
        "state": state,
        "as_of": moment(as_of) if as_of else None,
        "reason": reason,
    }
