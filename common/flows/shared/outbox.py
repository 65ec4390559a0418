"""The promises that are committed together with their cause, and the tasks that keep them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, Status
from common.domain.shared.tasks import Lane, OutboxEntry, OutboxKind, Task, Work
from common.errors import StoreUnavailable
from common.ports import Ports

# A task that was queued after the commit is done by then; what is still there was never queued.
SWEEP_AFTER = timedelta(seconds=60)


def exporting(connection: Connection) -> bool:
    """Whether a change of a booking has to reach this connection's calendar.

    A dead grant does not end the promise: it is kept when the account is connected again. A connection that
    was never synchronised has promised nothing yet; its first synchronisation exports what is there by then.
    """
    return connection.settings.exports.on and _mirroring(connection)


def _mirroring(connection: Connection) -> bool:
    started = connection.status is Status.ACTIVE or connection.run is not None
    return started and not connection.ended


def promises(
    booking: Booking, connections: Iterable[Connection], *, now: datetime, cause: str = ""
) -> tuple[OutboxEntry, ...]:
    """One entry per connection that mirrors the booking, for exactly this revision of it.

    Where exports were switched off, a change may make untrue what was written before. Where several come to
    the same session at once its revision is known afterwards only: then its ``cause`` is part of the name.
    """
    return tuple(
        OutboxEntry(
            id=entry_id(booking, connection.id) + (f".{cause}" if cause else ""),
            tenant=booking.tenant,
            kind=OutboxKind.EXPORT,
            booking=booking.id,
            connection=connection.id,
            revision=booking.revision,
            created_at=now,
            due_at=now + SWEEP_AFTER,
        )
        for connection in connections
        if exporting(connection) or (booking.revision > 1 and _mirroring(connection))
    )


def entry_id(booking: Booking, connection: str) -> str:
    """The same promise has the same name, however often it is given."""
    return f"{booking.tenant}.{booking.id}.{connection}.{booking.revision}"


def announce(ports: Ports, entries: Iterable[OutboxEntry]) -> None:
    """Queue the work at once; where the queue refuses, the sweep of the outbox does it within a minute."""
    for entry in entries:
        try:
            ports.queue.enqueue(task_of(entry))
        except StoreUnavailable as refused:
            ports.log.warning(
                "promise_not_queued",
                tenant=entry.tenant,
                kind=entry.kind.value,
                booking=entry.booking,
                code=refused.reason,
            )


def task_of(entry: OutboxEntry, *, bucket: str = "", not_before: datetime | None = None) -> Task:
    """The task that keeps a promise of any kind."""
    if entry.kind is OutboxKind.EXPORT:
        return export_task(entry, bucket=bucket, not_before=not_before)
    return Task(
        work=Work.NOTIFY,
        lane=Lane.WEBHOOKS if entry.kind is OutboxKind.WEBHOOK else Lane.LIVE,
        payload={
            "kind": entry.kind.value,
            "tenant": entry.tenant,
            "booking": entry.booking,
            "revision": entry.revision,
            "subject": entry.subject,
            "entry": entry.id,
            "since": int(entry.created_at.timestamp()),
        },
        name=f"notify/{entry.id}/{bucket}",
        # A proposal lapses when its time has come, and not before.
        not_before=not_before or (entry.due_at if entry.kind is OutboxKind.PROPOSAL else None),
    )


def export_task(entry: OutboxEntry, *, bucket: str = "", not_before: datetime | None = None) -> Task:
    """The task that keeps a promise; a sweep names its own ``bucket``, because a used name stays blocked."""
    return Task(
        work=Work.EXPORT,
        lane=Lane.LIVE,
        payload={
            "kind": "export",
            "tenant": entry.tenant,
            "booking": entry.booking,
            "connection": entry.connection,
            "revision": entry.revision,
            "entry": entry.id,
        },
        name=f"export/{entry.id}/{bucket}",
        not_before=not_before,
    )


def lapse_id(booking: Booking) -> str:
    """The name of the promise; a newer proposal has its own."""
    lapses = int(booking.proposal.expires_at.timestamp()) if booking.proposal else 0
    return f"{booking.tenant}.{booking.id}.proposal.{lapses}"


def lapse_of(before: Booking, after: Booking) -> tuple[OutboxEntry, ...]:
    """The promise for a proposal that is new."""
    if after.proposal is None or after.proposal == before.proposal:
        return ()
    return (
        OutboxEntry(
            id=lapse_id(after),
            tenant=after.tenant,
            kind=OutboxKind.PROPOSAL,
            booking=after.id,
            connection="",
            revision=after.revision,
            created_at=after.updated_at,
            due_at=after.proposal.expires_at,
        ),
    )


EVERY = timedelta(days=1)


def reminder_id(connection: Connection) -> str:
    """The name of the promise."""
    return f"{connection.tenant}.reminder.{connection.id}"


def reminder(connection: Connection, *, since: datetime, due_at: datetime) -> OutboxEntry:
    """A connection has one such promise: who dies again is reminded from then on."""
    return OutboxEntry(
        id=reminder_id(connection),
        tenant=connection.tenant,
        kind=OutboxKind.REMINDER,
        booking="",
        connection="",
        revision=0,
        created_at=since,
        due_at=due_at,
        subject=connection.id,
    )
