"""The scheduler's jobs: channels are renewed, calendars polled, lost work found and queued again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Phase, Status, calendar_key
from common.domain.shared.task_records import MaintenanceJob, ReconcileConnection
from common.domain.shared.tasks import DeadLetter, Lane, Work
from common.errors import UnknownResource
from common.flows.ops.dead_letters import replay_dead_letter
from common.flows.ops.reconcile import reconcile_connection
from local.google import Settings
from tests.flows.setups.connection_stages_setup import synchronised
from tests.flows.setups.sync_setup import at
from tests.whole_lists import every
from tests.world import ACCOUNT


@pytest.mark.pitfall(8)
def test_a_channel_is_renewed_before_its_returned_life_ends():
    """At 80 % of the life that Google returned; the old channel is stopped once the new one works."""
    life = synchronised(google=Settings(channel_cap=timedelta(days=2)))
    first = life.feed().channel
    assert first.expires_at - life.clock.now() <= timedelta(days=2)
    life.clock.advance_to(life.clock.now() + timedelta(days=1.61))
    assert life.maintain(MaintenanceJob.CHANNELS).channels == 1
    life.drain()
    second = life.feed().channel

    assert second.id != first.id
    assert second.expires_at > first.expires_at
    life.enter(at(20))
    life.advance(minutes=1)
    assert life.channels() == [ACCOUNT]
    assert at(20) in life.busy()


@pytest.mark.pitfall(8)
def test_changes_arrive_by_polling_while_all_pushes_are_lost():
    """C8, F3: within the poll floor and its jitter, however healthy the channel seems."""
    life = synchronised()
    life.google.push.hold()
    life.enter(at(20))
    for _ in range(20):
        life.engine.run_until(life.clock.now() + timedelta(minutes=1))
        life.maintain(MaintenanceJob.POLL)

    assert at(20) in life.busy()


@pytest.mark.pitfall(8)
def test_a_lost_channel_is_found_and_replaced():
    """A channel that expired without a renewal, for a week of outage of the renewals."""
    life = synchronised()
    feed = life.feed()
    life.ports.sync_states.save(replace(feed, renew_at=None))
    life.clock.advance_to(life.clock.now() + timedelta(days=8))
    assert life.channels() == []
    life.maintain(MaintenanceJob.POLL)

    assert life.channels() == [ACCOUNT]


def test_a_calendar_that_was_never_synced_is_found():
    """Its sync request got lost before it had a state: the reconciler compares settings with states."""
    life = synchronised(calendars=("team",))
    connection = life.connection
    key = calendar_key("team")
    entries = {**connection.calendars, key: replace(connection.calendars[key], enabled=True)}
    life.ports.connections.save(replace(connection, calendars=entries))
    found = reconcile_connection(life.ports, ReconcileConnection(life.tenant, life.connection_id))
    life.drain()

    assert found.sync == (key,)
    assert life.channels() == [ACCOUNT, "team"]


def test_a_job_that_is_called_twice_queues_nothing_twice():
    """F32: the scheduler delivers at least once."""
    life = synchronised()
    life.clock.advance_to(life.clock.now() + timedelta(minutes=20))
    before = len(life.done)
    first = life.maintain(MaintenanceJob.POLL)
    ran = len(life.done) - before
    again = life.maintain(MaintenanceJob.POLL)

    assert (first.polls, again.polls) == (1, 0)
    assert len(life.done) - before == ran


def test_polls_are_spread_over_time():
    """Calendars that were synchronised together are not polled together for ever."""
    life = synchronised(calendars=[f"c{number}" for number in range(8)])
    life.set(calendars=dict.fromkeys(life.connection.calendars, True))
    life.drain()
    feeds = life.ports.sync_states.of_connection(life.tenant, life.connection_id)

    assert len({feed.poll_at for feed in feeds}) == 9
    longest = timedelta(minutes=18)
    assert all(timedelta(0) < feed.poll_at - life.clock.now() <= longest for feed in feeds)


def test_an_export_whose_task_got_lost_is_queued_again_within_minutes():
    """I5, F19: its outbox entry is in the store, whatever became of the task."""
    life = synchronised()
    life.ports = replace(life.ports, queue=LosingQueue())
    life.book(at(20))
    life.ports = replace(life.ports, queue=type(life)._ports(life, life.ports.tuning).queue)
    life.advance(minutes=2)
    assert life.own() == []
    assert life.maintain(MaintenanceJob.OUTBOX).exports == 1

    assert len(life.own()) == 1
    assert life.maintain(MaintenanceJob.OUTBOX).exports == 0


class LosingQueue:
    """A queue that loses every task."""

    def enqueue(self, task):
        return True


def test_exports_of_a_dead_grant_do_not_keep_others_waiting():
    """Outbox entries that wait for a new grant go to the back of the queue."""
    life = synchronised()
    life.google.admin.revoke_grant(ACCOUNT)
    life.book(at(20))
    life.drain()
    life.advance(hours=2)
    life.maintain(MaintenanceJob.OUTBOX)
    now = life.clock.now()

    assert life.connection.status is Status.REAUTH_REQUIRED
    assert life.ports.ledger.outbox_due(now, 10) == ()
    assert life.progress().waiting_exports == 1
    assert life.progress().next_try > now


def test_an_initial_sync_whose_task_got_lost_goes_on():
    """The reconciler queues its chunk again."""
    life = synchronised()
    for number in range(3):
        life.book(at(20 + number), f"b{number}", export=False)
    connection = life.connection
    stuck = replace(connection.run, phase=Phase.EXPORTING, export_after=None, exports_done=0)
    life.ports.connections.save(replace(connection, run=stuck))
    life.advance(hours=1)
    life.maintain(MaintenanceJob.POLL)

    assert life.connection.run.phase is Phase.DONE
    assert len(life.own()) == 3


def test_a_dead_letter_can_be_replayed():
    """I5: the dead letter is removed and its task runs again, as a first attempt."""
    life = synchronised()
    life.google.push.hold()
    life.enter(at(20))
    payload = {"tenant": life.tenant, "connection": life.connection_id, "calendar": life.key}
    letter = DeadLetter(
        id="letter",
        tenant=life.tenant,
        work=Work.DELTA_SYNC,
        lane=Lane.SYNC,
        payload=payload,
        code="provider_unavailable",
        attempts=8,
        died_at=life.clock.now(),
    )
    life.ports.ledger.add_dead_letter(letter)
    replay_dead_letter(life.ports, tenant=life.tenant, letter="letter")
    life.drain()

    assert at(20) in life.busy()
    assert every(life.ports.lists.dead_letters, life.tenant) == ()
    with pytest.raises(UnknownResource):
        replay_dead_letter(life.ports, tenant=life.tenant, letter="letter")
