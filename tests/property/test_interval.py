"""Merging, subtracting and comparing intervals, checked minute by minute."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.calendar.interval import Interval, merge, subtract

EPOCH = datetime(2027, 3, 15, tzinfo=UTC)
EXAMPLES = settings.default.max_examples


@st.composite
def ranges(draw):
    """Up to eight intervals that may overlap."""
    pairs = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=8))
    return [
        Interval(EPOCH + timedelta(minutes=start), EPOCH + timedelta(minutes=start + length))
        for start, length in pairs
    ]


def covered_minutes(intervals):
    """The minutes in these intervals."""
    return {
        minute
        for item in intervals
        for minute in range(
            (item.start - EPOCH) // timedelta(minutes=1), (item.end - EPOCH) // timedelta(minutes=1)
        )
    }


def sorted_with_gaps(intervals):
    """Whether the intervals ascend with a gap between any two."""
    return all(one.end < other.start for one, other in pairwise(intervals))


@given(ranges())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_merge_covers_the_same_minutes_with_the_fewest_intervals(items):
    """The same minutes, sorted, with a gap between any two; merging again changes nothing."""
    merged = merge(items)

    assert covered_minutes(items) == covered_minutes(merged)
    assert sorted_with_gaps(merged)
    assert merged == merge(reversed(merged))


@given(ranges(), ranges())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_subtract_is_the_set_difference(whole, taken):
    """Minute by minute, with the fewest intervals."""
    left = subtract(whole, taken)

    assert covered_minutes(whole) - covered_minutes(taken) == covered_minutes(left)
    assert sorted_with_gaps(left)


@given(ranges(), ranges())
@settings(max_examples=EXAMPLES, deadline=None)
def test_intervals_overlap_when_they_share_a_minute(some, others):
    """Exactly then clipping one to the other leaves something."""
    for one in some:
        for other in others:
            shared = bool(covered_minutes([one]) & covered_minutes([other]))
            assert shared == one.overlaps(other) == other.overlaps(one) == (one.clip(other) is not None)
