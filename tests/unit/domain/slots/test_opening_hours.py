from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import offsets, zone
from common.domain.catalogue.records import Resource, WallRange, WeeklyHours
from common.domain.slots.opening_hours import openings

DAILY = range(7)
ALWAYS = WeeklyHours.of({day: ["00:00-24:00"] for day in DAILY})
OFFICE = WeeklyHours.of({day: ["09:00-17:00"] for day in DAILY})
YEARS = Interval(datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "America/Asuncion",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Havana",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Nuuk",
    "America/Phoenix",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Zurich",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "UTC",
)


def resource(name="Europe/Zurich", hours=OFFICE, **changes):
    return Resource(id="anna", name="Anna", email=None, zone=name, hours=hours, **changes)


def hours(interval):
    return interval.length / timedelta(hours=1)


def utc(day, hour, minute=0, *, month=3):
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


def changes(place):
    return [datetime.fromtimestamp(epoch, UTC) for epoch in offsets(place, 2024, 2030).since[1:]]


@pytest.mark.pitfall(17)
@pytest.mark.parametrize("name", ZONES)
def test_a_schedule_around_the_clock_has_the_length_of_each_local_day(name):
    """Pitfall 17: 24 hours, or as many as the change of that day leaves; no instant is lost or doubled."""
    place = zone(name)
    days = openings(resource(name, ALWAYS), YEARS)
    counted = Counter(
        (change + timedelta(minutes=15 * quarter)).astimezone(place).date()
        for change in changes(place)
        for quarter in range(-200, 200)
    )
    near = {
        (change + timedelta(hours=hour)).astimezone(place).date()
        for change in changes(place)
        for hour in range(-24, 25)
    }

    assert all(earlier.end == later.start for earlier, later in pairwise(days))
    for day in days:
        shown = day.start.astimezone(place).date()
        assert (counted[shown] / 4 if shown in near else 24) == hours(day)
    sizes = {"Antarctica/Troll": {22, 24, 26}, "Australia/Lord_Howe": {23.5, 24, 24.5}}
    assert set(map(hours, days)) <= sizes.get(name, {23, 24, 25})


@pytest.mark.pitfall(17)
@pytest.mark.parametrize("name", ZONES)
def test_office_hours_start_at_nine_on_the_wall_and_last_eight_hours(name):
    """Pitfall 17: on every day of seven years, as no clock changes between nine and five."""
    place = zone(name)
    days = openings(resource(name), YEARS)

    assert len({day.start.astimezone(place).date() for day in days}) == len(days) >= 2557
    assert {(9, 0, 8.0)} == {
        (local.hour, local.minute, hours(day)) for day in days for local in [day.start.astimezone(place)]
    }


@pytest.mark.pitfall(17)
def test_hours_inside_a_gap_vanish_and_hours_inside_a_repetition_come_once():
    """Pitfall 17: 02:00-03:00 does not exist in spring in Zurich, and is one hour in autumn."""
    night = resource(hours=WeeklyHours.of({6: ["02:00-03:00"]}))
    half = resource(hours=WeeklyHours.of({6: ["02:00-02:30", "02:30-02:45"]}))

    assert () == openings(night, Interval(utc(28, 0), utc(29, 0)))
    autumn = Interval(utc(31, 0, month=10), utc(31, 12, month=10))
    assert (Interval(utc(31, 0, month=10), utc(31, 2, month=10)),) == openings(night, autumn)
    assert [0.5, 0.25] == list(map(hours, openings(half, autumn)))


def test_an_opening_is_told_whole_even_where_the_question_cuts_it():
    """Its start lays the booking grid, so it may not depend on what was asked."""
    monday = Interval(utc(15, 8), utc(15, 16))

    assert (monday,) == openings(resource(), Interval(utc(15, 10), utc(15, 11)))
    assert () == openings(resource(), Interval(utc(15, 16), utc(15, 17)))
    assert () == openings(resource(), Interval(utc(15, 7), utc(15, 8)))


def test_an_override_replaces_the_day_of_the_resources_own_zone():
    """The date is the local one; an empty override closes it."""
    special = {date(2027, 3, 15): (WallRange.parse("06:00-07:00"),), date(2027, 3, 16): ()}
    who = resource("Pacific/Auckland", overrides=special)

    assert (Interval(utc(14, 17), utc(14, 18)), Interval(utc(16, 20), utc(17, 4))) == openings(
        who, Interval(utc(14, 12), utc(17, 11))
    )


def test_external_free_times_replace_the_hours_and_overrides():
    """What is configured here does not matter then; each event is an opening of its own, listed once."""
    who = resource(use_external_free=True, overrides={date(2027, 3, 15): (WallRange.parse("06:00-07:00"),)})
    one, two = Interval(utc(15, 18), utc(15, 20)), Interval(utc(15, 19), utc(15, 21))
    day = Interval(utc(15, 0), utc(16, 0))

    assert (one, two) == openings(who, day, [two, one, one, Interval(utc(16, 0), utc(16, 1))])
    assert () == openings(who, day)


def test_external_free_times_are_narrowed_to_whole_seconds():
    """Rounding never makes a time bookable; an event shorter than a second offers nothing."""
    who = resource(use_external_free=True)
    day = Interval(utc(15, 0), utc(16, 0))
    hair = timedelta(microseconds=1)
    odd = Interval(utc(15, 9) + hair, utc(15, 10) - hair)

    assert (Interval(utc(15, 9) + timedelta(seconds=1), utc(15, 10) - timedelta(seconds=1)),) == openings(
        who, day, [odd, Interval(utc(15, 11), utc(15, 11) + hair)]
    )


@pytest.mark.pitfall(17)
@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("02:30-03:30", [((0, 30), (1, 0)), ((1, 30), (2, 30))]),
        ("02:30-03:00", [((0, 30), (1, 0)), ((1, 30), (2, 0))]),
        ("02:00-03:30", [((0, 0), (2, 30))]),
        ("02:00-02:30", [((0, 0), (0, 30))]),
        ("01:00-02:30", [((-1, 0), (0, 30))]),
        ("00:00-24:00", [((-2, 0), (23, 0))]),
    ],
)
def test_the_second_showing_of_an_hour_does_not_open_before_its_time(hours, expected):
    """Pitfall 17: where 02:00 to 03:00 is shown twice, what opens at 02:30 is closed at the second 02:00."""
    who = resource(hours=WeeklyHours(), overrides={date(2027, 10, 31): (WallRange.parse(hours),)})
    midnight = utc(31, 0, month=10)

    assert openings(who, YEARS) == tuple(
        Interval(*(midnight + timedelta(hours=hour, minutes=minute) for hour, minute in part))
        for part in expected
    )


@pytest.mark.pitfall(17)
@pytest.mark.parametrize("name", ZONES)
def test_it_is_open_only_while_the_clock_shows_opening_hours(name):
    """Pitfall 17: around every change of every zone, for hours that begin and end anywhere."""
    place = zone(name)
    for change in changes(place):
        day = (change - timedelta(minutes=1)).astimezone(place).date()
        for start in range(0, 24 * 60 - 45, 15):
            part = WallRange(start, start + 45)
            who = resource(name, WeeklyHours(), overrides={day: (part,)})
            for opening in openings(who, Interval(change - timedelta(days=2), change + timedelta(days=2))):
                count = opening.length // timedelta(minutes=5)
                for number in range(count):
                    local = (opening.start + number * timedelta(minutes=5)).astimezone(place)
                    shown = local.hour * 60 + local.minute

                    assert local.date() == day
                    assert part.start <= shown < part.end
