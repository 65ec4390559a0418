"""Calendars that come and go in an account, how healthy each copy is, and syncs that a person asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, calendar_key
from common.domain.shared.task_records import MaintenanceJob, RefreshCalendars
from common.domain.sync.followed_calendars import ChannelState
from common.errors import InvalidRequest, Rejected
from common.flows.connect.calendars import refresh_calendars
from common.flows.connect.health import read_health
from common.flows.sync.resync import resync
from tests.flows.setups.connection_stages_setup import Life, calendars, synchronised
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT


def health(world):
    return read_health(world.ports, tenant=world.tenant, connection=world.connection_id)


def refresh(world):
    return refresh_calendars(world.ports, RefreshCalendars(world.tenant, world.connection_id))


@pytest.mark.pitfall(24)
def test_new_calendars_are_not_used_and_uses_stay():
    """C1: a refresh finds what the account has now."""
    world = synchronised(calendars=("team",))
    world.set(calendars={calendar_key("team"): CalendarUse.IMPORT})
    world.google.admin.add_calendar(ACCOUNT, "new", calendar_id="new")
    refresh(world)

    assert calendars(world.connection) == {ACCOUNT: "import", "team": "import", "new": "none"}


@pytest.mark.pitfall(24)
def test_a_missing_calendar_is_gone_only_after_a_day():
    """Two listings at least 24 hours apart; then the owner is notified once, and its busy times stay."""
    world = Life(calendars=("team",))
    world.set(calendars={calendar_key("team"): CalendarUse.IMPORT})
    world.fill(2, calendar="team")
    world.synchronise()
    world.google.admin.unshare("team", ACCOUNT)
    refresh(world)
    world.clock.advance_to(world.clock.now() + timedelta(hours=5))
    refresh(world)
    assert world.notices() == []
    world.clock.advance_to(world.clock.now() + timedelta(hours=20))
    refresh(world)
    refresh(world)

    assert world.notices() == ["calendar_gone"]
    assert world.connection.calendars[calendar_key("team")].missing_since is not None
    assert len(world.imported(calendar_key("team"))) == 2


@pytest.mark.pitfall(24)
def test_a_calendar_that_comes_back_is_followed_again():
    """One incomplete listing does no harm."""
    world = synchronised(calendars=("team",))
    world.set(calendars={calendar_key("team"): CalendarUse.IMPORT})
    world.drain()
    world.google.add_fault("rewrite", method="calendarList.list", change={"items": []})
    refresh(world)
    assert world.connection.calendars[calendar_key("team")].missing_since is not None
    world.google.push.hold()
    world.enter(at(20), calendar="team")
    refresh(world)
    world.drain()

    assert world.connection.calendars[calendar_key("team")].missing_since is None
    assert world.busy(calendar_key("team")) == [at(20)]


def test_calendars_are_refreshed_daily():
    """Without anybody asking for it."""
    world = synchronised()
    world.google.admin.add_calendar(ACCOUNT, "new", calendar_id="new")
    for _ in range(5):
        world.advance(hours=6)
        world.maintain(MaintenanceJob.POLL)

    assert "new" in calendars(world.connection)


@pytest.mark.pitfall("B3")
def test_health_is_the_age_of_what_was_applied():
    """Polls that run and fail make nothing healthy."""
    world = synchronised()
    good = health(world)
    assert (good.healthy, good.calendars[0].channel) == (True, ChannelState.LIVE)
    assert good.calendars[0].age <= timedelta(minutes=1)
    world.google.add_fault("status", method="events.list", times=0, status=503)
    for _ in range(4):
        world.clock.advance_to(world.clock.now() + timedelta(minutes=15))
        world.maintain(MaintenanceJob.POLL)
    bad = health(world)

    assert not bad.healthy
    assert bad.calendars[0].age >= timedelta(hours=1)
    assert bad.calendars[0].last_applied_at == good.calendars[0].last_applied_at
    assert bad.calendars[0].behind >= 1


def test_health_shows_pushes_backlog_and_quarantine():
    """I4: when the last push came, how many exports wait, what is quarantined and held."""
    world = synchronised()
    world.enter(at(20))
    world.drain()
    world.google.push.hold()
    world.google.add_fault("status", method="events.insert", times=0, status=503)
    world.book(at(18))
    world.drain(within=timedelta(seconds=5))
    found = health(world)

    assert found.waiting_exports == 1
    assert found.oldest_export_at is not None
    assert found.calendars[0].last_push_at is not None
    assert (found.calendars[0].quarantined, found.calendars[0].held) == (0, 0)


@pytest.mark.pitfall("B7")
def test_a_full_resync_really_drops_the_cursor():
    """A delta cannot repair a copy that is wrong; a listing can, and nothing looks free meanwhile."""
    world = synchronised()
    stored = world.imported()
    world.ports.sync_states.purge(world.sync_state(), "anna")
    ids = {"tenant": world.tenant, "connection": world.connection_id}
    resync(world.ports, **ids)
    world.drain()
    assert world.imported() == []
    resync(world.ports, **ids, full=True)
    world.drain()

    assert [event.interval for event in world.imported()] == [event.interval for event in stored]


def test_a_resync_is_of_a_followed_calendar():
    """Any other calendar is refused, and so is a resync before the first synchronisation."""
    world = Life(calendars=("team",))
    ids = {"tenant": world.tenant, "connection": world.connection_id}
    with pytest.raises(Rejected):
        resync(world.ports, **ids)
    world.synchronise()

    assert resync(world.ports, **ids) == (world.key,)
    with pytest.raises(InvalidRequest):
        resync(world.ports, **ids, calendar=calendar_key("team"))
