from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import (
    Resource,
    Service,
    Tenant,
    UnreachablePolicy,
    WallRange,
    WeeklyHours,
    minutes,
)
from common.domain.slots.engine import Availability, SlotQuestion, free_starts

RULES = {
    "duration": timedelta(minutes=30),
    "buffer_before": timedelta(),
    "buffer_after": timedelta(),
    "step": timedelta(minutes=15),
    "notice": timedelta(),
    "horizon": timedelta(days=60),
    "resources": ("anna",),
}


def service(**changes):
    return Service(id="cut", name="Haircut", **(RULES | changes))


@pytest.mark.parametrize(
    ("clock", "expected"), [("00:00", 0), ("09:05", 545), ("23:59", 1439), ("24:00", 1440)]
)
def test_a_wall_clock_time_is_minutes_after_midnight(clock, expected):
    """The end of the day has a name of its own."""
    assert expected == minutes(clock)


@pytest.mark.parametrize(
    "clock", ["", "9:00", "24:01", "25:00", "09:60", "09:00:00", "09:00\n", "\u0660\u0669:\u0660\u0660"]
)
def test_what_is_no_wall_clock_time_is_refused(clock):
    """A time is two digits, a colon, two digits, at most 24:00."""
    with pytest.raises(ValueError, match="wall-clock time"):
        minutes(clock)


def test_a_range_is_written_as_it_is_read():
    """Text and record are the same, 24:00 included."""
    assert (540, 1440) == (WallRange.parse("09:00-24:00").start, WallRange.parse("09:00-24:00").end)
    assert "09:05-24:00" == str(WallRange.parse("09:05-24:00"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("09:00", "HH:MM-HH:MM"),
        ("17:00-09:00", "end after they start"),
        ("09:00-09:00", "end after they start"),
        ("09:02-10:00", "multiple of 5"),
        ("09:00-10:01", "multiple of 5"),
    ],
)
def test_a_range_that_opens_never_or_off_the_grid_is_refused(text, why):
    """Hours over midnight are two ranges on two days; odd minutes are no opening hours."""
    with pytest.raises(ValueError, match=why):
        WallRange.parse(text)


def test_a_day_is_in_order_and_its_ranges_may_touch():
    """Touching is allowed, overlapping and disorder are not, in the week and in an override alike."""
    WeeklyHours.of({0: ["09:00-12:00", "12:00-13:00"]})
    with pytest.raises(ValueError, match="in order"):
        WeeklyHours.of({0: ["09:00-12:00", "11:55-13:00"]})
    with pytest.raises(ValueError, match="in order"):
        WeeklyHours.of({0: ["13:00-14:00", "09:00-12:00"]})
    bad = (WallRange(600, 660), WallRange(540, 600))
    with pytest.raises(ValueError, match="in order"):
        Resource("anna", "Anna", None, "UTC", WeeklyHours(), {date(2027, 1, 1): bad})


def test_a_week_has_seven_days():
    """Monday is 0, Sunday is 6, a day left out is closed."""
    assert (0, 6) == tuple(
        number
        for number, day in enumerate(WeeklyHours.of({0: ["09:00-10:00"], 6: ["09:00-10:00"]}).days)
        if day
    )
    with pytest.raises(ValueError, match="weekdays"):
        WeeklyHours.of({7: ["09:00-10:00"]})
    with pytest.raises(ValueError, match="seven days"):
        WeeklyHours(((),))


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("duration", timedelta(), "the duration is between 5 minutes and 1440 minutes"),
        ("duration", timedelta(minutes=7), "the duration is a multiple of 5 minutes"),
        ("duration", timedelta(hours=24, minutes=5), "the duration is between"),
        ("buffer_before", timedelta(minutes=-5), "the buffer before is between"),
        ("buffer_before", timedelta(seconds=1), "the buffer before is a multiple"),
        ("buffer_after", timedelta(hours=7), "the buffer after is between 0 minutes and 360 minutes"),
        ("step", timedelta(), "the booking interval is between"),
        ("step", timedelta(minutes=12), "the booking interval is a multiple"),
        ("notice", timedelta(minutes=-1), "the notice is between"),
        ("horizon", timedelta(), "the horizon is between"),
        ("horizon", timedelta(days=732), "the horizon is between 5 minutes and 731 days"),
        ("capacity", 0, "the capacity is between 1 and 500"),
        ("capacity", 501, "the capacity is between 1 and 500"),
        ("hold", timedelta(), "the hold is between 1 minutes and 60 minutes"),
        ("hold", timedelta(minutes=61), "the hold is between"),
    ],
)
def test_a_service_that_cannot_be_booked_is_refused(field, value, why):
    """Each rule has its own clear text."""
    with pytest.raises(ValueError, match=why):
        service(**{field: value})


def test_records_with_an_unknown_zone_or_a_grace_of_nothing_are_refused():
    """A zone is checked when it is set, not when the first customer asks."""
    with pytest.raises(ValueError, match="unknown time zone"):
        Resource("anna", "Anna", None, "Mars/Olympus", WeeklyHours())
    with pytest.raises(ValueError, match="unknown time zone"):
        Tenant("t", "Salon", "Mars/Olympus")
    with pytest.raises(ValueError, match="grace"):
        UnreachablePolicy(timedelta())


def test_a_whole_day_can_be_booked_as_one_appointment():
    """The longest duration fits an opening around the clock."""
    always = WeeklyHours.of({day: ["00:00-24:00"] for day in range(7)})
    anna = Resource("anna", "Anna", None, "UTC", always)
    monday = datetime(2027, 3, 15, tzinfo=UTC)
    day = service(duration=timedelta(hours=24), step=timedelta(hours=24))
    window = Interval(monday, monday + timedelta(days=2))

    assert (monday, monday + timedelta(days=1)) == free_starts(
        SlotQuestion(day, anna, window, monday), Availability()
    )
