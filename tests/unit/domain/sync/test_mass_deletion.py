"""How many deletions at once count as a mass deletion."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.domain.calendar.sync_state import Held, deletions_to_hold

NOW = datetime(2027, 3, 22, tzinfo=UTC)


@pytest.mark.pitfall(4)
@pytest.mark.parametrize(
    ("missing", "known", "trips"),
    [
        (0, 0, False),
        (10, 10, False),
        (11, 11, True),
        (11, 54, True),
        (11, 55, False),
        (240, 240, True),
        (48, 240, False),
        (49, 240, True),
    ],
)
def test_deleting_more_than_ten_and_more_than_a_fifth_is_a_mass_deletion(missing, known, trips):
    """Pitfall 4: a day that somebody clears goes through, most of a calendar does not."""
    found = deletions_to_hold(missing=missing, known=known, now=NOW)

    assert (Held(missing, known, NOW) if trips else None) == found
