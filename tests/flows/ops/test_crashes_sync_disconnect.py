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
from tests.flows.setups.crash_setup import calls_until_done, ready, recover
from tests.world import ACCOUNT

# Tests of a few seconds each, that can run side by side.
PARTS = 4


def start_once(life):
    def flow():
        run = life.connection.run
        if run is None:
            start_sync(life.ports, tenant=life.tenant, connection=life.connection_id)

    return flow


def unsynchronised():
    return ready(synchronised=False)


def sync_result(life):
    """Everything that a first synchronisation brings about."""
    run = life.connection.run
    return (
        run.phase,
        len(life.imported()),
        len(life.own()),
        # A channel whose opening was never answered cannot be closed: it ends by itself.
        set(life.channels()) == {ACCOUNT},
        sorted(
            link.state
            for link in life.ports.bookings.links(life.tenant, life.connection_id, after=None, limit=50)
        ),
    )


def number_of_calls(make, flow_of):
    life, fuse = make()
    fuse.arm(None)
    recover(life, flow_of(life))
    return fuse.calls, life


@pytest.mark.parametrize("part", range(PARTS))
def test_an_initial_sync_survives_a_crash_at_every_port_call(part):
    """F7: wherever the process dies, no event is there twice and none is missing."""
    _, calm = number_of_calls(unsynchronised, start_once)
    expected = sync_result(calm)
    assert expected[:4] == (Phase.DONE, 2, 3, True)
    for number in range(1 + part, 1 + calls_until_done(unsynchronised, start_once), PARTS):
        life, fuse = unsynchronised()
        fuse.arm(number)
        recover(life, start_once(life))

        assert sync_result(life) == expected, number


def test_an_initial_sync_survives_lost_answers():
    """F16: a commit was done, but its answer got lost; trying again does nothing twice."""
    _, calm = number_of_calls(unsynchronised, start_once)
    for number in range(2, 1 + calls_until_done(unsynchronised, start_once), 6):
        life, fuse = unsynchronised()
        fuse.arm(number, lost=StoreUnavailable("the answer got lost", code="commit_unknown"))
        recover(life, start_once(life))

        assert sync_result(life) == sync_result(calm), number


def disconnect(life):
    return lambda: start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)


def disconnect_result(life):
    """Everything that a disconnection brings about."""
    mine = f"connections/{life.connection_id}/"
    return (
        life.connection.status,
        life.connection.receipt.events_deleted,
        life.connection.receipt.events_left,
        life.connection.receipt.provider_reachable,
        len(life.own()),
        life.channels(),
        life.google.inspect.grants(),
        [path for path in life.documents.paths() if mine in path or path.startswith("outbox/")],
    )


@pytest.mark.parametrize("settings", [None, {"exports": {"dedicated": True}}])
def test_a_disconnection_survives_a_crash_at_every_port_call(settings):
    """F7, F26: nothing of ours stays, nothing of theirs goes, and the receipt counts right."""

    def make():
        return ready(synchronised=True, settings=settings)

    _, calm = number_of_calls(make, disconnect)
    assert disconnect_result(calm) == (Status.DISCONNECTED, 3, 0, True, 0, [], [], [])
    for number in range(1, 1 + calls_until_done(make, disconnect)):
        life, fuse = make()
        fuse.arm(number)
        recover(life, disconnect(life))

        assert disconnect_result(life) == disconnect_result(calm), number


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disconnection_at_any_moment_of_an_initial_sync_leaves_nothing(part):
    """F26: a sync task that began before the disconnection goes on; what it writes is removed as well."""
    for number in range(1 + part, 1 + calls_until_done(unsynchronised, start_once), PARTS):
        life, fuse = unsynchronised()

        def all_at_once(life=life):
            disconnect(life)()
            while life.connection.status is not Status.DISCONNECTED:
                advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, life.connection_id))

        fuse.arm(number, act=all_at_once)
        with suppress(Rejected, GrantRevoked):
            start_once(life)()
        life.drain()
        life.advance(minutes=10)

        status, *_, events, _channels, grants, documents = disconnect_result(life)
        # A channel that is being opened at that very moment ends by itself, and its messages do nothing.
        assert (status, events, grants, documents) == (Status.DISCONNECTED, 0, [], []), number
