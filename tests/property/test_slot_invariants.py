"""Rules that hold for the free times of every case."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.booking.cells import cells, claimed_time
from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import instant, zone
from common.domain.catalogue.records import Absence
from common.domain.slots.engine import Availability, KnownCalendar, SlotQuestion, UnknownCalendar, free_starts
from tests.property.slot_cases import DAY, EXAMPLES, MINUTE, ZONES, cases, spans, to_instant


@pytest.mark.pitfall(23)
@given(cases(), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_bookings_of_listed_times_never_overlap(case, data):
    """Pitfall 23: each customer books one of the listed times, and no two claim the same five minutes."""
    question, availability = case
    bookings = [claimed_time(item.start, question.service) for item in availability.bookings]
    taken = {key for booking in bookings for key in cells(booking)}
    for _ in range(6):
        view = Availability(tuple(bookings), availability.absences, availability.calendars)
        listed = free_starts(question, view)
        if not listed:
            break
        bookings.append(claimed_time(data.draw(st.sampled_from(listed)), question.service))
        keys = set(cells(bookings[-1]))
        assert not keys & taken
        taken |= keys


@given(cases(), st.data())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_more_busy_time_never_adds_a_free_time(case, data):
    """A booking, absence or busy event only removes times; an unknown calendar removes all."""
    question, availability = case
    extra = data.draw(spans(question.window.start))
    before = set(free_starts(question, availability))
    busy = KnownCalendar((extra,), (), question.now)

    for more in (
        Availability((*availability.bookings, extra), availability.absences, availability.calendars),
        Availability(
            availability.bookings, (*availability.absences, Absence("more", extra)), availability.calendars
        ),
        Availability(availability.bookings, availability.absences, {**availability.calendars, "more": busy}),
    ):
        assert set(free_starts(question, more)) <= before
    unknown = Availability(
        availability.bookings,
        availability.absences,
        {**availability.calendars, "more": UnknownCalendar("timeout")},
    )
    assert () == free_starts(question, unknown)


@pytest.mark.pitfall(7)
@given(cases(), st.data())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_splitting_the_window_changes_nothing(case, data):
    """Pitfall 7: two adjacent questions together give the free times of the whole window."""
    question, availability = case
    window = question.window
    cut = window.start + data.draw(st.integers(0, window.length // MINUTE)) * MINUTE
    parts = [
        SlotQuestion(question.service, question.resource, Interval(start, end), question.now)
        for start, end in ((window.start, cut), (cut, window.end))
        if start < end
    ]

    whole = free_starts(question, availability)
    assert whole == tuple(start for part in parts for start in free_starts(part, availability))


@pytest.mark.pitfall(17)
@given(st.sampled_from(ZONES), st.dates(date(1970, 1, 2), date(2100, 1, 1)), st.integers(0, DAY))
@settings(max_examples=4 * EXAMPLES, deadline=None)
def test_a_wall_clock_time_is_its_first_instant_or_the_next_existing_one(name, day, clock):
    """Pitfall 17: for any date and minute, as a minute-by-minute check finds it."""
    assert to_instant(day, clock, ZoneInfo(name)) == instant(day, clock, zone(name))
