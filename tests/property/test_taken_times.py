"""Taken times are sorted, merged and separated by gaps, whatever form the ranges had."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.calendar.interval import Interval, Spans
from common.domain.slots.sweep_line import TakenTimes

BASE = 1_805_000_000
FORM = "%Y-%m-%dT%H:%M:%SZ"

ranges = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 120)).map(lambda pair: (BASE + pair[0], BASE + sum(pair)))
)


def text(epoch: int) -> str:
    """The instant as text in UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime(FORM)


def text_with_offset(epoch: int) -> str:
    """The instant as text with another offset."""
    return datetime.fromtimestamp(epoch, timezone(timedelta(hours=5, minutes=45))).isoformat()


def seconds(taken: TakenTimes) -> set[int]:
    """The seconds that are taken."""
    return {second for start, end in taken for second in range(start, end)}


@given(ranges)
def test_taken_times_cover_exactly_the_given_ranges(ranges) -> None:
    """Every second of them and no other, in ascending ranges that never touch."""
    taken = TakenTimes.of(ranges)

    assert seconds(taken) == {second for start, end in ranges for second in range(start, end)}
    assert all(start < end for start, end in taken)
    assert all(before[1] < after[0] for before, after in pairwise(taken))


@given(ranges, st.data())
def test_texts_give_the_same_taken_times_as_numbers(ranges, data) -> None:
    """In UTC, and with other offsets among them."""
    mixed = data.draw(st.lists(st.booleans(), min_size=len(ranges), max_size=len(ranges)))
    expected = list(TakenTimes.of(ranges))

    assert list(TakenTimes.of_texts([(text(start), text(end)) for start, end in ranges])) == expected
    assert expected == list(
        TakenTimes.of_texts(
            [
                (text_with_offset(start), text_with_offset(end)) if other else (text(start), text(end))
                for (start, end), other in zip(ranges, mixed, strict=True)
            ]
        )
    )


@pytest.mark.parametrize(
    "pair",
    [
        ("2027-03-15T08:00:00", "2027-03-15T09:00:00Z"),
        ("2027-03-15T09:00:00Z", "2027-03-15T08:00:00Z"),
        ("2027-03-15T09:00:00Z", "2027-03-15T09:00:00Z"),
        ("yesterday", "2027-03-15T09:00:00Z"),
        ("2027-03-35T08:00:00Z", "2027-03-35T09:00:00Z"),
    ],
)
def test_a_text_that_is_no_time_range_is_refused(pair) -> None:
    """A time that cannot be read is an error, never a free time."""
    with pytest.raises(ValueError):  # noqa: PT011 - each reader has words of its own
        TakenTimes.of_texts([pair])


@given(ranges, st.integers(0, 500), st.integers(0, 100))
def test_near_finds_every_range_that_touches(ranges, first, length) -> None:
    """As whole ranges, none left out, none too many."""
    taken, low, high = TakenTimes.of(ranges), BASE + first, BASE + first + length

    near = [(start, end) for start, end in taken if end >= low and start <= high]
    assert list(taken.near(low, high)) == near


@given(ranges)
def test_spans_behave_like_their_intervals(ranges) -> None:
    """Ranges kept as numbers compare, hash, count and slice like intervals."""
    intervals = tuple(
        Interval(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        for start, end in ranges
    )
    spans = Spans([moment for pair in ranges for moment in pair])

    assert spans == intervals
    assert hash(spans) == hash(intervals)
    assert (len(spans), spans[:1], list(spans)) == (len(intervals), intervals[:1], list(intervals))
