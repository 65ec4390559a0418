"""Questions to calendars are asked all at once, answered in time, and shared."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse
from common.domain.catalogue.records import Resource
from common.flows.slots.list_slots import SlotList, list_slots
from common.ports.machine import Tuning
from tests.flows.setups.booking_setup import MONDAY, asked, booked, shop, slots, starts, synchronised
from tests.world import WEEKDAYS


@pytest.mark.pitfall(3)
def test_many_calendars_take_one_round_trip() -> None:
    """Pitfall 3: 20 resources with 4 calendars each over a month, asked all at once."""
    world, _ = shop(tuning=Tuning(live_deadline=20.0))
    names = [f"r{number}" for number in range(20)]
    for name in names:
        world.ports.catalogue.save_resource("t1", Resource(name, name, None, "Europe/Zurich", WEEKDAYS))
        account = f"{name}@example.com"
        world.account(account)
        for number in range(3):
            world.google.admin.add_calendar(account, f"c{number}")
        made = world.connect(account, resource=name)
        everything = {key: replace(entry, use=CalendarUse.IMPORT) for key, entry in made.calendars.items()}
        world.ports.connections.save(replace(synchronised(world, made), calendars=everything))
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service("t1", replace(service, resources=tuple(names)))
    seconds = 0.25
    world.google.inspect.add_fault("slow", method="events.list", times=0, seconds=seconds)
    began = time.monotonic()
    found = list_slots(
        world.ports, tenant="t1", service="cut", resource=None, start=MONDAY, end=MONDAY + timedelta(days=31)
    )
    took = time.monotonic() - began

    assert (len(found.calendars), found.degraded, asked(world)) == (80, False, 80)
    # One after the other they would take 80 of them.
    assert took < 40 * seconds


@pytest.mark.pitfall(3)
def test_a_provider_that_hangs_does_not_hold_the_answer() -> None:
    """Pitfall 3: just after the deadline the answer comes, marked degraded."""
    world, _ = shop(tuning=Tuning(live_deadline=0.05))
    world.google.inspect.add_fault("slow", method="events.list", times=1, seconds=3)
    began = time.monotonic()
    found = slots(world)
    took = time.monotonic() - began

    assert (starts(found), found.degraded, found.calendars[0].reason) == ([], True, "deadline")
    assert took < 2


@pytest.mark.pitfall(3)
def test_identical_questions_share_one_call_for_five_seconds() -> None:
    """Pitfall 3: a busy page asks the provider once; after that, and for a booking, it is asked afresh."""
    world, _ = shop()
    slots(world)
    slots(world)
    within = asked(world)
    world.advance(seconds=6)
    slots(world)
    later = asked(world)
    booked(world, "09:00")

    assert (within, later, asked(world)) == (1, 2, 3)


@pytest.mark.pitfall(3)
def test_questions_at_the_same_moment_share_one_flight() -> None:
    """Pitfall 3: twenty customers at once cost one provider call."""
    world, _ = shop()
    world.google.inspect.add_fault("slow", method="events.list", times=1, seconds=0.1)
    found: list[SlotList] = []
    threads = [threading.Thread(target=lambda: found.append(slots(world))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (asked(world), {len(item.slots) for item in found}) == (1, {26})


@pytest.mark.pitfall(3)
def test_a_failure_is_not_shared_beyond_its_flight() -> None:
    """Pitfall 3: the next question asks again at once."""
    world, _ = shop()
    world.google.inspect.add_fault("status", method="events.list", times=1, status=503)
    first, second = slots(world), slots(world)

    assert (first.degraded, second.degraded) == (True, False)
