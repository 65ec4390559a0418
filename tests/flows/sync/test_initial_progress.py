"""A running first synchronisation: chunk by chunk, cancelled, limited, interrupted, resumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Phase, Status, calendar_key
from common.domain.notify import NoticeKind
from common.domain.shared.task_records import AdvanceSync
from common.errors import Rejected
from common.flows.sync.initial_sync import Progress, advance_sync, cancel_sync
from common.ports.machine import Tuning
from tests.flows.setups.connection_stages_setup import Life
from tests.world import ACCOUNT


def cancel(life):
    return cancel_sync(life.ports, tenant=life.tenant, connection=life.connection_id)


def step(life):
    """Work off one chunk of the run, without its successors."""
    run = life.connection.run
    return advance_sync(life.ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))


def test_one_run_at_a_time():
    """Starting again while one is under way is refused with a code."""
    life = Life()
    life.start_sync()

    with pytest.raises(Rejected) as refused:
        life.start_sync()
    assert refused.value.reason == "sync_running"


def test_progress_grows_chunk_by_chunk():
    """B3: done, total, percentage and phase, at any time."""
    life = Life(tuning=Tuning(backfill_chunk=10))
    life.fill(20)
    life.book_many(35)
    assert life.progress() == Progress(None, 0, 0, 0, 0, None, 0, None, None)
    life.start_sync()
    seen = []
    while life.connection.run.running:
        step(life)
        found = life.progress()
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
    assert life.progress().percentage == 100


def test_a_chunk_that_was_done_only_queues_its_successor():
    """Cloud Tasks delivers twice: the second delivery of a chunk changes nothing."""
    life = Life()
    life.book_many(5)
    life.start_sync()
    run = life.connection.run
    step(life)
    after = life.connection
    advance_sync(life.ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))

    assert life.connection == after
    life.drain()
    assert life.connection.run.phase is Phase.DONE
    assert len(life.own()) == 5


def test_cancelling_stops_at_the_next_commit():
    """What is written stays, the rest is left; cancelling twice is fine, starting again is possible."""
    life = Life(tuning=Tuning(backfill_chunk=10))
    life.book_many(40)
    life.start_sync()
    while life.connection.run.exports_done < 10:
        step(life)
    assert cancel(life).phase is Phase.CANCELLED
    assert cancel(life).phase is Phase.CANCELLED
    life.drain()
    assert len(life.own()) == 10
    life.synchronise()

    assert len(life.own()) == 40


def test_a_run_that_is_cancelled_during_a_chunk_stays_cancelled():
    """The chunk does not store the run over it."""
    life = Life()
    life.book_many(3)
    life.start_sync()
    while life.connection.run.phase is not Phase.EXPORTING:
        step(life)
    real = life.ports.bookings.get

    class Cancelling:
        def __getattr__(self, name):
            return getattr(life.stores.bookings, name)

        def get(self, tenant, booking):
            cancel(life)
            return real(tenant, booking)

    run = life.connection.run
    ports = replace(life.ports, bookings=Cancelling())
    advance_sync(ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))
    life.drain()

    assert life.connection.run.phase is Phase.CANCELLED


@pytest.mark.pitfall(20)
def test_a_limit_delays_and_never_loses():
    """B5: the delay can be read while it lasts, and everything arrives in the end."""
    life = Life(tuning=Tuning(backfill_chunk=10))
    life.book_many(30)
    life.start_sync()
    while life.connection.run.exports_done < 10:
        step(life)
    life.google.add_fault(
        "status",
        method="events.insert",
        times=3,
        skip=4,
        status=403,
        reason="rateLimitExceeded",
        domain="usageLimits",
        retry_after="120",
    )
    life.drain(within=timedelta(0))
    waiting = life.progress()

    assert waiting.waiting_until == life.clock.now() + timedelta(seconds=120)
    assert (waiting.phase, waiting.done, waiting.error) == (Phase.EXPORTING, 14, "rate_limited")
    life.advance(minutes=30)
    assert life.progress().waiting_until is None
    assert (life.connection.run.phase, len(life.own())) == (Phase.DONE, 30)


@pytest.mark.pitfall(20)
def test_a_back_fill_keeps_to_its_share_of_the_limit():
    """With 60 calls a minute, 100 bookings take about two minutes; nothing is ever refused."""
    life = Life(tuning=Tuning(user_per_minute=60))
    life.book_many(100)
    began = life.clock.now()
    life.google.admin.set_limits(per_user=60)
    life.start_sync()
    while life.connection.run.running and life.clock.now() < began + timedelta(minutes=10):
        life.advance(seconds=5)

    assert len(life.own()) == 100
    assert timedelta(minutes=1.5) < life.clock.now() - began < timedelta(minutes=4)
    refused = [call for call in life.google.admin.calls() if call["status"] in {403, 429}]
    assert refused == []


def test_exhausted_writes_pause_for_hours_and_show_it():
    """The account's own limit for writes: the run waits visibly, and goes on by itself."""
    life = Life()
    life.book_many(3)
    life.google.add_fault(
        "status",
        method="events.insert",
        times=1,
        status=403,
        reason="quotaExceeded",
        domain="usageLimits",
    )
    life.start_sync()
    life.drain()

    assert life.progress().waiting_until > life.clock.now() + timedelta(hours=1)
    life.advance(hours=7)
    assert (life.connection.run.phase, len(life.own())) == (Phase.DONE, 3)


def test_one_calendar_that_cannot_be_read_does_not_stop_the_others():
    """The run goes on; the calendar's own health says what is wrong with it."""
    life = Life(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.fill(4)
    life.fill(4, calendar="team")
    life.start_sync()
    while life.connection.run.phase is Phase.COUNTING:
        step(life)
    life.google.admin.remove_calendar("team")
    life.drain()

    assert life.connection.run.phase is Phase.DONE
    assert len(life.imported()) == 4


@pytest.mark.pitfall(19)
def test_a_grant_that_dies_in_the_middle_stops_the_run_until_the_account_is_connected_again():
    """The owner is notified once, the run keeps its place, and goes on after the reconnection."""
    life = Life(tuning=Tuning(backfill_chunk=5))
    life.book_many(20)
    life.start_sync()
    while life.connection.run.exports_done < 5:
        step(life)
    life.google.admin.revoke_grant(ACCOUNT)
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED
    assert life.connection.run.phase is Phase.EXPORTING
    life.connect(connection=life.connection_id)
    life.drain()

    assert (life.connection.status, life.connection.run.phase) == (Status.ACTIVE, Phase.DONE)
    assert len(life.own()) == 20
    assert life.told().count(NoticeKind.REAUTH_REQUIRED.value) == 1
