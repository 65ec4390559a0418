"""Queues the work that brings a connection up to date: its calendars, its exports, its running chunks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.calendar.connection import Connection, ProviderKind, SyncRun
from common.domain.calendar.sync_state import CalendarSync
from common.domain.shared.tasks import Lane, Payload, Task, Work, look
from common.domain.sync.upkeep import later, watched
from common.flows.shared.outbox import outbox_task
from common.ports import Ports

MOST_EXPORTS = 1_000


def wake_calendar(ports: Ports, connection: Connection, key: str, *, cause: str) -> None:
    """Have a calendar looked at soon; ``cause`` holds a bucket or number that is new for each occasion."""
    wake_feed(ports, CalendarSync(connection.tenant, connection.id, key), cause=cause)


def wake_feed(ports: Ports, feed: CalendarSync, *, cause: str, not_before: datetime | None = None) -> None:
    """Have the calendar of this feed looked at soon, or at a time."""
    look_at(ports, feed, {"reason": cause.partition("/")[0]}, cause=cause, not_before=not_before)


def look_at(
    ports: Ports, feed: CalendarSync, why: Payload, *, cause: str, not_before: datetime | None = None
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
        ports.queue.enqueue(outbox_task(entry, bucket=cause))
    if connection.run.running:
        wake_run(ports, connection, connection.run, cause=cause)


def settle_later(
    ports: Ports,
    *,
    tenant: str,
    connection: str,
    calendar: str,
    cause: str,
    not_before: datetime | None = None,
) -> None:
    """Have a calendar brought in line with its connection's settings."""
    _queue(
        ports,
        {"job": "settle", "tenant": tenant, "connection": connection, "calendar": calendar},
        cause=cause,
        not_before=not_before,
    )


def look_after(ports: Ports, *, tenant: str, connection: str, job: str, cause: str) -> None:
    """Have a whole connection looked after: ``job`` is "reconcile" or "refresh"."""
    _queue(ports, {"job": job, "tenant": tenant, "connection": connection, "scheduled": True}, cause=cause)


def catch_up_later(
    ports: Ports, *, tenant: str, connection: str, cause: str, not_before: datetime | None = None
) -> None:
    """Have a connection that works again catch up; whatever is queued twice for one ``cause`` collapses."""
    _queue(
        ports,
        {"job": "catch_up", "tenant": tenant, "connection": connection, "cause": cause},
        cause=f"{cause}/{'later' if not_before else 'now'}",
        not_before=not_before,
    )


def _queue(
    ports: Ports,
    payload: dict[str, str | int | bool | None],
    *,
    cause: str,
    not_before: datetime | None = None,
) -> None:
    ids = [str(payload[name]) for name in ("job", "tenant", "connection", "calendar") if name in payload]
    ports.queue.enqueue(
        Task(
            work=Work.MAINTENANCE,
            lane=Lane.UPKEEP,
            payload=payload,
            name="/".join(("upkeep", *ids, cause)),
            not_before=not_before,
        )
    )


CONTINUE = "continue"


def unfinished(feed: CalendarSync) -> bool:
    """Whether a listing, a sweep or a delta stopped on the way."""
    if feed.cursor is None:
        return True
    swept = not feed.sweeping or (feed.held is not None and not feed.held.released)
    return feed.cursor.snapshot or feed.cursor.page is not None or not swept


def go_on_later(
    ports: Ports, feed: CalendarSync, *, after: str | None, swept: bool, pushed_at: int | None
) -> None:
    """The next task of the same pass."""
    look_at(
        ports,
        feed,
        {"reason": CONTINUE, "after": after, "swept": swept, "pushed_at": pushed_at},
        cause=f"continue/{feed.generation}/{feed.version}/{after}/{swept}",
    )


def look_again(ports: Ports, feed: CalendarSync, request: int) -> None:
    """A fresh look, because somebody asked for one while we were looking."""
    look_at(ports, feed, {"request": request}, cause=f"again/{request}")


def look_later(ports: Ports, feed: CalendarSync, *, provider: ProviderKind, reason: str) -> None:
    """One more look where the provider announces changes before they can be read."""
    if not ports.providers[provider].calendar.abilities.lags:
        return
    then = later(reason, now=ports.clock.now())
    if then:
        cause = f"{then.reason}/{then.bucket}"
        look_at(ports, feed, {"reason": then.reason}, cause=cause, not_before=then.not_before)


def look_after_lease(
    ports: Ports, feed: CalendarSync, *, request: int | None, channel: str | None, pushed_at: int | None
) -> None:
    """A look when the lease has ended, in case that its holder died; most find nothing left to do."""
    until = feed.lease_until or ports.clock.now()
    payload: Payload = {"request": request, "channel": channel, "pushed_at": pushed_at}
    if request is None:
        payload = {"reason": CONTINUE}
    look_at(ports, feed, payload, cause=f"lease/{until.isoformat()}", not_before=until)
