"""Crashes between any two port calls: the work is delivered again, and ends as if nothing had happened."""

from __future__ import annotations

from contextlib import suppress

import pytest

from common.domain.calendar.connection import Phase, Status
from common.domain.shared.task_records import AdvanceDisconnect
from common.errors import GrantRevoked, Rejected, StoreUnavailable
from common.flows.connect.disconnect import advance_disconnect, start_disconnect
from common.flows.sync.initial_sync import StartSync, start_sync
from tests.flows.setups.fuse_setup import calls_until_done, ready, recover
from tests.world import ACCOUNT

# Tests of a few seconds each, that can run side by side.
PARTS = 4


def sync_again(life):
    def flow():
        run = life.connection.run
        if run is None:
            start_sync(life.ports, StartSync(life.tenant, life.connection_id))

    return flow


def first():
    return ready(synchronised=False)


def whole(life):
    """Everything that a first synchronisation is to bring about."""
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
def test_a_first_synchronisation_survives_a_crash_at_every_port_call(part):
    """F7: wherever the instance dies, no event is there twice and none is missing."""
    _, calm = number_of_calls(first, sync_again)
    expected = whole(calm)
    assert expected[:4] == (Phase.DONE, 2, 3, True)
    for number in range(1 + part, 1 + calls_until_done(first, sync_again), PARTS):
        life, fuse = first()
        fuse.arm(number)
        recover(life, sync_again(life))

        assert whole(life) == expected, number


def test_a_first_synchronisation_survives_lost_answers():
    """F16: something was done, but nobody said so; doing it again does nothing twice."""
    _, calm = number_of_calls(first, sync_again)
    for number in range(2, 1 + calls_until_done(first, sync_again), 6):
        life, fuse = first()
        fuse.arm(number, lost=StoreUnavailable("the answer got lost", code="commit_unknown"))
        recover(life, sync_again(life))

        assert whole(life) == whole(calm), number


def end(life):
    return lambda: start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)


def gone(life):
    """Everything that a disconnection is to bring about."""
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

    _, calm = number_of_calls(make, end)
    assert gone(calm) == (Status.DISCONNECTED, 3, 0, True, 0, [], [], [])
    for number in range(1, 1 + calls_until_done(make, end)):
        life, fuse = make()
        fuse.arm(number)
        recover(life, end(life))

        assert gone(life) == gone(calm), number


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disconnection_at_any_moment_of_a_first_synchronisation_leaves_nothing(part):
    """F26: whoever had not heard of the end goes on for a while, and what he did is taken away as well."""
    for number in range(1 + part, 1 + calls_until_done(first, sync_again), PARTS):
        life, fuse = first()

        def all_at_once(life=life):
            end(life)()
            while life.connection.status is not Status.DISCONNECTED:
                advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, life.connection_id))

        fuse.arm(number, act=all_at_once)
        with suppress(Rejected, GrantRevoked):
            sync_again(life)()
        life.drain()
        life.advance(minutes=10)

        status, *_, events, _channels, grants, documents = gone(life)
        # A channel that is being opened at that very moment ends by itself, and its messages do nothing.
        assert (status, events, grants, documents) == (Status.DISCONNECTED, 0, [], []), number
