"""A refresh that fails once costs nobody the answer, and one that fails for good holds up nobody else."""

from __future__ import annotations

import pytest

from common.errors import ProviderUnavailable, SyncError
from common.flows.shared.tokens import access_token
from tests.flows.setups.outage_setup import free, opened
from tests.flows.setups.sides_setup import BOTH, GOOGLE, MICROSOFT
from tests.flows.setups.sync_setup import at

FAILURES = {
    "500": {"action": "status", "status": 500},
    "503": {"action": "status", "status": 503},
    "429": {"action": "status", "status": 429},
    "html": {"action": "html", "status": 500},
    "lost": {"action": "drop_after"},
}


def needs_a_refresh(world):
    world.advance(hours=2)


@BOTH
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_one_failure_of_the_sign_in_is_tried_again_within_the_call(side, failure):
    """Whoever asks for free times while the token is refreshed gets them."""
    world = opened(side.kind)
    world.clock.advance_to(world.sync_state().last_applied_at)
    for_good = dict(failure)
    side.simulator(world).admin.expire_access_tokens()
    sealed, version = world.ports.connections.sealed("t1", world.connection_id)
    grant = world.ports.vault.open(sealed, tenant="t1", connection=world.connection_id)
    side.fault(world, for_good.pop("action"), method="oauth.token", times=1, **for_good)

    token = access_token(world.ports, world.connection, refused=grant.access_token)

    assert token != grant.access_token
    assert version != world.ports.connections.sealed("t1", world.connection_id)[1]
    assert at(12) in free(world)


@BOTH
def test_a_failed_refresh_holds_up_nobody_else(side):
    """The lease is given back with the failure: the very next caller refreshes."""
    world = side.world()
    world.advance(minutes=1)
    sealed, _ = world.ports.connections.sealed("t1", world.connection_id)
    grant = world.ports.vault.open(sealed, tenant="t1", connection=world.connection_id)
    side.fault(world, "status", method="oauth.token", times=2, status=503)
    begun = world.clock.now()
    with pytest.raises(ProviderUnavailable):
        access_token(world.ports, world.connection, refused=grant.access_token)

    assert access_token(world.ports, world.connection, refused=grant.access_token)
    assert (world.clock.now() - begun).total_seconds() < 2


@pytest.mark.parametrize("side", [GOOGLE, MICROSOFT], ids=["google", "microsoft"])
def test_a_wait_that_the_sign_in_asks_for_is_kept(side):
    """A limit with a long wait is not tried again at once."""
    world = side.world()
    sealed, _ = world.ports.connections.sealed("t1", world.connection_id)
    grant = world.ports.vault.open(sealed, tenant="t1", connection=world.connection_id)
    side.fault(world, "status", method="oauth.token", times=0, status=429, retry_after="30")
    before = len([c for c in side.simulator(world).admin.calls() if c["method"] == "oauth.token"])
    with pytest.raises(SyncError) as raised:
        access_token(world.ports, world.connection, refused=grant.access_token)
    asked = len([c for c in side.simulator(world).admin.calls() if c["method"] == "oauth.token"])

    assert raised.value.retry_after == 30
    assert asked - before <= 1
