"""The scheduler's jobs: channels are renewed, calendars polled, lost work found and queued again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, Phase, Status, calendar_key
from common.domain.shared.task_records import MaintenanceJob, ReconcileConnection
from common.domain.shared.tasks import DeadLetter, Lane, Work
from common.errors import UnknownResource
from common.flows.ops.dead_letters import replay_dead_letter
from common.flows.ops.maintain import reconcile_connection
from local.google import Settings
from tests.flows.setups.connection_stages_setup import synchronised
from tests.flows.setups.sync_setup import at
from tests.whole_lists import every
from tests.world import ACCOUNT


@pytest.mark.pitfall(8)
def test_a_channel_is_renewed_before_its_returned_life_ends():
    """At 80 % of the life that Google returned; the old channel is stopped once the new one works."""
    world = synchronised(google=Settings(channel_cap=timedelta(days=2)))
    first = world.sync_state().channel
    assert first.expires_at - world.clock.now() <= timedelta(days=2)
    world.clock.advance_to(world.clock.now() + timedelta(days=1.61))
    assert world.maintain(MaintenanceJob.CHANNELS).channels == 1
    world.drain()
    second = world.sync_state().channel

    assert second.id != first.id
    assert second.expires_at > first.expires_at
    world.enter(at(20))
    world.advance(minutes=1)
    assert world.channels() == [ACCOUNT]
    assert at(20) in world.busy()


@pytest.mark.pitfall(8)
def test_changes_arrive_by_polling_while_all_pushes_are_lost():
    """C8, F3: within the poll floor and its jitter, however healthy the channel seems."""
    world = synchronised()
    world.google.push.hold()
    world.enter(at(20))
    for _ in range(20):
        world.engine.run_until(world.clock.now() + timedelta(minutes=1))
        world.maintain(MaintenanceJob.POLL)

    assert at(20) in world.busy()


@pytest.mark.pitfall(8)
def test_a_lost_channel_is_found_and_replaced():
    """A channel that expired without a renewal, for a week of outage of the renewals."""
    world = synchronised()
    state = world.sync_state()
    world.ports.sync_states.save(replace(state, renew_at=None))
    world.clock.advance_to(world.clock.now() + timedelta(days=8))
    assert world.channels() == []
    world.maintain(MaintenanceJob.POLL)

    assert world.channels() == [ACCOUNT]


def test_a_calendar_that_was_never_synced_is_found():
    """Its sync request got lost before it had a state: the reconciler compares settings with states."""
    world = synchronised(calendars=("team",))
    connection = world.connection
    key = calendar_key("team")
    entries = {**connection.calendars, key: replace(connection.calendars[key], use=CalendarUse.IMPORT)}
    world.ports.connections.save(replace(connection, calendars=entries))
    found = reconcile_connection(world.ports, ReconcileConnection(world.tenant, world.connection_id))
    world.drain()

    assert found.sync == (key,)
    assert world.channels() == [ACCOUNT, "team"]


def test_a_job_that_is_called_twice_queues_nothing_twice():
    """F32: the scheduler delivers at least once."""
    world = synchronised()
    world.clock.advance_to(world.clock.now() + timedelta(minutes=20))
    before = len(world.done)
    first = world.maintain(MaintenanceJob.POLL)
    ran = len(world.done) - before
    again = world.maintain(MaintenanceJob.POLL)

    assert (first.polls, again.polls) == (1, 0)
    assert len(world.done) - before == ran


def test_polls_are_spread_over_time():
    """Calendars that were synchronised together are not polled together for ever."""
    world = synchronised(calendars=[f"c{number}" for number in range(8)])
    world.set(calendars=dict.fromkeys(world.connection.calendars, CalendarUse.IMPORT))
    world.drain()
    states = world.ports.sync_states.of_connection(world.tenant, world.connection_id)

    assert len({state.poll_at for state in states}) == 9
    longest = timedelta(minutes=18)
    assert all(timedelta(0) < state.poll_at - world.clock.now() <= longest for state in states)


def test_an_export_whose_task_got_lost_is_queued_again_within_minutes():
    """I5, F19: its outbox entry is in the store, whatever became of the task."""
    world = synchronised()
    world.ports = replace(world.ports, queue=LosingQueue())
    world.book(at(20))
    world.ports = replace(world.ports, queue=type(world)._ports(world, world.ports.tuning).queue)
    world.advance(minutes=2)
    assert world.own_events() == []
    assert world.maintain(MaintenanceJob.OUTBOX).exports == 1

    assert len(world.own_events()) == 1
    assert world.maintain(MaintenanceJob.OUTBOX).exports == 0


class LosingQueue:
    """A queue that loses every task."""

    def enqueue(self, task):
        return True


def test_exports_of_a_dead_grant_do_not_keep_others_waiting():
    """Outbox entries that wait for a new grant go to the back of the queue."""
    world = synchronised()
    world.google.admin.revoke_grant(ACCOUNT)
    world.book(at(20))
    world.drain()
    world.advance(hours=2)
    world.maintain(MaintenanceJob.OUTBOX)
    now = world.clock.now()

    assert world.connection.status is Status.REAUTH_REQUIRED
    assert world.ports.ledger.outbox_due(now, 10) == ()
    assert world.progress().waiting_exports == 1
    assert world.progress().next_try > now


def test_an_initial_sync_whose_task_got_lost_goes_on():
    """The reconciler queues its chunk again."""
    world = synchronised()
    for number in range(3):
        world.book(at(20 + number), f"b{number}", export=False)
    connection = world.connection
    stuck = replace(connection.run, phase=Phase.EXPORTING, export_after=None, exports_done=0)
    world.ports.connections.save(replace(connection, run=stuck))
    world.advance(hours=1)
    world.maintain(MaintenanceJob.POLL)

    assert world.connection.run.phase is Phase.DONE
    assert len(world.own_events()) == 3


def test_a_dead_letter_can_be_replayed():
    """I5: its task runs again, as a first attempt, and the dead letter goes when that has succeeded."""
    world = synchronised()
    world.google.push.hold()
    world.enter(at(20))
    payload = {"tenant": world.tenant, "connection": world.connection_id, "calendar": world.key}
    letter = DeadLetter(
        id="letter",
        tenant=world.tenant,
        work=Work.DELTA_SYNC,
        lane=Lane.SYNC,
        payload=payload,
        code="provider_unavailable",
        attempts=8,
        died_at=world.clock.now(),
    )
    world.ports.ledger.put_dead_letter(letter)
    replay_dead_letter(world.ports, tenant=world.tenant, letter="letter")
    (meanwhile,) = every(world.ports.lists.dead_letters, world.tenant)
    world.drain()

    assert meanwhile == replace(letter, replayed_at=letter.died_at)
    assert at(20) in world.busy()
    assert every(world.ports.lists.dead_letters, world.tenant) == ()
    with pytest.raises(UnknownResource):
        replay_dead_letter(world.ports, tenant=world.tenant, letter="letter")
