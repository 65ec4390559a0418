"""Slots where an exported event was made a series: the owner's other dates take time like any event."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.errors import SlotTaken
from common.flows.booking.change import reschedule
from common.flows.slots.list_slots import list_slots
from common.flows.sync.preview import preview_sync
from tests.flows.setups.series_setup import BOTH, settle
from tests.flows.setups.sync_setup import at

pytestmark = [pytest.mark.pitfall(14), BOTH]
SEEN = pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])


def free(world, day):
    """The free starts from eight to ten (UTC) of a day."""
    found = list_slots(
        world.ports,
        tenant="t1",
        service="cut",
        resource="anna",
        start=at(8, day=day),
        end=at(10, 15, day=day),
        zone="UTC",
    )
    return [slot.start for slot in found.slots]


def recurring(owner_of, *, seen):
    owner = owner_of()
    owner.repeat()
    if seen:
        settle(owner.world)
    return owner.world


@SEEN
def test_the_owners_other_dates_take_time_and_the_booking_its_own(owner_of, seen):
    """Nine o'clock is taken on all three days, and nothing besides."""
    world = recurring(owner_of, seen=seen)

    expected = [at(8), at(8, 15), at(8, 30), at(9, 30), at(9, 45), at(10)]
    for day in range(3):
        assert [start + timedelta(days=day) for start in expected] == free(world, day)


@SEEN
def test_a_booking_is_not_in_its_own_way(owner_of, seen):
    """It moves by a quarter of an hour, over its own date; onto another date of the owner's it does not."""
    world = recurring(owner_of, seen=seen)

    with pytest.raises(SlotTaken):
        reschedule(world.ports, tenant="t1", booking="b1", start=at(9, day=1), by=Staff())
    moved = reschedule(world.ports, tenant="t1", booking="b1", start=at(9, 15), by=Staff())
    settle(world)

    assert not world.errors
    assert at(9, 15) == moved.interval.start
    assert [at(9, day=1), at(9, day=2)] == world.busy()


def test_a_preview_finds_no_conflict_of_a_booking_with_itself(owner_of):
    """The owner's other dates would be conflicts of bookings at their times, its own date is none."""
    world = recurring(owner_of, seen=True)
    world.book(at(9, day=1), "b2", export=False)

    assert 1 == preview_sync(world.ports, tenant="t1", connection=world.connection_id).conflicts
