"""Connecting again and stricter settings, with a crash between any two calls of a port.

Nobody has to ask twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest

from common.domain.calendar.connection import Status
from tests.flows.setups.crash_setup import Crash, calls_until_done, crashing_world, recover
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT


def revoked():
    """A synchronised account whose grant died; an event and a moved booking wait."""
    world, port_calls = crashing_world(synchronised=True)
    world.google.admin.revoke_grant(ACCOUNT)
    world.enter(at(20))
    world.drain()
    world.reschedule(world.booking("b001"), at(21))
    world.drain()
    assert world.connection.status is Status.REAUTH_REQUIRED
    world.errors.clear()
    return world, port_calls


def reconnect(world):
    def flow():
        if world.connection.status is not Status.ACTIVE:
            world.connect(connection=world.connection_id)

    return flow


def test_connecting_again_survives_a_crash_at_every_port_call():
    """A4: once the connection is stored as active, it catches up without another request."""
    for number in range(1, 1 + calls_until_done(revoked, reconnect)):
        world, port_calls = revoked()
        port_calls.interrupt(number)
        recover(world, reconnect(world))

        assert world.connection.status is Status.ACTIVE, number
        assert at(20) in world.busy(), number
        assert at(21) in [
            datetime.fromisoformat(event["start"]["dateTime"]) for event in world.own_events()
        ], number
        assert (len(world.own_events()), world.progress().waiting_exports) == (3, 0), number


def with_full_texts():
    return crashing_world(synchronised=True, settings={"imports": {"mode": "full"}})


def tighten(world):
    def flow():
        if world.connection.settings.imports.mode == "full":
            world.set(imports={"mode": "times"}, exports={"title": "Taken"})

    return flow


@pytest.mark.pitfall(25)
def test_tightening_a_mode_survives_a_crash_at_every_port_call():
    """C6: once the settings are stored, all texts are removed within a minute, without another request."""
    for number in range(1, 1 + calls_until_done(with_full_texts, tighten)):
        world, port_calls = with_full_texts()
        assert {event.title for event in world.imported()} == {"secret 0", "secret 1"}
        port_calls.interrupt(number)
        with suppress(Crash):
            tighten(world)()
        world.drain()
        tighten(world)()
        world.drain()
        world.advance(minutes=1)

        assert [event.title for event in world.imported()] == [None, None], number
        assert [event["summary"] for event in world.own_events()] == ["Taken"] * 3, number
