from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest

from common.domain.calendar.interval import EARLIEST, LATEST, Interval
from common.domain.calendar.zones import instant, midnight, offsets, wall_seconds, zone

FIRST, LAST = 2024, 2030
ZONES = sorted(name for name in available_timezones() if name not in {"Factory", "localtime"})
SECOND = timedelta(seconds=1)


def hours(interval):
    return interval.length / timedelta(hours=1)


def days_of(first, end_exclusive, place):
    return Interval(midnight(first, place), midnight(end_exclusive, place))


def day_before(day):
    return day - timedelta(days=1)


def day_after(day):
    return day + timedelta(days=1)


def on_the_wall(moment, place):
    return moment.astimezone(place).replace(tzinfo=None)


def changes(place):
    return [datetime.fromtimestamp(epoch, UTC) for epoch in offsets(place, FIRST, LAST).since[1:]]


@pytest.mark.pitfall(16)
@pytest.mark.parametrize(
    "name",
    [
        "",
        "Nowhere/City",
        "America",
        "../../etc/passwd",
        "/etc/passwd",
        "Europe/../Europe/Zurich",
        "Europe//Zurich",
        "Europe/Zurich/",
        "Europe/Zurich\n",
        "Europe/Zurich\0",
        "Europe/Zürich",
        "tzone://Microsoft/Custom",
        "Customized Time Zone",
        "right/Europe/Zurich",
        "posixrules",
        "localtime",
        "tzdata.zi",
        "A" * 300,
    ],
)
def test_an_unknown_zone_is_refused(name):
    """Pitfall 16: what is no zone is a ValueError, and never a path to a file."""
    with pytest.raises(ValueError, match="unknown time zone"):
        zone(name)


def test_every_iana_zone_is_known():
    """All names of the database can be used, old aliases too."""
    assert set(ZONES) == {zone(name).key for name in ZONES}


@pytest.mark.pitfall(17)
@pytest.mark.parametrize(
    ("name", "day", "clock", "expected"),
    [
        ("Europe/Zurich", date(2027, 3, 28), 2 * 60 + 30, datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("Europe/Zurich", date(2027, 10, 31), 2 * 60 + 30, datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ("Europe/Zurich", date(2027, 12, 31), 24 * 60, datetime(2027, 12, 31, 23, tzinfo=UTC)),
        ("America/Santiago", date(2027, 9, 5), 30, datetime(2027, 9, 5, 4, tzinfo=UTC)),
        ("America/Santiago", date(2027, 4, 3), 23 * 60 + 30, datetime(2027, 4, 4, 2, 30, tzinfo=UTC)),
        ("America/Santiago", date(2027, 4, 3), 24 * 60, datetime(2027, 4, 4, 4, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2027, 10, 3), 2 * 60 + 15, datetime(2027, 10, 2, 15, 30, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), 9 * 60, datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2027, 1, 1), 0, datetime(2026, 12, 31, 18, 15, tzinfo=UTC)),
    ],
)
def test_a_wall_clock_time_is_one_instant(name, day, clock, expected):
    """Pitfall 17: a skipped time is the first instant after the gap, a repeated one its first occurrence."""
    assert expected == instant(day, clock, zone(name))


@pytest.mark.pitfall(15)
@pytest.mark.parametrize(
    ("name", "first", "end", "expected"),
    [
        ("America/Los_Angeles", date(2027, 3, 14), date(2027, 3, 15), 23),
        ("America/Los_Angeles", date(2027, 3, 13), date(2027, 3, 16), 71),
        ("America/Los_Angeles", date(2027, 11, 7), date(2027, 11, 8), 25),
        ("Pacific/Auckland", date(2027, 9, 26), date(2027, 9, 27), 23),
        ("Pacific/Auckland", date(2027, 4, 4), date(2027, 4, 5), 25),
        ("America/Santiago", date(2027, 9, 5), date(2027, 9, 6), 23),
        ("Africa/Cairo", date(2027, 4, 30), date(2027, 5, 1), 23),
        ("Asia/Beirut", date(2027, 3, 28), date(2027, 3, 29), 23),
        ("Asia/Beirut", date(2027, 10, 30), date(2027, 10, 31), 25),
        ("Australia/Lord_Howe", date(2027, 10, 3), date(2027, 10, 4), 23.5),
    ],
)
def test_an_all_day_event_lasts_from_local_midnight_to_local_midnight(name, first, end, expected):
    """Pitfall 15: also where the clock changes that day, even at midnight itself, and over several days."""
    place = zone(name)
    interval = days_of(first, end, place)

    assert expected == hours(interval)
    assert (first, day_before(end)) == (
        on_the_wall(interval.start, place).date(),
        on_the_wall(interval.end - SECOND, place).date(),
    )


@pytest.mark.pitfall(15)
def test_a_day_that_its_zone_skipped_has_no_length():
    """Pitfall 15: there is no instant that it could block."""
    place = zone("Pacific/Apia")

    assert midnight(date(2011, 12, 30), place) == midnight(date(2011, 12, 31), place)


@pytest.mark.parametrize("name", ["Europe/Zurich", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize(
    ("day", "expected"),
    [(date.min, EARLIEST), (date(1899, 12, 29), EARLIEST), (date(9000, 1, 3), LATEST), (date.max, LATEST)],
)
def test_a_day_too_far_away_counts_as_the_edge(name, day, expected):
    """Providers take every date that there is, and so does what reads them."""
    assert expected == midnight(day, zone(name))


def test_a_day_of_the_far_future_begins_at_its_own_midnight():
    """Up to the edge the zone's rules go on as they are."""
    assert datetime(2300, 6, 30, 22, tzinfo=UTC) == midnight(date(2300, 7, 1), zone("Europe/Zurich"))
    assert datetime(2299, 12, 31, 23, tzinfo=UTC) == midnight(date(2300, 1, 1), zone("Europe/Zurich"))


@pytest.mark.pitfall(17)
def test_every_zone_and_transition_keeps_wall_clock_times():
    """Pitfall 17: around each change of each zone, every quarter of an hour is shown, or was skipped."""
    for place in map(zone, ZONES):
        for change in changes(place):
            local = on_the_wall(change, place)
            for quarter in range(-9, 10):
                wall = local + timedelta(minutes=15 * quarter)
                found = instant(wall.date(), wall.hour * 60 + wall.minute, place)
                shown = found.astimezone(place)
                naive = shown.replace(tzinfo=None)
                skipped = on_the_wall(found - SECOND, place) < wall < naive
                assert (naive == wall and not shown.fold) or skipped, (place.key, wall)


@pytest.mark.pitfall(15)
def test_every_zone_and_transition_has_days_that_follow_each_other():
    """Pitfall 15: around each change, a day starts where the one before ends and shows its own date only."""
    for place in map(zone, ZONES):
        for change in changes(place):
            days = [on_the_wall(change, place).date() + timedelta(days=n) for n in (-1, 0, 1)]
            spans = [days_of(day, day_after(day), place) for day in days]
            assert all(one.end == other.start for one, other in pairwise(spans)), (place.key, change)
            shown = [
                (on_the_wall(span.start, place).date(), on_the_wall(span.end - SECOND, place).date())
                for span in spans
            ]
            assert [(day, day) for day in days] == shown, (place.key, change)


def test_the_table_finds_every_change_of_every_zone():
    """Through all the years, what the wall shows leads back to its instant."""
    start, end = wall_seconds(date(FIRST, 1, 1).toordinal()), wall_seconds(date(LAST, 12, 31).toordinal())
    for name in ZONES[::7]:
        place = zone(name)
        table = offsets(place, FIRST, LAST)
        for epoch in range(start, end, 43_200 * 3):
            local = datetime.fromtimestamp(epoch, place)
            shown = wall_seconds(local.toordinal()) + local.hour * 3600 + local.minute * 60 + local.second
            assert table.epoch(shown) == epoch or local.fold, (name, epoch)
