"""An event that its owner enters while a customer books: caught before, or flagged afterwards, never lost."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from common.domain.notify import NoticeKind
from common.errors import SlotTaken
from common.flows.sync.initial_sync import start_sync
from common.ports import Ports
from tests.crash_points import CrashPlan, crashing_ports
from tests.flows.setups.booking_setup import booked, enter
from tests.whole_lists import every
from tests.world import World


class Intruding(CrashPlan):
    """Lets somebody enter an event just before one of the exchanges, and harms nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = -1
        self.world: World | None = None

    def around(self, name: str, call: Any) -> Any:
        if self.calls == self.moment and self.world is not None:
            enter(self.world, "10:00", "10:30")
        self.calls += 1
        return call()


def synchronised(plan: CrashPlan) -> World:
    """Anna's account, read and watched, nothing entered yet."""

    def wrap(ports: Ports) -> Ports:
        return crashing_ports(ports, plan)

    world = World(wrap=wrap)
    world.catalogue()
    world.account()
    connection = world.connect()
    start_sync(world.ports, tenant="t1", connection=connection.id)
    world.drain()
    return world


@pytest.mark.pitfall(23)
def test_an_event_entered_at_any_point_of_a_booking_is_caught_or_flagged() -> None:
    """Pitfall 23, F23: before the live answer it refuses the booking; after it, the booking says so, once."""
    outcomes: list[str] = []
    for number in itertools.count():
        plan = Intruding()
        world = synchronised(plan)
        plan.world, plan.calls, plan.moment = world, 0, number
        try:
            made = booked(world, "10:00")
        except SlotTaken:
            outcomes.append("refused")
            continue
        finally:
            entered = plan.calls > number
            plan.moment = -1
        world.drain()
        stored = world.ports.bookings.get("t1", made.booking.id)
        told = [notice.kind for notice in every(world.ports.lists.notices, "t1")]
        if not entered:
            assert (stored.conflict, told) == (None, [])
            break
        assert (stored.conflict is not None, told) == (True, [NoticeKind.BOOKING_CONFLICT])
        outcomes.append("flagged")

    assert {"refused", "flagged"} == set(outcomes)
    assert outcomes == sorted(outcomes, reverse=True)
