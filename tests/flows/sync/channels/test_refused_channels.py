"""A channel that its provider refuses keeps no calendar from being read, and ends no connection."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import Phase, Status
from common.domain.sync.followed_calendars import ChannelState
from tests.flows.setups.sides_setup import GOOGLE, MICROSOFT, health, run
from tests.flows.setups.sync_setup import at

REFUSALS = [
    (GOOGLE, 400, "pushNotSupportedForRequestedResource", ChannelState.UNSUPPORTED),
    (GOOGLE, 400, "push.webhookUrlUnauthorized", ChannelState.REFUSED),
    (GOOGLE, 401, "authError", ChannelState.REFUSED),
    (GOOGLE, 403, "forbidden", ChannelState.REFUSED),
    (GOOGLE, 403, "insufficientPermissions", ChannelState.REFUSED),
    (GOOGLE, 404, "notFound", ChannelState.REFUSED),
    (GOOGLE, 503, "backendError", ChannelState.REFUSED),
    (MICROSOFT, 400, "ExtensionError", ChannelState.REFUSED),
    (MICROSOFT, 401, "ExtensionError", ChannelState.REFUSED),
    (MICROSOFT, 403, "ExtensionError", ChannelState.REFUSED),
    (MICROSOFT, 404, "ExtensionError", ChannelState.REFUSED),
    (MICROSOFT, 503, "ExtensionError", ChannelState.REFUSED),
    (MICROSOFT, 400, "ValidationError", ChannelState.REFUSED),
    (MICROSOFT, 400, "InvalidRequest", ChannelState.REFUSED),
    (MICROSOFT, 401, "InvalidAuthenticationToken", ChannelState.REFUSED),
    (MICROSOFT, 403, "ErrorInsufficientPermissionsInAccessToken", ChannelState.REFUSED),
]
ROWS = pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[0].provider}-{row[1]}-{row[2]}")


def refused(row, times):
    """A world whose provider refuses channels from the beginning."""
    side, status, reason, _ = row

    def prepare(world):
        side.fault(world, method=side.watch, status=status, reason=reason, times=times)

    return side.world(prepare=prepare)


@pytest.mark.pitfall(8)
@ROWS
def test_a_calendar_without_push_is_read_by_polling(row):
    """Push is an improvement of polling, never a condition; health says that it is off, and why."""
    side, *_, channel = row
    world = refused(row, 0)
    world.enter(at(9))
    run(world, minutes=40)
    (shown,) = health(world).calendars

    assert (world.connection.status, world.connection.doubt) == (Status.ACTIVE, None)
    assert [at(9)] == [event.interval.start for event in world.imported()]
    assert (shown.channel, bool(shown.channel_error), shown.error) == (channel, True, None)
    assert health(world).healthy
    assert side.simulator(world).inspect.pending_pushes() == []


@ROWS
def test_a_refused_channel_is_tried_again_and_comes_back(row):
    """What was refused once is tried again, daily at the latest."""
    world = refused(row, 1)
    run(world, hours=27, step=60)

    assert health(world).calendars[0].channel is ChannelState.LIVE
    assert health(world).calendars[0].channel_error is None


@pytest.mark.parametrize("side", [GOOGLE, MICROSOFT], ids=["google", "microsoft"])
def test_refusals_are_not_repeated_with_every_poll(side):
    """A day of polls asks for a channel twice, not a hundred times."""
    reason = "forbidden" if side is GOOGLE else "ExtensionError"
    world = refused((side, 403, reason, None), 0)
    run(world, hours=23, step=15)
    asked = [call for call in side.simulator(world).admin.calls() if call["method"] == side.watch]

    assert len(asked) <= 2


@pytest.mark.parametrize("side", [GOOGLE, MICROSOFT], ids=["google", "microsoft"])
def test_a_first_synchronisation_needs_no_channel(side):
    """Every event is copied although each request for a channel is refused."""
    from common.flows.sync.initial_sync import start_sync  # noqa: PLC0415

    reason = "authError" if side is GOOGLE else "ExtensionError"

    def prepare(world):
        side.fault(world, method=side.watch, status=401, reason=reason, times=0)

    world = side.world(prepare=prepare, sync=False)
    world.enter(at(9))
    start_sync(world.ports, tenant="t1", connection=world.connection_id)
    world.drain()

    assert world.connection.run.phase is Phase.DONE
    assert [at(9)] == [event.interval.start for event in world.imported()]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_renewal_leaves_the_subscription_as_it_is(status):
    """The subscription lives on until its end, and is renewed a day later."""
    world = MICROSOFT.world()
    before = world.sync_state().channel
    MICROSOFT.fault(world, method="subscriptions.update", status=status, reason="ExtensionError", times=2)
    run(world, hours=26, step=60)
    during = health(world).calendars[0]
    run(world, hours=50, step=60)

    assert (during.channel, during.channel_error) == (ChannelState.LIVE, "push_refused")
    assert before.id == world.sync_state().channel.id
    assert health(world).calendars[0].channel_error is None
    assert world.connection.status is Status.ACTIVE
