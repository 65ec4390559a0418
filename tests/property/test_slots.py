"""Free times compared with a minute-by-minute check; listing and booking follow one rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.booking.cells import claimed_time
from common.domain.calendar.interval import Interval
from common.domain.slots.engine import Availability, KnownCalendar, SlotQuestion, free_starts, reasons
from tests.property.slot_cases import EXAMPLES, MINUTE, cases, every_moment, oracle


@pytest.mark.pitfall(17)
@given(cases())
@settings(max_examples=4 * EXAMPLES, deadline=None)
def test_the_free_times_are_those_of_a_minute_by_minute_check(case):
    """Pitfall 17: around clock changes, with any hours, buffers, bookings, absences and calendars."""
    question, availability = case

    assert oracle(question, availability) == free_starts(question, availability)


@pytest.mark.pitfall(23)
@given(cases())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_time_is_listed_exactly_when_it_has_no_reason_for_refusal(case):
    """Pitfall 23: what is listed can be booked, and what can be booked is listed."""
    question, availability = case
    listed = set(free_starts(question, availability))

    assert listed <= set(every_moment(question))
    for moment in every_moment(question):
        assert (moment in listed) == (reasons(question, availability, moment) == ()), moment


@pytest.mark.pitfall(23)
@given(cases(), st.data())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_booking_reads_less_availability_and_agrees_with_the_list(case, data):
    """Pitfall 23: what does not overlap the booking's time does not matter."""
    question, availability = case
    listed = free_starts(question, availability)
    moment = data.draw(st.sampled_from(listed or (question.window.start,)))
    service = question.service
    near = claimed_time(moment, service)
    narrow = Availability(
        bookings=tuple(item for item in availability.bookings if item.overlaps(near)),
        absences=tuple(item for item in availability.absences if item.interval.overlaps(near)),
        calendars={
            key: KnownCalendar(
                busy=tuple(item for item in state.busy if item.overlaps(near)),
                free=tuple(item for item in state.free if item.overlaps(near)),
                as_of=state.as_of,
            )
            for key, state in availability.calendars.items()
        },
    )
    asked = SlotQuestion(service, question.resource, Interval(moment, moment + MINUTE), question.now)

    assert (moment in listed) == (free_starts(asked, narrow) == (moment,))
