"""The check that the convergence tests use finds real differences, and only those."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.flows.booking.commit import commit_change
from tests.agreement import differences
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT, OUTLOOK

SIDES = pytest.mark.parametrize(("kind", "account"), [(Synced, ACCOUNT), (Outlook, OUTLOOK)])


def exported_world(kind: Any) -> Any:
    """A world with one booking and its event."""
    world = kind()
    world.book(at(9))
    world.drain()
    return world


@SIDES
@pytest.mark.parametrize("hours", [0.5, 2, 20])
def test_a_past_booking_is_no_difference(kind: Any, account: str, hours: float) -> None:
    """A booking that began or ended today agrees with its event."""
    world = exported_world(kind)
    world.clock.advance_to(at(9) + timedelta(hours=hours))

    assert differences(world, world.connection, account) == []


@SIDES
def test_an_event_without_a_booking_is_a_difference(kind: Any, account: str) -> None:
    """The booking was cancelled and its event was not deleted."""
    world = exported_world(kind)
    before = world.booking()
    after = replace(before, status=BookingStatus.CANCELLED, revision=before.revision + 1)
    commit_change(world.ports, BookingChange(before=before, after=after))

    assert differences(world, world.connection, account) == [
        f"an event of no booking: {world.link().event_id}"
    ]
