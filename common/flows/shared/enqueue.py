"""Queues the tasks that bring a connection up to date: its calendars, its first synchronisation, its upkeep.

A task is named after what it is about and its ``cause``: the queue takes a name once, so that the same work
asked for twice on one occasion is done once. Names stay blocked for up to a day, which is why a cause holds a
time bucket, a number or a random part.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from common.domain.calendar.connection import STALLED_AFTER, Connection, SyncRun
from common.domain.calendar.sync_state import ALWAYS_FINE, CalendarSync
from common.domain.shared.task_records import (
    AdvanceDisconnect,
    AdvanceSync,
    CatchUp,
    ReconcileConnection,
    RefreshCalendars,
    SettleCalendar,
    VerifyMoved,
)
from common.domain.shared.tasks import SyncCalendar, task_for
from common.domain.sync.followed_calendars import followed_calendars
from common.domain.sync.schedule import follow_up, time_bucket
from common.flows.shared.outbox import outbox_task
from common.ports import Ports

# The reason of a task that goes on with a sync pass instead of asking for a new one.
CONTINUE = "continue"
MOST_EXPORTS = 1_000
# Two polls: an event that its calendar has not shown by then is looked for.
UNSEEN_PATIENCE = timedelta(minutes=45)


def request_sync(
    ports: Ports,
    *,
    tenant: str,
    connection: str,
    calendar: str,
    cause: str,
    not_before: datetime | None = None,
) -> None:
    """Ask for a calendar to be synchronised soon, or at a time; the log shows the first word of ``cause``."""
    sync = SyncCalendar(tenant, connection, calendar, reason=cause.partition("/")[0])
    _enqueue_sync(ports, sync, cause=cause, not_before=not_before)


def enqueue_sync_for_request(ports: Ports, state: CalendarSync, request: int) -> None:
    """Queue a fresh sync pass for a request that was counted while the last pass was running."""
    sync = SyncCalendar(state.tenant, state.connection, state.key, request=request)
    _enqueue_sync(ports, sync, cause=f"again/{request}")


def enqueue_continuation(
    ports: Ports, state: CalendarSync, *, after: str | None, swept: bool, pushed_at: int | None
) -> None:
    """Queue the next task of the same sync pass; ``after`` and ``swept`` say where its sweep goes on."""
    sync = SyncCalendar(
        state.tenant,
        state.connection,
        state.key,
        reason=CONTINUE,
        after=after,
        swept=swept,
        pushed_at=pushed_at,
    )
    _enqueue_sync(ports, sync, cause=f"continue/{state.generation}/{state.version}/{after}/{swept}")


def enqueue_follow_up(ports: Ports, connection: Connection, calendar: str, *, reason: str) -> None:
    """Queue one more sync where the provider announces changes before they can be read.

    ``reason`` is that of the sync before it.
    """
    if not ports.providers[connection.provider].calendar.abilities.lags:
        return
    later = follow_up(reason, now=ports.clock.now())
    if later:
        sync = SyncCalendar(connection.tenant, connection.id, calendar, reason=later.reason)
        _enqueue_sync(ports, sync, cause=f"{later.reason}/{later.bucket}", not_before=later.not_before)


def enqueue_sync_after_lease(
    ports: Ports, state: CalendarSync, *, request: int | None, channel: str | None, pushed_at: int | None
) -> None:
    """Queue a sync for when the lease has ended, in case its holder died; most find nothing left to do."""
    until = state.lease_until or ports.clock.now()
    if request is None:
        sync = SyncCalendar(state.tenant, state.connection, state.key, reason=CONTINUE)
    else:
        sync = SyncCalendar(
            state.tenant,
            state.connection,
            state.key,
            request=request,
            channel=channel,
            pushed_at=pushed_at,
        )
    _enqueue_sync(ports, sync, cause=f"lease/{until.isoformat()}", not_before=until)


def _enqueue_sync(
    ports: Ports, sync: SyncCalendar, *, cause: str, not_before: datetime | None = None
) -> None:
    name = f"delta/{sync.tenant}/{sync.connection}/{sync.calendar}/{cause}"
    ports.queue.enqueue(task_for(sync, name=name, not_before=not_before))


def enqueue_run_chunk(
    ports: Ports, connection: Connection, run: SyncRun, *, not_before: datetime | None = None, cause: str = ""
) -> None:
    """Queue the present chunk of a first synchronisation; the same chunk is queued once for one ``cause``."""
    chunk = AdvanceSync(connection.tenant, connection.id, run.id, run.seq)
    name = f"run/{connection.tenant}/{run.id}/{run.seq}/{cause}"
    ports.queue.enqueue(task_for(chunk, name=name, not_before=not_before))


def enqueue_waiting_work(ports: Ports, connection: Connection, *, cause: str) -> None:
    """After a pause, queue a sync of every calendar, every waiting export, and the chunk of a running run."""
    if connection.run is None:
        return
    for key in followed_calendars(connection):
        request_sync(ports, tenant=connection.tenant, connection=connection.id, calendar=key, cause=cause)
    enqueue_waiting_exports(ports, connection, cause=cause)
    if connection.run.running:
        enqueue_run_chunk(ports, connection, connection.run, cause=cause)


def enqueue_waiting_exports(ports: Ports, connection: Connection, *, cause: str) -> None:
    """Queue every export of a connection that waits, and those that were given up."""
    now = ports.clock.now()
    for entry in ports.ledger.outbox_of(connection.tenant, connection.id, MOST_EXPORTS):
        ports.ledger.put_outbox(replace(entry, due_at=now, waiting_until=None))
        ports.queue.enqueue(outbox_task(entry, bucket=cause))


def enqueue_unseen_exports(ports: Ports, connection: Connection) -> None:
    """Queue a look for events that were written a while ago and that their calendar never showed.

    Some at a time, so that a calendar that shows nothing at all costs no booking its event.
    """
    before = ports.clock.now() - UNSEEN_PATIENCE
    for link in ports.bookings.unseen_links(
        connection.tenant, connection.id, before=before, limit=ALWAYS_FINE
    ):
        since = (link.unseen_since or before).isoformat()
        name = f"verify/{link.tenant}/{link.connection}/{link.booking}/unseen/{since}"
        ports.queue.enqueue(task_for(VerifyMoved(link.tenant, link.connection, link.booking), name=name))


def enqueue_settle(
    ports: Ports,
    *,
    tenant: str,
    connection: str,
    calendar: str,
    cause: str,
    not_before: datetime | None = None,
) -> None:
    """Queue bringing a calendar's stored events in line with its connection's settings."""
    settle = SettleCalendar(tenant, connection, calendar)
    name = f"upkeep/settle/{tenant}/{connection}/{calendar}/{cause}"
    ports.queue.enqueue(task_for(settle, name=name, not_before=not_before))


def enqueue_upkeep(
    ports: Ports,
    *,
    tenant: str,
    connection: str,
    job: Literal["reconcile", "refresh"],
    cause: str,
    not_before: datetime | None = None,
) -> None:
    """Queue the regular upkeep of a whole connection: look for what it misses, or read its calendars anew."""
    record: ReconcileConnection | RefreshCalendars = (
        ReconcileConnection(tenant, connection)
        if job == "reconcile"
        else RefreshCalendars(tenant, connection, scheduled=True)
    )
    name = f"upkeep/{job}/{tenant}/{connection}/{cause}"
    ports.queue.enqueue(task_for(record, name=name, not_before=not_before))


def watch_run(ports: Ports, connection: Connection, run: SyncRun) -> None:
    """Have a first synchronisation looked at after a while, in case none of its own tasks runs any more."""
    later = ports.clock.now() + STALLED_AFTER
    bucket = time_bucket(later, seconds=int(STALLED_AFTER.total_seconds()))
    enqueue_upkeep(
        ports,
        tenant=connection.tenant,
        connection=connection.id,
        job="reconcile",
        cause=f"run/{run.id}/{bucket}",
        not_before=later,
    )


def enqueue_catch_up(
    ports: Ports, *, tenant: str, connection: str, cause: str, not_before: datetime | None = None
) -> None:
    """Queue catching up for a connection that works again after a pause."""
    name = f"upkeep/catch_up/{tenant}/{connection}/{cause}/{'later' if not_before else 'now'}"
    ports.queue.enqueue(task_for(CatchUp(tenant, connection, cause), name=name, not_before=not_before))


def enqueue_disconnect(
    ports: Ports,
    connection: Connection,
    *,
    cause: str,
    after: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Queue the next chunk of the clean-up, once for one ``cause``.

    ``after`` is the last booking whose event was dealt with; None begins at the first.
    """
    ports.queue.enqueue(
        task_for(
            AdvanceDisconnect(connection.tenant, connection.id, after),
            name=f"disconnect/{connection.tenant}/{connection.id}/{cause}",
            not_before=not_before,
        )
    )
