from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from common.domain.calendar.interval import Interval, aware, merge, subtract

NINE = datetime(2027, 3, 15, 9, tzinfo=UTC)


def span(start, end):
    return Interval(NINE + timedelta(minutes=start), NINE + timedelta(minutes=end))


def test_every_instant_is_kept_in_utc():
    """The same moment told in another zone makes an equal interval."""
    zurich = ZoneInfo("Europe/Zurich")
    told = Interval(datetime(2027, 3, 15, 10, tzinfo=zurich), datetime(2027, 3, 15, 11, tzinfo=zurich))

    assert span(0, 60) == told
    assert UTC is told.start.tzinfo


def test_a_naive_time_is_refused():
    """A time without a zone is nobody's time."""
    with pytest.raises(ValueError, match="naive"):
        Interval(NINE.replace(tzinfo=None), NINE)


def test_a_zone_that_knows_no_offset_is_refused():
    """A zone object is not enough; it has to say how far from UTC it is."""

    class Vague(timezone.__base__):
        def utcoffset(self, moment):
            return None

    with pytest.raises(ValueError, match="naive"):
        aware(datetime(2027, 3, 15, tzinfo=Vague()))


@pytest.mark.pitfall(15)
@pytest.mark.parametrize("end", [NINE, NINE - timedelta(microseconds=1)])
def test_an_interval_is_never_empty(end):
    """Pitfall 15: a zero-length event cannot become a block, nor one that ends before it starts."""
    with pytest.raises(ValueError, match="ends after it starts"):
        Interval(NINE, end)


@pytest.mark.pitfall(7)
@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (span(-60, 0), False),
        (span(-60, 1), True),
        (span(-6000, 6000), True),
        (span(10, 20), True),
        (span(59, 90), True),
        (span(60, 90), False),
    ],
)
def test_two_ranges_overlap_when_they_share_an_instant(other, expected):
    """Pitfall 7: the test is ``end > from and start < to``, so one that began long ago counts."""
    assert expected is span(0, 60).overlaps(other)
    assert expected is other.overlaps(span(0, 60))


def test_contains_and_clip_and_pad_and_length():
    """The small algebra on one range."""
    hour = span(0, 60)

    assert hour.contains(hour)
    assert hour.contains(span(10, 20))
    assert not hour.contains(span(10, 61))
    assert span(30, 60) == hour.clip(span(30, 90))
    assert hour.clip(span(60, 90)) is None
    assert span(-5, 70) == hour.pad(timedelta(minutes=5), timedelta(minutes=10))
    assert timedelta(hours=1) == hour.length


def test_whole_seconds_around_and_inside():
    """Blocks are widened and openings narrowed to whole seconds, so rounding never sells anything."""
    exact = Interval(datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC))
    odd = Interval(exact.start - timedelta(milliseconds=1), exact.end + timedelta(milliseconds=1))

    assert (10, 20) == exact.seconds_around() == exact.seconds_inside() == odd.seconds_inside()
    assert (9, 21) == odd.seconds_around()


def test_merge_joins_what_overlaps_or_touches():
    """The order of the input does not matter, and nested ranges vanish."""
    assert () == merge(())
    assert (span(0, 30), span(40, 50)) == merge([span(40, 50), span(20, 30), span(0, 20), span(5, 10)])


def test_subtract_leaves_what_is_not_taken():
    """A block can split, cut an edge, cover everything, or miss."""
    assert (span(0, 10), span(20, 60)) == subtract([span(0, 60)], [span(10, 20)])
    assert (span(10, 50),) == subtract([span(0, 60)], [span(-10, 10), span(50, 70)])
    assert () == subtract([span(0, 60)], [span(-1, 61)])
    assert (span(0, 60), span(80, 90)) == subtract([span(0, 60), span(70, 90)], [span(60, 80)])


def test_one_block_can_cut_several_ranges():
    """A long absence takes from every opening it meets."""
    assert (span(0, 5), span(45, 50)) == subtract([span(0, 10), span(20, 30), span(40, 50)], [span(5, 45)])
