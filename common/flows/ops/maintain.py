"""Maintenance: renews push channels, polls calendars, relays the outbox, and queues again what got lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection
from common.domain.calendar.sync_state import CalendarSync
from common.domain.export.exported_event import LinkState
from common.domain.shared.outbox import OutboxKind
from common.domain.shared.task_records import CatchUp, Maintain, MaintenanceJob, ReconcileConnection
from common.domain.shared.tasks import task_for
from common.domain.sync.followed_calendars import CalendarNeeds, calendar_needs
from common.domain.sync.schedule import next_poll, overdue, time_bucket
from common.errors import Conflict, UnknownResource
from common.flows.booking.commit import end_expired_holds
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import (
    enqueue_disconnect,
    enqueue_run_chunk,
    enqueue_settle,
    enqueue_unseen_exports,
    enqueue_upkeep,
    enqueue_waiting_work,
    request_sync,
    watch_run,
)
from common.flows.shared.outbox import outbox_task
from common.flows.shared.own_events import all_links
from common.flows.sync.stalled import notify_stalled_calendar, notify_stalled_run
from common.ports import Ports

# How many due calendars, outbox entries or holds one task works off.
PART_SIZE = 500
MINUTE, TEN_MINUTES, HOUR, DAY = 60, 600, 3_600, 86_400
OUTBOX_RETRY = timedelta(minutes=5)
# Until the channel of a connection that cannot be used is looked at again.
UNUSABLE_RETRY = timedelta(hours=6)
_THERE = frozenset({LinkState.PENDING, LinkState.LIVE, LinkState.MISSING})


@dataclass(frozen=True, slots=True)
class Maintained:
    """How much was found due; ``overdue`` is by how many seconds the calendar read longest ago is late."""

    channels: int = 0
    polls: int = 0
    exports: int = 0
    notifications: int = 0
    overdue: float = 0.0
    holds: int = 0


def maintain(ports: Ports, task: Maintain) -> Maintained:
    """Find what is due and queue a task for each; called twice, it queues nothing twice.

    It works off one part of what is due. The next part is queued before this one is worked off, so that parts
    run side by side.
    """
    now = ports.clock.now()
    found = Maintained()
    if task.job in {MaintenanceJob.CHANNELS, MaintenanceJob.SWEEP}:
        found = _renew_channels(ports, now, task.after, found)
    if task.job in {MaintenanceJob.POLL, MaintenanceJob.SWEEP}:
        found = _poll_calendars(ports, now, task.after, found)
    if task.job in {MaintenanceJob.OUTBOX, MaintenanceJob.SWEEP}:
        found = _relay_outbox(ports, now, task.after, found)
    ports.log.info(
        "maintained",
        job=task.job.value,
        channels=found.channels,
        polls=found.polls,
        exports=found.exports,
        notifications=found.notifications,
        overdue=round(found.overdue, 1),
        holds=found.holds,
    )
    return found


def _renew_channels(ports: Ports, now: datetime, after: datetime | None, found: Maintained) -> Maintained:
    """A sync of the calendar renews its channel, and reads what happened between the two channels."""
    due = ports.sync_states.due_for_renewal(now, PART_SIZE, after=after)
    _queue_next_part(ports, MaintenanceJob.CHANNELS, [state.renew_at for state in due], now=now)
    for state in due:
        if _usable(ports, state):
            _request_sync(ports, state, cause=f"renew/{time_bucket(now, seconds=TEN_MINUTES)}")
        else:
            _save(ports, replace(state, renew_at=now + UNUSABLE_RETRY))
    return replace(found, channels=len(due))


def _poll_calendars(ports: Ports, now: datetime, after: datetime | None, found: Maintained) -> Maintained:
    """Every calendar is read now and then, however healthy its channel seems."""
    due = ports.sync_states.due_for_poll(now, PART_SIZE, after=after)
    _queue_next_part(ports, MaintenanceJob.POLL, [state.poll_at for state in due], now=now)
    idle = [state for state in due if not state.leased(now=now)]
    minutes, longest = ports.tuning.poll_minutes, 0.0
    for state in idle:
        poll_at = next_poll(now, minutes=minutes, seed=f"{state.connection}/{state.key}")
        _save(ports, replace(state, poll_at=poll_at))
        tenant, connection = state.tenant, state.connection
        hour = time_bucket(now, seconds=HOUR)
        enqueue_upkeep(ports, tenant=tenant, connection=connection, job="reconcile", cause=f"hour/{hour}")
        if _usable(ports, state):
            notify_stalled_calendar(ports, state)
            longest = max(longest, overdue(state, now=now, minutes=minutes))
            _request_sync(ports, state, cause=f"poll/{time_bucket(now, seconds=MINUTE)}")
            day = time_bucket(now, seconds=DAY, seed=state.connection)
            enqueue_upkeep(ports, tenant=tenant, connection=connection, job="refresh", cause=f"day/{day}")
    return replace(found, polls=len(idle), overdue=longest)


def _relay_outbox(ports: Ports, now: datetime, after: datetime | None, found: Maintained) -> Maintained:
    """Queue what was committed to the outbox and not done yet, and remove holds that have ended."""
    due = ports.ledger.outbox_due(now, PART_SIZE, after=after)
    _queue_next_part(ports, MaintenanceJob.OUTBOX, [entry.due_at for entry in due], now=now)
    for entry in due:
        ports.queue.enqueue(outbox_task(entry, bucket=f"sweep/{time_bucket(now, seconds=MINUTE)}"))
        # Due later than the others: an entry that keeps waiting must not hold up the rest.
        ports.ledger.put_outbox(replace(entry, due_at=now + OUTBOX_RETRY))
    exports = sum(entry.kind is OutboxKind.EXPORT for entry in due)
    holds = _remove_ended_holds(ports, now) if after is None else 0
    return replace(found, exports=exports, notifications=len(due) - exports, holds=holds)


def _queue_next_part(
    ports: Ports, job: MaintenanceJob, moments: Sequence[datetime | None], *, now: datetime
) -> None:
    """Queue what comes after a full part; what shares this part's last moment waits for the next minute."""
    last = moments[-1] if len(moments) == PART_SIZE else None
    if last is not None:
        minute = time_bucket(now, seconds=MINUTE)
        name = f"maintain/{job.value}/{minute}/{last.isoformat()}"
        ports.queue.enqueue(task_for(Maintain(job=job, after=last), name=name))


def _remove_ended_holds(ports: Ports, now: datetime) -> int:
    """Holds that ended take no time any more; here they are removed."""
    due = ports.bookings.ended_holds(now, PART_SIZE)
    return sum(end_expired_holds(ports, held.tenant, [held.id]) for held in due)


def _usable(ports: Ports, state: CalendarSync) -> bool:
    try:
        return ports.connections.get(state.tenant, state.connection).usable
    except UnknownResource:
        return False


def _request_sync(ports: Ports, state: CalendarSync, *, cause: str) -> None:
    request_sync(ports, tenant=state.tenant, connection=state.connection, calendar=state.key, cause=cause)


def _save(ports: Ports, state: CalendarSync) -> None:
    try:
        ports.sync_states.save(state)
    except Conflict:
        # Somebody is working on this calendar at the moment, which is better than a poll.
        return


def reconcile_connection(ports: Ports, task: ReconcileConnection) -> CalendarNeeds:
    """Compare what should be there with what is, and queue what is missing.

    Compared are the calendars' states and push channels, exported events that no calendar showed, a run of
    the first synchronisation that got stuck, and a disconnection that got stuck. Calendars that were read for
    events of ours that were moved there, and that have none any more, are left. Only tasks are queued, and
    the queue takes each name once, so that this may run as often as it likes. The owner is notified of a run
    that stands still.
    """
    try:
        connection = ports.connections.get(task.tenant, task.connection)
    except UnknownResource:
        return CalendarNeeds()
    now = ports.clock.now()
    cause = f"hour/{time_bucket(now, seconds=HOUR)}"
    states = ports.sync_states.of_connection(task.tenant, task.connection)
    if connection.ended:
        enqueue_disconnect(ports, connection, cause=cause)
        return CalendarNeeds(settle=tuple(state.key for state in states))
    run = connection.run
    if not connection.usable or run is None:
        return CalendarNeeds()
    connection = _without_emptied_calendars(ports, connection)
    found = calendar_needs(connection, states, now=now)
    tenant, name = task.tenant, task.connection
    for key in found.sync:
        request_sync(ports, tenant=tenant, connection=name, calendar=key, cause=f"lost/{cause}")
    for key in found.settle:
        enqueue_settle(ports, tenant=tenant, connection=name, calendar=key, cause=cause)
    enqueue_unseen_exports(ports, connection)
    if found.sync:
        ports.log.warning("channels_lost", tenant=tenant, connection=name, count=len(found.sync))
    if run.running:
        stalled = notify_stalled_run(ports, connection)
        again = f"stalled/{time_bucket(now, seconds=TEN_MINUTES)}" if stalled else cause
        enqueue_run_chunk(ports, connection, run, cause=again)
        watch_run(ports, connection, run)
    return found


def _without_emptied_calendars(ports: Ports, connection: Connection) -> Connection:
    """The connection without calendars that were read for events moved there, and have none any more."""
    if not connection.moved_to:
        return connection
    used = {link.calendar for link in all_links(ports, connection) if link.state in _THERE}

    def without(current: Connection) -> Connection:
        return replace(current, moved_to=tuple(key for key in current.moved_to if key in used))

    return update_connection(ports, connection.tenant, connection.id, without)


def catch_up(ports: Ports, task: CatchUp) -> None:
    """Queue everything that waited for a connection that works again; for one cause, nothing twice."""
    try:
        connection = ports.connections.get(task.tenant, task.connection)
    except UnknownResource:
        return
    if connection.usable:
        enqueue_waiting_work(ports, connection, cause=task.cause)
