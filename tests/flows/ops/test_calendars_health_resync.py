"""Calendars that come and go in an account, how healthy each copy is, and syncs that a person asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import calendar_key
from common.domain.shared.task_records import MaintenanceJob, RefreshCalendars
from common.domain.sync.followed_calendars import ChannelState
from common.errors import InvalidRequest, Rejected
from common.flows.connect.calendars import refresh_calendars
from common.flows.connect.health import read_health
from common.flows.sync.resync import resync
from tests.flows.setups.connection_stages_setup import Life, calendars, synchronised
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT


def health(life):
    return read_health(life.ports, tenant=life.tenant, connection=life.connection_id)


def refresh(life):
    return refresh_calendars(life.ports, RefreshCalendars(life.tenant, life.connection_id))


@pytest.mark.pitfall(24)
def test_new_calendars_appear_switched_off_and_switches_stay():
    """C1: a refresh finds what the account has now."""
    life = synchronised(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.google.admin.add_calendar(ACCOUNT, "new", calendar_id="new")
    refresh(life)

    assert calendars(life.connection) == {ACCOUNT: True, "team": True, "new": False}


@pytest.mark.pitfall(24)
def test_a_missing_calendar_is_gone_only_after_a_day():
    """Two listings at least 24 hours apart; then the owner is told once, and its busy times stay."""
    life = Life(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.fill(2, calendar="team")
    life.synchronise()
    life.google.admin.unshare("team", ACCOUNT)
    refresh(life)
    life.clock.advance_to(life.clock.now() + timedelta(hours=5))
    refresh(life)
    assert life.told() == []
    life.clock.advance_to(life.clock.now() + timedelta(hours=20))
    refresh(life)
    refresh(life)

    assert life.told() == ["calendar_gone"]
    assert life.connection.calendars[calendar_key("team")].missing_since is not None
    assert len(life.imported(calendar_key("team"))) == 2


@pytest.mark.pitfall(24)
def test_a_calendar_that_comes_back_is_followed_again():
    """One incomplete listing does no harm."""
    life = synchronised(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.drain()
    life.google.add_fault("rewrite", method="calendarList.list", change={"items": []})
    refresh(life)
    assert life.connection.calendars[calendar_key("team")].missing_since is not None
    life.google.push.hold()
    life.enter(at(20), calendar="team")
    refresh(life)
    life.drain()

    assert life.connection.calendars[calendar_key("team")].missing_since is None
    assert life.busy(calendar_key("team")) == [at(20)]


def test_calendars_are_refreshed_daily():
    """Without anybody asking for it."""
    life = synchronised()
    life.google.admin.add_calendar(ACCOUNT, "new", calendar_id="new")
    for _ in range(5):
        life.advance(hours=6)
        life.maintain(MaintenanceJob.POLL)

    assert "new" in calendars(life.connection)


@pytest.mark.pitfall("B3")
def test_health_is_the_age_of_what_was_applied():
    """Polls that run and fail make nothing healthy."""
    life = synchronised()
    good = health(life)
    assert (good.healthy, good.calendars[0].channel) == (True, ChannelState.LIVE)
    assert good.calendars[0].age <= timedelta(minutes=1)
    life.google.add_fault("status", method="events.list", times=0, status=503)
    for _ in range(4):
        life.clock.advance_to(life.clock.now() + timedelta(minutes=15))
        life.maintain(MaintenanceJob.POLL)
    bad = health(life)

    assert not bad.healthy
    assert bad.calendars[0].age >= timedelta(hours=1)
    assert bad.calendars[0].last_applied_at == good.calendars[0].last_applied_at
    assert bad.calendars[0].behind >= 1


def test_health_shows_pushes_backlog_and_quarantine():
    """I4: when the last push came, how many exports wait, what is quarantined and held."""
    life = synchronised()
    life.enter(at(20))
    life.drain()
    life.google.push.hold()
    life.google.add_fault("status", method="events.insert", times=0, status=503)
    life.book(at(18))
    life.drain(within=timedelta(seconds=5))
    found = health(life)

    assert found.waiting_exports == 1
    assert found.oldest_export_at is not None
    assert found.calendars[0].last_push_at is not None
    assert (found.calendars[0].quarantined, found.calendars[0].held) == (0, 0)


@pytest.mark.pitfall("B7")
def test_a_full_resync_really_drops_the_cursor():
    """A delta cannot repair a copy that is wrong; a listing can, and nothing looks free meanwhile."""
    life = synchronised()
    stored = life.imported()
    life.ports.sync_states.purge(life.feed(), "anna")
    ids = {"tenant": life.tenant, "connection": life.connection_id}
    resync(life.ports, **ids)
    life.drain()
    assert life.imported() == []
    resync(life.ports, **ids, full=True)
    life.drain()

    assert [event.interval for event in life.imported()] == [event.interval for event in stored]


def test_a_resync_is_of_a_followed_calendar():
    """Any other calendar is refused, and so is a resync before the first synchronisation."""
    life = Life(calendars=("team",))
    ids = {"tenant": life.tenant, "connection": life.connection_id}
    with pytest.raises(Rejected):
        resync(life.ports, **ids)
    life.synchronise()

    assert resync(life.ports, **ids) == (life.key,)
    with pytest.raises(InvalidRequest):
        resync(life.ports, **ids, calendar=calendar_key("team"))
