from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.calendar.interval import Interval, merge, subtract

EPOCH = datetime(2027, 3, 15, tzinfo=UTC)
EXAMPLES = settings.default.max_examples


@st.composite
def ranges(draw):
    pairs = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=8))
    return [
        Interval(EPOCH + timedelta(minutes=start), EPOCH + timedelta(minutes=start + length))
        for start, length in pairs
    ]


def covered(intervals):
    return {
        minute
        for item in intervals
        for minute in range(
            (item.start - EPOCH) // timedelta(minutes=1), (item.end - EPOCH) // timedelta(minutes=1)
        )
    }


def tidy(intervals):
    return all(one.end < other.start for one, other in pairwise(intervals))


@given(ranges())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_merge_keeps_the_instants_in_as_few_ranges_as_there_can_be(items):
    """The same minutes, sorted, with a gap between any two; merging again changes nothing."""
    merged = merge(items)

    assert covered(items) == covered(merged)
    assert tidy(merged)
    assert merged == merge(reversed(merged))


@given(ranges(), ranges())
@settings(max_examples=2 * EXAMPLES, deadline=None)
def test_subtract_leaves_what_is_not_taken(whole, taken):
    """What is left is the set difference, minute by minute, in as few ranges as there can be."""
    left = subtract(whole, taken)

    assert covered(whole) - covered(taken) == covered(left)
    assert tidy(left)


@given(ranges(), ranges())
@settings(max_examples=EXAMPLES, deadline=None)
def test_overlap_is_sharing_a_minute(some, others):
    """Two ranges overlap exactly when clipping one to the other leaves something."""
    for one in some:
        for other in others:
            shared = bool(covered([one]) & covered([other]))
            assert shared == one.overlaps(other) == other.overlaps(one) == (one.clip(other) is not None)
