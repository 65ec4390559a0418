"""The scheduler's jobs with more due than one task handles, and the delays that they log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.sync_state import CalendarSync
from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.domain.shared.tasks import Work
from common.flows.ops.maintain import PART_SIZE, maintain
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sync_setup import at, channels

MANY = 2_000


def lines(world, event):
    """What was logged of one event."""
    found = map(json.loads, world.log.lines)
    return [line for line in found if line["event"] == event]


def synchronised(**options):
    world = Life(**options)
    world.fill(3)
    world.synchronise()
    return world


def many_states(world, **moments):
    """The states of many calendars of one connection, due one after the other."""
    for number in range(MANY):
        due = {name: begin + timedelta(milliseconds=number) for name, begin in moments.items()}
        world.ports.sync_states.save(CalendarSync(world.tenant, world.connection_id, f"c{number:04}", **due))


class PartsQueue:
    """A queue that runs the next parts of a job, and keeps which calendars' syncs the job queued."""

    def __init__(self, world):
        self.world, self.synced, self.parts = world, [], []

    def enqueue(self, task):
        if task.work is Work.DELTA_SYNC:
            self.synced.append(task.payload["calendar"])
        elif "after" in task.payload:
            self.parts.append(task)
        return True

    def run_job(self, job):
        maintain(self.world.ports, Maintain(job))
        for number, task in enumerate(self.parts):
            assert number < 10
            self.world.run(Work.MAINTENANCE, task.payload)


def queued_syncs(world, job):
    """The calendars that a job queues a sync for, as often as it does."""
    queue = PartsQueue(world)
    world.ports = replace(world.ports, queue=queue)
    queue.run_job(job)
    return queue.synced


@pytest.mark.parametrize(
    ("job", "moment"), [(MaintenanceJob.POLL, "poll_at"), (MaintenanceJob.CHANNELS, "renew_at")]
)
def test_a_job_reaches_every_calendar_that_is_due(job, moment):
    """2,000 calendars, four times what one task handles: each is synced once, by the tasks that follow."""
    world = synchronised()
    many_states(world, **{moment: world.clock.now() - timedelta(minutes=1)})

    synced = queued_syncs(world, job)

    assert MANY == 4 * PART_SIZE
    assert [f"c{number:04}" for number in range(MANY)] == synced
    if job is MaintenanceJob.POLL:
        assert world.ports.sync_states.due_for_poll(world.clock.now(), 1) == ()


def test_a_job_reaches_every_outbox_entry_that_is_due():
    """Likewise entries whose tasks got lost."""
    world = synchronised()
    begin = world.clock.now() - timedelta(minutes=1)
    for number in range(PART_SIZE + 1):
        entry = OutboxEntry(
            id=f"o{number}",
            tenant=world.tenant,
            kind=OutboxKind.NOTICE,
            booking="",
            connection="",
            revision=0,
            created_at=begin,
            due_at=begin + timedelta(milliseconds=number),
        )
        world.ports.ledger.put_outbox(entry)

    queued_syncs(world, MaintenanceJob.OUTBOX)

    assert world.ports.ledger.outbox_due(world.clock.now(), 1) == ()


def test_a_part_that_is_delivered_twice_queues_nothing_twice():
    """Cloud Tasks delivers at least once, so parts of the same minute have the same names."""
    world = synchronised()
    many_states(world, renew_at=world.clock.now() - timedelta(minutes=1))

    before = len(world.done)
    maintain(world.ports, Maintain(MaintenanceJob.CHANNELS))
    maintain(world.ports, Maintain(MaintenanceJob.CHANNELS))
    world.drain()
    parts = [done.task for done in world.done[before:] if "after" in done.task.payload]

    assert 4 == len(parts) == len({task.name for task in parts})


def test_the_time_from_a_push_to_its_sync_is_logged():
    """In seconds, to the sync pass that applied the change; a poll logs none."""
    world = synchronised()
    world.enter(at(20))
    world.advance(minutes=1)
    world.maintain(MaintenanceJob.POLL)
    logged = lines(world, "push_applied")

    assert channels(world)
    assert logged
    assert {(world.tenant, world.connection_id)} == {(line["tenant"], line["connection"]) for line in logged}
    assert all(0 <= line["lag"] <= 60 for line in logged)


def test_the_logged_time_of_a_push_includes_an_outage():
    """The provider fails for ten minutes: the time counts from the push, not from the last try."""
    world = synchronised()
    before = len(lines(world, "push_applied"))
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    world.enter(at(20))
    world.drain()
    world.advance(minutes=10)
    world.google.inspect.clear_faults()
    world.advance(minutes=15)
    logged = lines(world, "push_applied")[before:]

    assert max(line["lag"] for line in logged) >= 600


def test_a_poll_logs_how_late_the_calendar_is_that_was_read_longest_ago():
    """Nothing while polls succeed; what lies beyond one interval where they do not."""
    world = synchronised()
    world.clock.advance_to(world.clock.now() + timedelta(minutes=14))
    world.ports.sync_states.save(replace(world.sync_state(), poll_at=world.clock.now()))
    fresh = world.maintain(MaintenanceJob.POLL)
    world.ports.sync_states.save(
        replace(
            world.sync_state(),
            poll_at=world.clock.now(),
            last_applied_at=world.clock.now() - timedelta(minutes=75),
        )
    )
    stale = world.maintain(MaintenanceJob.POLL)

    assert (0.0, 3600.0) == (fresh.overdue, stale.overdue)
    assert 3600.0 == lines(world, "maintained")[-1]["overdue"]


def test_a_calendar_that_only_its_owner_can_repair_is_not_late():
    """Its owner was notified; an alert that the operator cannot end would be ignored."""
    world = synchronised()
    long_ago = world.clock.now() - timedelta(days=3)
    world.ports.sync_states.save(
        replace(world.sync_state(), poll_at=long_ago, last_applied_at=long_ago, error="forbidden")
    )

    assert 0.0 == world.maintain(MaintenanceJob.POLL).overdue
