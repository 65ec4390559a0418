"""Connecting again and stricter settings, with a crash between any two calls of a port.

Nobody has to ask twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest

from common.domain.calendar.connection import Status
from tests.flows.setups.crash_setup import Crash, calls_until_done, ready, recover
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT


def revoked():
    """A synchronised account whose grant died; an event and a moved booking wait."""
    life, fuse = ready(synchronised=True)
    life.google.admin.revoke_grant(ACCOUNT)
    life.enter(at(20))
    life.drain()
    life.reschedule(life.booking("b001"), at(21))
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED
    life.errors.clear()
    return life, fuse


def reconnect(life):
    def flow():
        if life.connection.status is not Status.ACTIVE:
            life.connect(connection=life.connection_id)

    return flow


def test_connecting_again_survives_a_crash_at_every_port_call():
    """A4: once the connection is stored as active, it catches up without another request."""
    for number in range(1, 1 + calls_until_done(revoked, reconnect)):
        life, fuse = revoked()
        fuse.arm(number)
        recover(life, reconnect(life))

        assert life.connection.status is Status.ACTIVE, number
        assert at(20) in life.busy(), number
        assert at(21) in [datetime.fromisoformat(event["start"]["dateTime"]) for event in life.own()], number
        assert (len(life.own()), life.progress().waiting_exports) == (3, 0), number


def with_full_texts():
    return ready(synchronised=True, settings={"imports": {"mode": "full"}})


def tighten(life):
    def flow():
        if life.connection.settings.imports.mode == "full":
            life.set(imports={"mode": "times"}, exports={"title": "Taken"})

    return flow


@pytest.mark.pitfall(25)
def test_tightening_a_mode_survives_a_crash_at_every_port_call():
    """C6: once the settings are stored, all texts are removed within a minute, without another request."""
    for number in range(1, 1 + calls_until_done(with_full_texts, tighten)):
        life, fuse = with_full_texts()
        assert {event.title for event in life.imported()} == {"secret 0", "secret 1"}
        fuse.arm(number)
        with suppress(Crash):
            tighten(life)()
        life.drain()
        tighten(life)()
        life.drain()
        life.advance(minutes=1)

        assert [event.title for event in life.imported()] == [None, None], number
        assert [event["summary"] for event in life.own()] == ["Taken"] * 3, number
