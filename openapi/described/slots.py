"""Operations and answers of the function ``slots``."""

from __future__ import annotations

from typing import Annotated

from common.api.slots import ExplainQuery, SlotQuery
from common.domain.slots.engine import ReasonCode
from common.domain.slots.slot_answers import Freshness
from openapi.fields import Answer, Moment, Name, example_field
from openapi.operation import Operation, SecurityScheme

SUMMARY = "Answers which times a customer can book, and to staff why a time is not offered."
WINDOW = ("window", "window_too_long", "unknown_zone", "naive_time", "not_found")
# Where a booking is named that is to move.
MOVE = ("booking_mismatch", "cancelled", "past")


class CalendarState(Answer):
    """How well one calendar is known at this moment."""

    calendar: Annotated[str, example_field("calendar-1")]
    state: Freshness
    as_of: Moment | None
    reason: Annotated[str, example_field("provider_unavailable")] | None


class Slot(Answer):
    """One time, and who could take it."""

    start: Moment
    end: Annotated[Moment, example_field("2027-03-15T09:30:00+01:00")]
    resources: list[Name]
    seats_left: Annotated[int, example_field(3, "Where the service tells its customers.")] | None


class SlotList(Answer):
    """The free times; ``as_of`` is how old the oldest answer behind them is."""

    slots: list[Slot]
    as_of: Moment
    degraded: bool
    calendars: list[CalendarState]


class SlotReason(Answer):
    """One thing in the way."""

    code: ReasonCode
    start: Moment | None
    end: Annotated[Moment, example_field("2027-03-15T09:30:00+01:00")] | None
    source: Annotated[str, example_field("summer")] | None


class SlotExplanation(Answer):
    """Everything in the way; a time without reasons is offered."""

    at: Moment
    offered: bool
    reasons: list[SlotReason]
    calendars: list[CalendarState]


OPERATIONS = (
    Operation(
        "GET /",
        "listSlots",
        "The times that can be booked",
        {200: SlotList},
        query=SlotQuery,
        security=(None, SecurityScheme.MANAGEMENT, SecurityScheme.STAFF),
        errors=(*WINDOW, *MOVE),
        description="Public. With `booking` these are the times to which that booking can be moved: exactly"
        " those that `PATCH /bookings/{booking}` takes from the same caller.",
    ),
    Operation(
        "GET /explain",
        "explainSlot",
        "Why a time is not offered",
        {200: SlotExplanation},
        query=ExplainQuery,
        errors=(*WINDOW, *MOVE),
        description="For staff: the reasons tell of other people's time. With `booking` they are what keeps"
        " that booking from moving there.",
    ),
)
