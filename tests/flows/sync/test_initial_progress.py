"""A running first synchronisation: chunk by chunk, cancelled, limited, interrupted, resumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, Phase, Status, calendar_key
from common.domain.notify import NoticeKind
from common.domain.shared.task_records import AdvanceSync
from common.errors import Rejected
from common.flows.sync.initial_sync import Progress, advance_sync, cancel_sync
from common.ports.machine import Tuning
from tests.flows.setups.connection_stages_setup import Life
from tests.world import ACCOUNT


def cancel(world):
    return cancel_sync(world.ports, tenant=world.tenant, connection=world.connection_id)


def step(world):
    """Work off one chunk of the run, without its successors."""
    run = world.connection.run
    return advance_sync(world.ports, AdvanceSync(world.tenant, world.connection_id, run.id, run.seq))


def test_one_run_at_a_time():
    """Starting again while one is under way is refused with a code."""
    world = Life()
    world.start_sync()

    with pytest.raises(Rejected) as refused:
        world.start_sync()
    assert refused.value.reason == "sync_running"


def test_progress_grows_chunk_by_chunk():
    """B3: done, total, percentage and phase, at any time."""
    world = Life(tuning=Tuning(backfill_chunk=10))
    world.fill(20)
    world.book_many(35)
    assert world.progress() == Progress(None, 0, 0, 0, 0, None, 0, None, None)
    world.start_sync()
    seen = []
    while world.connection.run.running:
        step(world)
        found = world.progress()
        seen.append((found.phase, found.done, found.total))

    assert seen == [
        (Phase.COUNTING, 0, 20),
        (Phase.IMPORTING, 0, 55),
        (Phase.IMPORTING, 20, 55),
        (Phase.EXPORTING, 20, 55),
        (Phase.EXPORTING, 30, 55),
        (Phase.EXPORTING, 40, 55),
        (Phase.EXPORTING, 50, 55),
        (Phase.DONE, 55, 55),
    ]
    assert world.progress().percentage == 100


def test_a_chunk_that_was_done_only_queues_its_successor():
    """Cloud Tasks delivers twice: the second delivery of a chunk changes nothing."""
    world = Life()
    world.book_many(5)
    world.start_sync()
    run = world.connection.run
    step(world)
    after = world.connection
    advance_sync(world.ports, AdvanceSync(world.tenant, world.connection_id, run.id, run.seq))

    assert world.connection == after
    world.drain()
    assert world.connection.run.phase is Phase.DONE
    assert len(world.own_events()) == 5


def test_cancelling_stops_at_the_next_commit():
    """What is written stays, the rest is left; cancelling twice is fine, starting again is possible."""
    world = Life(tuning=Tuning(backfill_chunk=10))
    world.book_many(40)
    world.start_sync()
    while world.connection.run.exports_done < 10:
        step(world)
    assert cancel(world).phase is Phase.CANCELLED
    assert cancel(world).phase is Phase.CANCELLED
    world.drain()
    assert len(world.own_events()) == 10
    world.synchronise()

    assert len(world.own_events()) == 40


def test_a_run_that_is_cancelled_during_a_chunk_stays_cancelled():
    """The chunk does not store the run over it."""
    world = Life()
    world.book_many(3)
    world.start_sync()
    while world.connection.run.phase is not Phase.EXPORTING:
        step(world)
    real = world.ports.bookings.get

    class Cancelling:
        def __getattr__(self, name):
            return getattr(world.stores.bookings, name)

        def get(self, tenant, booking):
            cancel(world)
            return real(tenant, booking)

    run = world.connection.run
    ports = replace(world.ports, bookings=Cancelling())
    advance_sync(ports, AdvanceSync(world.tenant, world.connection_id, run.id, run.seq))
    world.drain()

    assert world.connection.run.phase is Phase.CANCELLED


@pytest.mark.pitfall(20)
def test_a_limit_delays_and_never_loses():
    """B5: the delay can be read while it lasts, and everything arrives in the end."""
    world = Life(tuning=Tuning(backfill_chunk=10))
    world.book_many(30)
    world.start_sync()
    while world.connection.run.exports_done < 10:
        step(world)
    world.google.add_fault(
        "status",
        method="events.insert",
        times=3,
        skip=4,
        status=403,
        reason="rateLimitExceeded",
        domain="usageLimits",
        retry_after="120",
    )
    world.drain(within=timedelta(0))
    waiting = world.progress()

    assert waiting.waiting_until == world.clock.now() + timedelta(seconds=120)
    assert (waiting.phase, waiting.done, waiting.error) == (Phase.EXPORTING, 14, "rate_limited")
    world.advance(minutes=30)
    assert world.progress().waiting_until is None
    assert (world.connection.run.phase, len(world.own_events())) == (Phase.DONE, 30)


@pytest.mark.pitfall(20)
def test_a_back_fill_keeps_to_its_share_of_the_limit():
    """With 60 calls a minute, 100 bookings take about two minutes; nothing is ever refused."""
    world = Life(tuning=Tuning(user_per_minute=60))
    world.book_many(100)
    began = world.clock.now()
    world.google.admin.set_limits(per_user=60)
    world.start_sync()
    while world.connection.run.running and world.clock.now() < began + timedelta(minutes=10):
        world.advance(seconds=5)

    assert len(world.own_events()) == 100
    assert timedelta(minutes=1.5) < world.clock.now() - began < timedelta(minutes=4)
    refused = [call for call in world.google.admin.calls() if call["status"] in {403, 429}]
    assert refused == []


def test_exhausted_writes_pause_for_hours_and_show_it():
    """The account's own limit for writes: the run waits visibly, and goes on by itself."""
    world = Life()
    world.book_many(3)
    world.google.add_fault(
        "status",
        method="events.insert",
        times=1,
        status=403,
        reason="quotaExceeded",
        domain="usageLimits",
    )
    world.start_sync()
    world.drain()

    assert world.progress().waiting_until > world.clock.now() + timedelta(hours=1)
    world.advance(hours=7)
    assert (world.connection.run.phase, len(world.own_events())) == (Phase.DONE, 3)


def test_one_calendar_that_cannot_be_read_does_not_stop_the_others():
    """The run goes on; the calendar's own health says what is wrong with it."""
    world = Life(calendars=("team",))
    world.set(calendars={calendar_key("team"): CalendarUse.IMPORT})
    world.fill(4)
    world.fill(4, calendar="team")
    world.start_sync()
    while world.connection.run.phase is Phase.COUNTING:
        step(world)
    world.google.admin.remove_calendar("team")
    world.drain()

    assert world.connection.run.phase is Phase.DONE
    assert len(world.imported()) == 4


@pytest.mark.pitfall(19)
def test_a_grant_that_dies_in_the_middle_stops_the_run_until_the_account_is_connected_again():
    """The owner is notified once, the run keeps its place, and goes on after the reconnection."""
    world = Life(tuning=Tuning(backfill_chunk=5))
    world.book_many(20)
    world.start_sync()
    while world.connection.run.exports_done < 5:
        step(world)
    world.google.admin.revoke_grant(ACCOUNT)
    world.drain()
    assert world.connection.status is Status.REAUTH_REQUIRED
    assert world.connection.run.phase is Phase.EXPORTING
    world.connect(connection=world.connection_id)
    world.drain()

    assert (world.connection.status, world.connection.run.phase) == (Status.ACTIVE, Phase.DONE)
    assert len(world.own_events()) == 20
    assert world.notices().count(NoticeKind.REAUTH_REQUIRED.value) == 1
