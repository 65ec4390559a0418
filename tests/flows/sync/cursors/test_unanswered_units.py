"""One series that is never answered does not keep the rest of its calendar from being followed."""

from __future__ import annotations

import pytest

from common.flows.connect.health import read_health
from tests.flows.setups.graph_setup import Outlook, weekly
from tests.flows.setups.sync_setup import Synced, at


def google():
    """A Google account, how to enter a series, and what its dates are asked with."""
    world = Synced()
    return world, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}, world.google, "events.instances"


def microsoft():
    """The same at Microsoft."""
    world = Outlook()
    return world, weekly(at(9), 3), world.microsoft, "events.instances"


@pytest.mark.parametrize("side", [google, microsoft])
def test_a_series_that_is_never_answered_is_set_aside(side):
    """Its dates are answered 503 each time: other changes are read, health names it, and it comes later."""
    world, series, simulator, method = side()
    simulator.add_fault("status", method=method, status=503, times=0)
    world.enter(at(9), **series)
    world.drain()
    for _ in range(4):
        world.maintain()
        world.advance(minutes=15)
    world.enter(at(11))
    world.drain()
    (health,) = read_health(world.ports, tenant=world.tenant, connection=world.connection_id).calendars
    seen = world.busy()
    simulator.inspect.clear_faults()
    for _ in range(6):
        world.maintain()
        world.advance(minutes=15)

    assert ([at(11)], 1) == (seen, health.quarantined)
    assert 4 == len(world.busy())
    assert world.sync_state().complete
