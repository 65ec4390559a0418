"""Private events under the mode *none*: they count for nothing, whoever asks and whatever answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import AccessRole, calendar_key
from common.domain.connect.settings import PrivateMode
from common.flows.privacy.overview import read_overview
from common.flows.slots.check_slot import require_free_calendars
from common.flows.sync.preview import preview_sync
from tests.flows.setups.outage_setup import (
    BOTH,
    booked,
    free,
    opened,
    private,
    reasons,
    silence,
)
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT

NONE = PrivateMode.NONE


def overview(world):
    """What staff see of that Monday: copies and live events."""
    day = {"start": at(0), "end": at(0) + timedelta(days=1)}
    found = read_overview(world.ports, tenant="t1", resource="anna", **day)
    return [*found.imported, *found.external]


@BOTH
@pytest.mark.parametrize("titles", [False, True])
def test_a_private_event_that_is_ignored_is_ignored_everywhere(kind, titles):
    """C5: neither listed as taken, nor in the way of a booking, nor explained, nor shown, nor copied."""
    world = opened(kind, private=NONE)
    current = world.connection
    world.ports.connections.save(replace(current, settings=replace(current.settings, show_events=titles)))
    before = free(world)
    world.enter(at(9), **private(world))
    world.drain()

    assert free(world) == before
    assert reasons(world, at(9)) == []
    assert (overview(world), world.imported()) == ([], [])
    booking = booked(world, at(9))
    world.drain()
    require_free_calendars(world.ports, booking, booking.interval)
    assert world.ports.bookings.get("t1", booking.id).conflict is None


@BOTH
def test_the_copy_says_the_same_as_the_calendar(kind):
    """C5: whether the calendar can be asked or not, a private event counts for nothing, others do."""
    world = opened(kind, private=NONE)
    world.enter(at(9), **private(world))
    world.enter(at(10))
    world.drain()
    live = free(world)
    silence(world)

    assert at(9) in live
    assert at(10) not in live
    assert free(world) == live


@BOTH
@pytest.mark.parametrize("mode", [PrivateMode.FULL, PrivateMode.TIMES])
def test_under_any_other_mode_a_private_event_blocks(kind, mode):
    """C5: what is kept of it decides nothing about its time."""
    world = opened(kind, private=mode)
    world.enter(at(9), **private(world))
    world.drain()
    live = free(world)
    silence(world)

    assert at(9) not in live
    assert free(world) == live


@BOTH
def test_the_preview_says_how_many_private_events_will_not_block(kind):
    """C5: they are counted, and are not among what will be imported."""
    world = kind(sync=False)
    world.enter(at(9), **private(world))
    world.enter(at(10), **private(world))
    world.enter(at(11))
    shown = preview_sync(world.ports, tenant="t1", connection=world.connection_id)
    world.choose(private=NONE)
    ignored = preview_sync(world.ports, tenant="t1", connection=world.connection_id)

    assert (shown.imports, shown.private_ignored) == (3, 0)
    assert (ignored.imports, ignored.private_ignored) == (1, 2)
    assert [line.private for line in ignored.calendars] == [2]


def test_where_taken_times_alone_are_seen_private_ones_block():
    """C5: a calendar that shows when it is taken, and not by what, has no private events; live as copied."""

    def share(world):
        world.account("bob@example.com")
        world.google.admin.share("bob@example.com", ACCOUNT, "freeBusyReader")
        world.google.owner.put_event(
            "bob@example.com",
            {
                "start": {"dateTime": at(9).isoformat()},
                "end": {"dateTime": at(10).isoformat()},
                "visibility": "private",
            },
        )

    world = opened(lambda **made: Synced(prepare=share, **made), private=NONE)
    blind = calendar_key("bob@example.com")
    world.request_sync(blind)
    world.drain()
    live = free(world)
    world.google.add_fault("status", method="freebusy.query", times=0, status=503)
    silence(world)

    assert world.connection.calendars[blind].role is AccessRole.FREE_BUSY
    assert at(9) not in live
    assert world.busy(blind) == [at(9)]
    assert free(world) == live
