"""The error that a caller gets when a time cannot be booked."""

from __future__ import annotations

import pytest

from common.domain.slots.engine import Reason, ReasonCode
from common.domain.slots.slot_answers import kindest_refusal, refusal
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken


def error_of(*codes: ReasonCode) -> tuple[type[Exception], str]:
    error = refusal([Reason(code) for code in codes])
    return type(error), error.reason


@pytest.mark.parametrize(
    "code",
    [
        ReasonCode.PAST,
        ReasonCode.NOTICE,
        ReasonCode.HORIZON,
        ReasonCode.OFF_GRID,
        ReasonCode.OUTSIDE_AVAILABILITY,
        ReasonCode.INACTIVE,
        ReasonCode.NOT_OFFERED,
    ],
)
def test_a_broken_rule_is_named(code: ReasonCode) -> None:
    """Each rule has its stable code, and is the caller's mistake."""
    assert error_of(code) == (InvalidRequest, code.value)


@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    "code", [ReasonCode.BOOKING, ReasonCode.BUFFER, ReasonCode.EXTERNAL_BUSY, ReasonCode.ABSENCE]
)
def test_a_customer_is_not_told_who_has_the_time(code: ReasonCode) -> None:
    """Pitfall 25: taken is taken, whether by a booking, a private event or an absence."""
    assert error_of(code) == (SlotTaken, "slot_taken")


@pytest.mark.pitfall(1)
def test_an_unknown_calendar_is_not_a_taken_time() -> None:
    """Pitfall 1: nobody knows, so the answer is 503 and not 409."""
    assert error_of(ReasonCode.UNKNOWN_CALENDAR) == (AvailabilityUnknown, "availability_unknown")


def test_hours_that_come_from_an_unknown_calendar_are_unknown() -> None:
    """With external free times, an unanswered calendar leaves the hours open."""
    assert error_of(ReasonCode.OUTSIDE_AVAILABILITY, ReasonCode.UNKNOWN_CALENDAR)[0] is AvailabilityUnknown


def test_what_is_certain_comes_before_what_is_unknown() -> None:
    """A time that is past or booked is so whatever the calendars would say."""
    assert (
        error_of(ReasonCode.PAST, ReasonCode.UNKNOWN_CALENDAR)[1],
        error_of(ReasonCode.BOOKING, ReasonCode.UNKNOWN_CALENDAR)[1],
    ) == (
        "past",
        "slot_taken",
    )


def test_of_several_resources_the_most_hopeful_answer_counts() -> None:
    """Where one resource could still turn out to be free, the time is not called taken."""
    unknown, taken, rule = AvailabilityUnknown(), SlotTaken(), InvalidRequest()

    assert (kindest_refusal([rule, taken, unknown]), kindest_refusal([rule, taken])) == (unknown, taken)
