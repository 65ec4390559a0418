"""What an owner's change proposes, until when, and what is left of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.booking.booking import Proposal, kept_proposal, proposal_expiry, without_time
from common.domain.calendar.interval import Interval

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = Proposal("c", NOW, NOW + HOUR, title="Own")
BOTH = replace(WORDS, interval=Interval(NOW, NOW + HOUR))


@pytest.mark.parametrize(
    ("start", "expires"),
    [
        (NOW + timedelta(days=30), NOW + timedelta(days=7)),
        (NOW + 2 * HOUR, NOW + 2 * HOUR),
        (NOW - 2 * HOUR, NOW + timedelta(days=7)),
    ],
)
def test_a_proposal_lives_a_week_or_until_the_appointment(start: datetime, expires: datetime) -> None:
    """Of an appointment that has begun, staff put the records right within a week."""
    assert proposal_expiry(start, NOW) == expires


def test_the_same_once_more_is_the_proposal_that_is_known() -> None:
    """It neither lives longer nor is notified once more."""
    later = replace(BOTH, proposed_at=NOW + HOUR, expires_at=NOW + 9 * HOUR)

    assert kept_proposal(BOTH, later) is BOTH
    assert kept_proposal(WORDS, later) is later
    assert (kept_proposal(None, later), kept_proposal(BOTH, None)) == (later, None)


@pytest.mark.parametrize(
    ("before", "left"),
    [
        (BOTH, WORDS),
        (WORDS, WORDS),
        (replace(BOTH, title=None), None),
        (replace(WORDS, title=None, deletion=True), None),
        (None, None),
    ],
)
def test_another_time_settles_the_time_and_leaves_the_words(
    before: Proposal | None, left: Proposal | None
) -> None:
    """Neither a proposed time nor a deletion outlives a new time."""
    assert without_time(before) == left
