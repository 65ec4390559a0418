from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.booking.cells import cells, claimed_time, next_cell, whole_cells
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Service

NIGHT = datetime(2027, 3, 28, 1, 5, tzinfo=UTC)


def minutes(number):
    return timedelta(minutes=number)


def service(duration, before=0, after=0):
    return Service(
        id="s",
        name="S",
        duration=minutes(duration),
        buffer_before=minutes(before),
        buffer_after=minutes(after),
        step=minutes(5),
        notice=minutes(0),
        horizon=timedelta(days=60),
        resources=("anna",),
    )


def test_a_key_is_the_utc_start_of_its_cell():
    """Keys are fixed in length, so they sort like time."""
    assert ("20270328T0105Z", "20270328T0110Z") == cells(Interval(NIGHT, NIGHT + minutes(10)))


def test_a_cell_that_is_only_touched_is_claimed():
    """A second in a cell claims all of it, on both sides; a touching end claims nothing."""
    odd = Interval(NIGHT - timedelta(seconds=1), NIGHT + minutes(5) + timedelta(microseconds=1))

    assert ("20270328T0100Z", "20270328T0105Z", "20270328T0110Z") == cells(odd)
    assert Interval(NIGHT - minutes(5), NIGHT + minutes(10)) == whole_cells(odd)
    assert Interval(NIGHT, NIGHT + minutes(5)) == whole_cells(Interval(NIGHT, NIGHT + minutes(5)))


def test_the_next_cell_starts_at_or_after():
    """A cell's own start is its next cell."""
    assert NIGHT == next_cell(NIGHT)
    assert NIGHT + minutes(5) == next_cell(NIGHT + timedelta(microseconds=1))


@pytest.mark.pitfall(23)
def test_a_booking_claims_its_buffers():
    """Pitfall 23: what others cannot have includes the buffer on each side."""
    assert Interval(NIGHT - minutes(10), NIGHT + minutes(35)) == claimed_time(NIGHT, service(30, 10, 5))


@pytest.mark.pitfall(23)
def test_bookings_share_a_cell_exactly_when_their_claims_overlap():
    """Pitfall 23: back-to-back bookings share no key, overlapping ones share at least one."""
    first = set(cells(claimed_time(NIGHT, service(30, 0, 15))))

    assert not first & set(cells(claimed_time(NIGHT + minutes(45), service(30))))
    assert first & set(cells(claimed_time(NIGHT + minutes(40), service(30))))
    assert first & set(cells(claimed_time(NIGHT + minutes(45), service(30, 5))))


def test_the_longest_booking_with_its_buffers_fits():
    """A day with six hours on each side is 432 cells, all different and in order."""
    keys = cells(claimed_time(NIGHT, service(24 * 60, 6 * 60, 6 * 60)))

    assert 432 == len(keys) == len(set(keys))
    assert sorted(keys) == list(keys)


def test_a_longer_range_is_refused():
    """No booking can claim more than that, so it is a mistake, not a large answer."""
    with pytest.raises(ValueError, match="at most 36 hours"):
        cells(Interval(NIGHT, NIGHT + timedelta(hours=36, minutes=1)))
