"""A booking of this moment does not wait for those of long ago, at the providers' real limits."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import ProviderKind
from tests.flows.setups.backfill_setup import BackfillWorld

# The bench does the same with 2,000; from some 130 on Google's limit is what holds the back-fill up.
BOOKINGS = 300


@pytest.mark.parametrize("kind", [ProviderKind.GOOGLE, ProviderKind.MICROSOFT])
def test_a_new_booking_is_exported_within_ten_seconds_of_a_back_fill(kind):
    """Live work goes first, no call is refused, and a back-fill is no task for each booking."""
    world = BackfillWorld(kind, bookings=BOOKINGS)

    found = world.run_all()

    assert len(found.waited) >= 4
    assert max(found.waited) <= 10
    assert found.exported == BOOKINGS + len(found.waited)
    assert found.refused == 0
    # One call a booking, and the few of the calendar's own synchronisation.
    assert found.calls <= found.exported + 40
    # Chunks of twenty, and some that wait for the limit: how many depends on the jitter of their retries.
    assert found.tasks <= BOOKINGS / 5
