"""Operations and answers of the function ``bookings``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from common.api.bookings import BookingBody, DecisionBody, HoldBody, RescheduleBody
from common.api.models import Id as TenantId
from common.api.models import Model
from common.api.paging import ListQuery
from common.domain.booking.booking import BookingStatus, Source
from openapi.fields import Answer, Count, Email, Id, Moment, Name, Zone, example_field
from openapi.operation import Operation, Response, SecurityScheme
from openapi.record_responses import NONE_MATCH, PAGE, Page, change_responses, read_responses

SUMMARY = "Books, shows, moves and cancels appointments."
TAKEN = (
    *(
        "slot_taken",
        "availability_unknown",
        "naive_time",
        "window",
        "past",
        "not_offered",
        "inactive",
        "notice",
        "horizon",
    ),
    *("outside_window", "outside_availability", "off_grid", "too_many_seats"),
)


class BookingQuery(Model):
    """The query of calls about bookings; an ID token names the tenant itself."""

    tenant: Annotated[TenantId | None, Field(description="Needed without an ID token.")] = None


class BookingCustomer(Answer):
    """Who comes."""

    name: Annotated[str, example_field("Zoe Keller")]
    email: Email | None
    phone: Annotated[str, example_field("+41 44 123 45 67")] | None
    time_zone: Zone | None


class Booking(Answer):
    """A booking as its customer sees it; staff also see whether it collides (``conflict``)."""

    id: Id
    service: Annotated[str, example_field("haircut")]
    resource: Name
    start: Moment
    end: Annotated[Moment, example_field("2027-03-15T09:30:00+01:00")]
    status: BookingStatus
    revision: Annotated[Count, example_field(1)]
    changed_by: Source
    customer: BookingCustomer
    note: Annotated[str, example_field("Please be gentle.")] | None
    seats: Annotated[int, example_field(1, "How many come; of a session, how many seats are booked.")]
    proposal: (
        Annotated[Moment, example_field("2027-03-15T10:00:00+01:00", "When the owner would like it.")] | None
    )


class NewBooking(Booking):
    """A booking just made, with the token by which its customer manages it; it is told this once."""

    management_token: Annotated[str, example_field("k7Jq2VwZ0mR4tY8uB3nL5pS9dF6gH1xC")]


class Proposal(Answer):
    """What the owner did to the event, to be accepted or declined; only what was changed is not null."""

    start: Annotated[Moment, example_field("2027-03-15T10:00:00+01:00")] | None
    end: Annotated[Moment, example_field("2027-03-15T10:30:00+01:00")] | None
    title: Annotated[str, example_field("Zoe, with her dog")] | None
    description: Annotated[str, example_field("Ring twice.")] | None
    deletion: Annotated[
        bool, Field(examples=[False], description="The event was deleted: shall the booking be cancelled?")
    ]
    connection: Annotated[str, example_field("c0nnect1onId")]
    proposed_at: Moment
    expires_at: Annotated[Moment, example_field("2027-03-22T09:00:00+01:00", "From then on it is declined.")]


class StaffBooking(Booking):
    """A booking as staff see it; ``conflict`` where the owner's calendar has something else at that time.

    A ``session`` that several customers share is listed itself (``is_session``), without a customer's name.
    """

    session: Annotated[str, example_field("b2s8k0q1m4n7", "The session in which it is a seat.")] | None
    is_session: bool
    conflict: bool
    proposed: Proposal | None


class BookingList(Page):
    """Bookings of the caller's resources, whatever became of them."""

    bookings: list[StaffBooking]


class ProposalList(Page):
    """Bookings about which somebody has to decide; those first that lapse first."""

    proposals: list[StaffBooking]


def _decision(word: str, summary: str, description: str, *errors: str) -> Operation:
    return Operation(
        f"POST /<booking>/proposal/{word}",
        f"{word}Proposal",
        summary,
        {200: StaffBooking},
        body=DecisionBody,
        errors=("no_proposal", "stale_version", *errors),
        description=description,
    )


class Hold(Answer):
    """A time that is kept until ``expires_at``; the ``token`` books or releases it."""

    id: Id
    token: Annotated[str, example_field("wQ7Jk2VZ0mR4tY8uB3nL5pS9dF6gH1xCaE2rT5yU8iO")]
    service: Annotated[str, example_field("haircut")]
    resource: Name
    start: Moment
    end: Annotated[Moment, example_field("2027-03-15T09:30:00+01:00")]
    seats: Annotated[int, example_field(1)]
    expires_at: Annotated[Moment, example_field("2027-03-14T18:10:00+01:00")]


SeenBooking = Booking | StaffBooking

OPERATIONS = (
    Operation(
        "POST /",
        "createBooking",
        "Book a time",
        {201: Response(NewBooking, headers=("ETag",)), 200: Response(NewBooking, headers=("ETag",))},
        body=BookingBody,
        query=BookingQuery,
        headers=("Idempotency-Key",),
        security=(None, SecurityScheme.STAFF),
        errors=(
            *TAKEN,
            "not_found",
            "not_your_resource",
            "hold_used",
            "hold_mismatch",
            "idempotency_key_reused",
            "invalid_idempotency_key",
        ),
        description="Public; staff are known by their ID token. Without `resource`, or with `any`,"
        " whoever is free gets it. A `hold` of the same time becomes the booking."
        " 200 repeats what the same Idempotency-Key made before, or without a key what the same customer"
        " booked from the same address within the last minute: the same service at the same start.",
    ),
    Operation(
        "POST /holds",
        "createHold",
        "Keep a time for some minutes",
        {201: Hold},
        body=HoldBody,
        query=BookingQuery,
        security=(None, SecurityScheme.STAFF),
        errors=(*TAKEN, "not_found", "not_your_resource"),
        description="For customers who are still deciding; how long, the service says.",
    ),
    Operation(
        "DELETE /holds/<hold>",
        "releaseHold",
        "Give a held time back",
        {204: None},
        query=BookingQuery,
        security=(SecurityScheme.HOLD,),
        errors=("not_found", "unauthenticated"),
        description="Releasing twice is fine, and a hold that was booked stays booked.",
    ),
    Operation(
        "GET /<booking>",
        "getBooking",
        "Show a booking",
        read_responses(SeenBooking),
        query=BookingQuery,
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PATCH /<booking>",
        "rescheduleBooking",
        "Move a booking",
        change_responses(SeenBooking),
        body=RescheduleBody,
        query=BookingQuery,
        headers=("If-Match",),
        errors=(*TAKEN, "cancelled", "stale_version", "invalid_version"),
        description="To a time that `GET /slots` lists with `booking`, with the resource that it has."
        " The time that it has changes nothing.",
    ),
    Operation(
        "DELETE /<booking>",
        "cancelBooking",
        "Cancel a booking",
        change_responses(SeenBooking),
        query=BookingQuery,
        headers=("If-Match",),
        errors=("past", "stale_version", "invalid_version"),
        description="Cancelling twice is fine.",
    ),
    Operation("GET /", "listBookings", "The bookings", {200: BookingList}, query=ListQuery, errors=PAGE),
    Operation(
        "GET /proposals",
        "listProposals",
        "What owners changed in their calendars, to be decided",
        {200: ProposalList},
        query=ListQuery,
        errors=PAGE,
    ),
    _decision(
        "accept",
        "Take over what the owner did",
        "The booking changes, every calendar follows, and the customer is told.",
        "slot_taken",
        "availability_unknown",
        "longer_than_a_booking",
    ),
    _decision("decline", "Undo what the owner did", "The owner's calendar shows the booking again as it is."),
)
