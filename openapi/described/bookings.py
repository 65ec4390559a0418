"""What the function ``bookings`` answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from common.api.bookings import BookingBody, RescheduleBody
from common.api.models import Id as TenantId
from common.api.models import Model
from common.domain.booking import BookingStatus, Source
from openapi.fields import Answer, Count, Email, Id, Moment, Name, Zone, one_of
from openapi.operation import Operation, Secret

SUMMARY = "Books, shows, moves and cancels appointments."
TAKEN = (
    *(
        "slot_taken",
        "availability_unknown",
        "naive_time",
        "past",
        "not_offered",
        "inactive",
        "notice",
        "horizon",
    ),
    *("outside_window", "outside_availability", "off_grid"),
)


class BookingQuery(Model):
    """The query of calls about bookings; an ID token names the tenant itself."""

    tenant: Annotated[TenantId | None, Field(description="Needed without an ID token.")] = None


class BookingCustomer(Answer):
    """Who comes."""

    name: Annotated[str, one_of("Zoe Keller")]
    email: Email | None
    phone: Annotated[str, one_of("+41 44 123 45 67")] | None
    time_zone: Zone | None


class Booking(Answer):
    """A booking as its customer sees it; staff also see whether it collides (``conflict``)."""

    id: Id
    service: Annotated[str, one_of("haircut")]
    resource: Name
    start: Moment
    end: Annotated[Moment, one_of("2027-03-15T09:30:00+01:00")]
    status: BookingStatus
    revision: Annotated[Count, one_of(1)]
    changed_by: Source
    customer: BookingCustomer
    note: Annotated[str, one_of("Please be gentle.")] | None
    proposal: Annotated[Moment, one_of("2027-03-15T10:00:00+01:00", "When the owner would like it.")] | None


class NewBooking(Booking):
    """A booking just made, with the token by which its customer manages it; it is told this once."""

    management_token: Annotated[str, one_of("k7Jq2VwZ0mR4tY8uB3nL5pS9dF6gH1xC")]


class StaffBooking(Booking):
    """A booking as staff see it; ``conflict`` where the owner's calendar has something else at that time."""

    conflict: bool


SeenBooking = Booking | StaffBooking

OPERATIONS = (
    Operation(
        "POST /",
        "createBooking",
        "Book a time",
        {201: NewBooking, 200: NewBooking},
        body=BookingBody,
        query=BookingQuery,
        headers=("Idempotency-Key",),
        secrets=(None, Secret.STAFF),
        errors=(
            *TAKEN,
            "not_found",
            "not_your_resource",
            "idempotency_key_reused",
            "invalid_idempotency_key",
        ),
        says="Public; staff are known by their ID token. Without `resource`, or with `any`, whoever is free"
        " gets it. 200 repeats what the same Idempotency-Key made before.",
    ),
    Operation("GET /<booking>", "getBooking", "Show a booking", {200: SeenBooking}, query=BookingQuery),
    Operation(
        "PATCH /<booking>",
        "rescheduleBooking",
        "Move a booking",
        {200: SeenBooking},
        body=RescheduleBody,
        query=BookingQuery,
        errors=(*TAKEN, "cancelled", "stale_version"),
    ),
    Operation(
        "DELETE /<booking>",
        "cancelBooking",
        "Cancel a booking",
        {200: SeenBooking},
        query=BookingQuery,
        errors=("past",),
        says="Cancelling twice is fine.",
    ),
)
