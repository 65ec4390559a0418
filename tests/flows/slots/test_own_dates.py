"""An exported event that its owner made a series of: one date is the booking, the others are the owner's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.flows.booking.change import reschedule
from common.flows.privacy.overview import read_overview
from tests.flows.setups.outage_setup import free, reasons
from tests.flows.setups.series_setup import GoogleOwner, OutlookOwner
from tests.flows.setups.sync_setup import at

OWNERS = pytest.mark.parametrize("owner", [GoogleOwner, OutlookOwner], ids=["google", "microsoft"])


def repeated(owner):
    """The booking's event is daily now, for three days."""
    person = owner()
    person.repeat()
    person.world.drain()
    return person.world


@OWNERS
def test_the_date_of_the_booking_counts_once(owner):
    """F2: the booking takes it, and no calendar besides; the owner's other dates are in the way."""
    world = repeated(owner)
    found = [reasons(world, at(9, day=day)) for day in range(3)]

    assert found == [["booking"], ["external_busy"], ["external_busy"]]
    assert at(9, 30) in free(world)
    assert at(9) not in free(world, day=1)


@OWNERS
def test_the_date_of_the_booking_is_not_in_its_own_way(owner):
    """F7: the customer moves the appointment by a quarter of an hour, onto a part of its own time."""
    world = repeated(owner)
    moved = reschedule(world.ports, tenant="t1", booking="b1", start=at(9, 15), by=Staff())
    world.drain()

    assert moved.interval.start == at(9, 15)
    assert world.booking().conflict is None


@OWNERS
def test_staff_see_the_owners_dates_and_not_the_booking_twice(owner):
    """The overview shows the booking once, and the other dates as the calendar's."""
    world = repeated(owner)
    days = {"start": at(0), "end": at(0) + timedelta(days=7)}
    shown = read_overview(world.ports, tenant="t1", resource="anna", **days).external

    assert [block.start for block in shown] == [at(9, day=1), at(9, day=2)]
