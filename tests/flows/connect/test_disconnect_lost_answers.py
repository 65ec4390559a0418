"""Disconnecting and erasing remove events that were made although the provider's answer was lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import Status
from common.domain.privacy.erasure import ErasureStage
from common.flows.connect.disconnect import start_disconnect
from common.flows.privacy.erasure import start_erasure
from tests.flows.setups.unanswered_setup import DelayedOutlook, GoogleAccount, choose, own, unanswered


@pytest.fixture(
    params=[(GoogleAccount, {}), (DelayedOutlook, {}), (DelayedOutlook, {"lag": 100})],
    ids=["google", "outlook", "late"],
)
def world(request):
    kind, options = request.param
    return kind(**options)


@pytest.mark.pitfall(13)
def test_disconnecting_removes_an_event_whose_creation_was_never_confirmed(world):
    """Pitfall 13: the receipt counts it as deleted, because it was."""
    unanswered(world)
    start_disconnect(world.ports, tenant="t1", connection=world.connection_id)
    world.drain(within=timedelta(minutes=10))

    assert ([], Status.DISCONNECTED) == (own(world), world.connection.status)
    assert (1, 0) == (world.connection.receipt.events_deleted, world.connection.receipt.events_left)


@pytest.mark.pitfall(13)
def test_erasing_a_customer_removes_an_event_whose_creation_was_never_confirmed(world):
    """Pitfall 13: with exports off nothing else would ever remove it, and it names the customer."""
    unanswered(world)
    choose(world, on=False)
    email = world.booking().customer.email
    job = start_erasure(world.ports, tenant="t1", subject="owner-1", confirm=email, customer=email)
    world.drain(within=timedelta(minutes=10))
    receipt = world.ports.archive.get("t1", job.id)

    assert ([], ErasureStage.DONE) == (own(world), receipt.stage)
    assert (1, 0) == (receipt.events_erased, receipt.events_left)
