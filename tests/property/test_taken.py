"""Taken times: whatever the form of the ranges, the result is the same, sorted, merged and with gaps."""

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
    return datetime.fromtimestamp(epoch, UTC).strftime(FORM)


def elsewhere(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, timezone(timedelta(hours=5, minutes=45))).isoformat()


def seconds(taken: TakenTimes) -> set[int]:
    return {second for start, end in taken for second in range(start, end)}


@given(ranges)
def test_the_columns_ascend_with_gaps_and_cover_exactly_the_given_ranges(ranges) -> None:
    """Every second of every range, no other, and never two ranges that touch."""
    taken = TakenTimes.of(ranges)

    assert seconds(taken) == {second for start, end in ranges for second in range(start, end)}
    assert all(start < end for start, end in taken)
    assert all(before[1] < after[0] for before, after in pairwise(taken))


@given(ranges, st.data())
def test_texts_say_the_same_as_numbers_in_one_form_or_in_several(ranges, data) -> None:
    """Merging the texts themselves changes nothing; other offsets among them change nothing either."""
    mixed = data.draw(st.lists(st.booleans(), min_size=len(ranges), max_size=len(ranges)))
    expected = list(TakenTimes.of(ranges))

    assert list(TakenTimes.of_texts([(text(start), text(end)) for start, end in ranges])) == expected
    assert expected == list(
        TakenTimes.of_texts(
            [
                (elsewhere(start), elsewhere(end)) if other else (text(start), text(end))
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
def test_a_text_that_is_no_range_of_instants_is_refused(pair) -> None:
    """A time that cannot be read is an error, never a time that is free."""
    with pytest.raises(ValueError):  # noqa: PT011 - each reader has words of its own
        TakenTimes.of_texts([pair])


@given(ranges, st.integers(0, 500), st.integers(0, 100))
def test_what_is_near_is_all_that_touches(ranges, first, length) -> None:
    """Whole ranges, none left out, none too many."""
    taken, low, high = TakenTimes.of(ranges), BASE + first, BASE + first + length

    near = [(start, end) for start, end in taken if end >= low and start <= high]
    assert list(taken.near(low, high)) == near


@given(ranges)
def test_kept_as_numbers_it_looks_like_intervals(ranges) -> None:
    """What is stored as numbers compares, counts and slices like the intervals themselves."""
    intervals = tuple(
        Interval(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        for start, end in ranges
    )
    spans = Spans([moment for pair in ranges for moment in pair])

    assert spans == intervals
    assert hash(spans) == hash(intervals)
    assert (len(spans), spans[:1], list(spans)) == (len(intervals), intervals[:1], list(intervals))
