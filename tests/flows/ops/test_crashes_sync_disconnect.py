"""First synchronisation and disconnection, with a crash between any two calls of a port.

The task is delivered again, and everything ends as if nothing had happened.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from common.domain.calendar.connection import Phase, Status
from common.domain.shared.task_records import AdvanceDisconnect
from common.errors import GrantRevoked, Rejected, StoreUnavailable
from common.flows.connect.disconnect import advance_disconnect, start_disconnect
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.crash_setup import calls_until_done, crashing_world, recover
from tests.world import ACCOUNT

# Tests of a few seconds each, that can run side by side.
PARTS = 4


def start_once(world):
    def flow():
        run = world.connection.run
        if run is None:
            start_sync(world.ports, tenant=world.tenant, connection=world.connection_id)

    return flow


def unsynchronised():
    return crashing_world(synchronised=False)


def sync_result(world):
    """Everything that a first synchronisation brings about."""
    run = world.connection.run
    return (
        run.phase,
        len(world.imported()),
        len(world.own_events()),
        # A channel whose opening was never answered cannot be closed: it ends by itself.
        set(world.channels()) == {ACCOUNT},
        sorted(
            link.state
            for link in world.ports.bookings.links(world.tenant, world.connection_id, after=None, limit=50)
        ),
    )


def number_of_calls(make, flow_of):
    world, port_calls = make()
    port_calls.interrupt(None)
    recover(world, flow_of(world))
    return port_calls.calls, world


@pytest.mark.parametrize("part", range(PARTS))
def test_an_initial_sync_survives_a_crash_at_every_port_call(part):
    """F7: wherever the process dies, no event is there twice and none is missing."""
    _, calm = number_of_calls(unsynchronised, start_once)
    expected = sync_result(calm)
    assert expected[:4] == (Phase.DONE, 2, 3, True)
    for number in range(1 + part, 1 + calls_until_done(unsynchronised, start_once), PARTS):
        world, port_calls = unsynchronised()
        port_calls.interrupt(number)
        recover(world, start_once(world))

        assert sync_result(world) == expected, number


def test_an_initial_sync_survives_lost_answers():
    """F16: a commit was done, but its answer got lost; trying again does nothing twice."""
    _, calm = number_of_calls(unsynchronised, start_once)
    for number in range(2, 1 + calls_until_done(unsynchronised, start_once), 6):
        world, port_calls = unsynchronised()
        port_calls.interrupt(number, lost=StoreUnavailable("the answer got lost", code="commit_unknown"))
        recover(world, start_once(world))

        assert sync_result(world) == sync_result(calm), number


def disconnect(world):
    return lambda: start_disconnect(world.ports, tenant=world.tenant, connection=world.connection_id)


def disconnect_result(world):
    """Everything that a disconnection brings about."""
    mine = f"connections/{world.connection_id}/"
    return (
        world.connection.status,
        world.connection.receipt.events_deleted,
        world.connection.receipt.events_left,
        world.connection.receipt.provider_reachable,
        len(world.own_events()),
        world.channels(),
        world.google.inspect.grants(),
        [path for path in world.documents.paths() if mine in path or path.startswith("outbox/")],
    )


@pytest.mark.parametrize("settings", [None, {"exports": {"dedicated": True}}])
def test_a_disconnection_survives_a_crash_at_every_port_call(settings):
    """F7, F26: nothing of ours stays, nothing of theirs goes, and the receipt counts right."""

    def make():
        return crashing_world(synchronised=True, settings=settings)

    _, calm = number_of_calls(make, disconnect)
    assert disconnect_result(calm) == (Status.DISCONNECTED, 3, 0, True, 0, [], [], [])
    for number in range(1, 1 + calls_until_done(make, disconnect)):
        world, port_calls = make()
        port_calls.interrupt(number)
        recover(world, disconnect(world))

        assert disconnect_result(world) == disconnect_result(calm), number


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disconnection_at_any_moment_of_an_initial_sync_leaves_nothing(part):
    """F26: a sync task that began before the disconnection goes on; what it writes is removed as well."""
    for number in range(1 + part, 1 + calls_until_done(unsynchronised, start_once), PARTS):
        world, port_calls = unsynchronised()

        def all_at_once(world=world):
            disconnect(world)()
            while world.connection.status is not Status.DISCONNECTED:
                advance_disconnect(world.ports, AdvanceDisconnect(world.tenant, world.connection_id))

        port_calls.interrupt(number, act=all_at_once)
        with suppress(Rejected, GrantRevoked):
            start_once(world)()
        world.drain()
        world.advance(minutes=10)

        status, *_, events, _channels, grants, documents = disconnect_result(world)
        # A channel that is being opened at that very moment ends by itself, and its messages do nothing.
        assert (status, events, grants, documents) == (Status.DISCONNECTED, 0, [], []), number
