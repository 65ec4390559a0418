"""A disconnection comes to its end whatever a provider refuses, and its receipt says what was left there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import Status
from common.flows.connect.disconnect import start_disconnect
from tests.flows.setups.connection_stages_setup import synchronised
from tests.flows.setups.sides_setup import BOTH, GOOGLE, MICROSOFT
from tests.flows.setups.sync_setup import at


def disconnect(world):
    start_disconnect(world.ports, tenant="t1", connection=world.connection_id)
    world.drain()
    return world.connection


@BOTH
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_channel_that_may_not_be_stopped_is_left_to_its_end(side, status):
    """Events are removed and the connection ends; the receipt counts no channel."""
    world = side.world()
    world.book(at(9))
    world.drain()
    method = "channels.stop" if side is GOOGLE else "subscriptions.delete"
    reason = {400: "invalid", 401: side.unauthorized, 403: "forbidden"}[status]
    side.fault(world, method=method, status=status, reason=reason, times=0)
    ended = disconnect(world)

    assert ended.status is Status.DISCONNECTED
    assert (ended.receipt.channels_stopped, ended.receipt.events_deleted) == (0, 1)
    assert ended.receipt.provider_reachable


def test_a_missing_mailbox_holds_a_disconnection_up_for_an_hour_at_most():
    """It may come back; after that the receipt says that the provider could not be reached."""
    world = MICROSOFT.world()
    world.book(at(9))
    world.drain()
    reason = "MailboxNotEnabledForRESTAPI"
    MICROSOFT.fault(world, method="[!o]*", status=404, reason=reason, times=0)
    waiting = disconnect(world).status
    world.advance(hours=2)
    ended = world.connection

    assert (waiting, ended.status) == (Status.DISCONNECTING, Status.DISCONNECTED)
    assert (ended.receipt.events_left, ended.receipt.provider_reachable) == (1, False)


def test_an_access_token_that_has_ended_does_not_count_as_given_back():
    """Google answers as for a dead grant, and the access is still listed there: the receipt says so."""
    life = synchronised()
    sealed, version = life.ports.connections.sealed("t1", life.connection_id)
    grant = life.ports.vault.open(sealed, tenant="t1", connection=life.connection_id)
    text = life.ports.vault.seal(
        replace(grant, refresh_token=None), tenant="t1", connection=life.connection_id
    )
    life.ports.connections.save_sealed("t1", life.connection_id, text, expected=version)
    life.google.admin.expire_access_tokens()
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert not ended.receipt.grant_revoked
    assert len(life.google.inspect.grants()) == 1
