"""An account without a calendar is told to its owner, tried again, and comes back by itself."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import Status
from tests.flows.setups.outage_setup import free, opened
from tests.flows.setups.sides_setup import GOOGLE, MICROSOFT, health, run
from tests.flows.setups.sync_setup import at

ROWS = [
    (GOOGLE, 403, "notACalendarUser", "not_a_calendar_user"),
    (GOOGLE, 403, "domainPolicy", "domain_policy"),
    (MICROSOFT, 404, "MailboxNotEnabledForRESTAPI", "mailbox_unsupported"),
]
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: row[3])


def missing(world, row):
    side, status, reason, _ = row
    side.fault(world, method="[!o]*", status=status, reason=reason, times=0)


@EACH
def test_a_missing_mailbox_is_told_and_never_called_healthy(row):
    """Health says that nothing can be read and why, and its owner hears of it within the hour."""
    world = row[0].world()
    missing(world, row)
    run(world, hours=1)
    shown = health(world)

    assert (shown.status, shown.healthy) == (Status.UNREACHABLE, False)
    assert shown.unreachable_since is not None
    assert [row[3]] == [item.error for item in shown.calendars]
    assert "unreachable" in world.notices()
    assert world.connection.status is Status.ACTIVE


@EACH
def test_a_mailbox_that_comes_back_is_followed_again(row):
    """Nobody has to do anything."""
    world = row[0].world()
    missing(world, row)
    run(world, hours=3, step=20)
    row[0].works(world)
    world.enter(at(9))
    run(world, hours=1)

    assert [at(9)] == [event.interval.start for event in world.imported()]
    assert (health(world).status, health(world).healthy) == (Status.ACTIVE, True)


@EACH
def test_the_stored_copy_serves_as_the_policy_says(row):
    """No answer came from any calendar, so the last known times stand in for the grace."""
    world = opened(row[0].kind)
    world.enter(at(9))
    world.drain()
    world.advance(minutes=1)
    missing(world, row)
    listed = free(world)

    assert at(9) not in listed
    assert at(12) in listed
