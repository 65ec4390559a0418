from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.domain.calendar.interval import Interval
from common.domain.slots.agenda import Agenda, ImportedTimes, join_weeks, week_of, weeks_of

MONDAY = datetime(2027, 3, 22, tzinfo=UTC)


def span(start, end):
    return Interval(MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=end))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (MONDAY, "2027-W12"),
        (MONDAY - timedelta(microseconds=1), "2027-W11"),
        (datetime(2027, 1, 3, 23, 59, tzinfo=UTC), "2026-W53"),
        (datetime(2024, 12, 30, tzinfo=UTC), "2025-W01"),
        (datetime(2027, 3, 22, 1, tzinfo=timezone(timedelta(hours=2))), "2027-W11"),
    ],
)
def test_a_week_is_an_iso_week_in_utc(moment, expected):
    """The year is the week's own, and the zone in which a moment is given does not matter."""
    assert expected == week_of(moment)


def test_a_range_touches_every_week_between_its_ends():
    """In order, without a gap, across the turn of a year; an end on Monday 00:00 does not touch that week."""
    turn = Interval(datetime(2026, 12, 27, 23, tzinfo=UTC), datetime(2027, 1, 4, 0, 0, 1, tzinfo=UTC))

    assert ("2026-W52", "2026-W53", "2027-W01") == weeks_of(turn)
    assert ("2027-W12",) == weeks_of(span(0, 7 * 24))
    assert ("2027-W12", "2027-W13") == weeks_of(span(7 * 24 - 1, 7 * 24 + 1))


def test_a_range_of_more_than_600_weeks_is_refused():
    """Six hundred documents are enough for every honest question."""
    assert 600 == len(weeks_of(span(0, 600 * 7 * 24)))
    with pytest.raises(ValueError, match="600 weeks"):
        weeks_of(span(0, 600 * 7 * 24 + 1))


def test_what_is_stored_in_two_weeks_counts_once():
    """A booking, an absence or an event across Sunday midnight is one thing."""
    night = span(-2, 2)
    part = Agenda(
        bookings={"b": night},
        absences={"a": night},
        imports={"k": ImportedTimes(busy=(night,), free=(night,))},
    )

    assert part == join_weeks([part, part])


def test_weeks_are_united_by_calendar():
    """Busy times are merged; free times stay apart, because each starts a booking grid."""
    first = Agenda(imports={"k": ImportedTimes(busy=(span(0, 2),), free=(span(5, 6),))})
    second = Agenda(
        imports={"k": ImportedTimes(busy=(span(1, 3),), free=(span(4, 5),)), "l": ImportedTimes()}
    )

    assert Agenda(
        imports={"k": ImportedTimes((span(0, 3),), (span(4, 5), span(5, 6))), "l": ImportedTimes()}
    ) == join_weeks([first, second])


def test_no_week_at_all_is_an_empty_agenda():
    """Documents that do not exist mean nothing booked."""
    assert Agenda() == join_weeks([])


def test_weeks_that_disagree_about_a_booking_keep_both_times_blocked():
    """A booking that moves while its weeks are read is never sold a second time."""
    assert {"b": span(0, 6)} == join_weeks(
        [Agenda(bookings={"b": span(0, 1)}), Agenda(bookings={"b": span(5, 6)})]
    ).bookings
