"""One person with two accounts, one of which sees the other's calendar: an event of ours in both views."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.access import Staff
from common.domain.calendar.connection import CalendarUse, calendar_key
from common.errors import SlotTaken
from common.flows.booking.change import reschedule
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.outage_setup import booked, free, opened, silence
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT


def two_accounts():
    """Anna's second account has her first one's calendar in its list, and imports it.

    At Google alone: Microsoft is not asked for other people's calendars.
    """
    world = opened(Synced)
    address, shared = "two@example.com", calendar_key(ACCOUNT)
    world.account(address)
    world.google.admin.share(ACCOUNT, address, "reader")
    second = world.connect(address)
    used = {key: replace(one, use=CalendarUse.IMPORT) for key, one in second.calendars.items()}
    assert shared in used
    world.ports.connections.save(replace(second, calendars=used))
    start_sync(world.ports, tenant="t1", connection=second.id)
    world.drain()
    booking = booked(world, at(9))
    world.drain()
    world.advance(minutes=1)
    copies = world.ports.sync_states.imported("t1", second.id, shared, booking.interval)
    return world, booking, copies


def test_an_appointment_counts_once_in_whichever_view():
    """F2: neither view's copy has it, nothing collides, and it is not in its own way."""
    world, booking, copies = two_accounts()
    moved = reschedule(world.ports, tenant="t1", booking=booking.id, start=at(9, 15), by=Staff())
    world.drain()
    world.advance(minutes=1)
    live = free(world)
    silence(world)

    assert copies == ()
    assert moved.interval.start == at(9, 15)
    assert world.ports.bookings.get("t1", booking.id).conflict is None
    assert world.notices() == []
    assert free(world) == live
    with pytest.raises(SlotTaken):
        booked(world, at(9, 30))
