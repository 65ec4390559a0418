"""Queues the work that brings a connection up to date: its calendars, its exports, its running chunks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.account import Connection, SyncRun
from common.domain.feed import Feed
from common.domain.upkeep import watched
from common.domain.work import Lane, Payload, Task, Work, look
from common.flows.steps.outbox import export_task
from common.ports import Ports

MOST_EXPORTS = 1_000


def wake_calendar(ports: Ports, connection: Connection, key: str, *, cause: str) -> None:
    """Have a calendar looked at soon; ``cause`` holds a bucket or number that is new for each occasion."""
    wake_feed(ports, Feed(connection.tenant, connection.id, key), cause=cause)


def wake_feed(ports: Ports, feed: Feed, *, cause: str, not_before: datetime | None = None) -> None:
    """Have the calendar of this feed looked at soon, or at a time."""
    look_at(ports, feed, {"reason": cause.partition("/")[0]}, cause=cause, not_before=not_before)


def look_at(
    ports: Ports, feed: Feed, why: Payload, *, cause: str, not_before: datetime | None = None
) -> None:
    """Queue a look at the calendar of this feed, once for one ``cause``."""
    ports.queue.enqueue(
        look(
            why,
            tenant=feed.tenant,
            connection=feed.connection,
            calendar=feed.key,
            name=f"delta/{feed.tenant}/{feed.connection}/{feed.key}/{cause}",
            not_before=not_before,
        )
    )


def wake_run(
    ports: Ports, connection: Connection, run: SyncRun, *, not_before: datetime | None = None, cause: str = ""
) -> None:
    """Have the run's present chunk worked off; the same chunk is queued once for one ``cause``."""
    ports.queue.enqueue(
        Task(
            work=Work.INITIAL_SYNC,
            lane=Lane.BACKFILL,
            payload={
                "tenant": connection.tenant,
                "connection": connection.id,
                "run": run.id,
                "seq": run.seq,
            },
            name=f"run/{connection.tenant}/{run.id}/{run.seq}/{cause}",
            not_before=not_before,
        )
    )


def catch_up(ports: Ports, connection: Connection, *, cause: str) -> None:
    """After a pause: look at every calendar, try every waiting export, go on with a run under way."""
    now = ports.clock.now()
    if connection.run is None:
        return
    for key in watched(connection):
        wake_calendar(ports, connection, key, cause=cause)
    for entry in ports.ledger.outbox_of(connection.tenant, connection.id, MOST_EXPORTS):
        ports.ledger.put_outbox(replace(entry, due_at=now, waiting_until=None))
        ports.queue.enqueue(export_task(entry, bucket=cause))
    if connection.run.running:
        wake_run(ports, connection, connection.run, cause=cause)
