"""Queues the tasks that work off the entries of the outbox (`common/domain/shared/outbox.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.domain.shared.tasks import Lane, Task, Work
from common.errors import StoreUnavailable
from common.ports import Ports


def store_and_enqueue(ports: Ports, entries: Iterable[OutboxEntry]) -> None:
    """Store entries that no other commit brings, and queue their tasks."""
    entries = tuple(entries)
    for entry in entries:
        ports.ledger.put_outbox(entry)
    enqueue_entries(ports, entries)


def enqueue_entries(ports: Ports, entries: Iterable[OutboxEntry]) -> None:
    """Queue the tasks of stored entries; where the queue refuses, the outbox relay does it in a minute."""
    for entry in entries:
        try:
            ports.queue.enqueue(outbox_task(entry))
        except StoreUnavailable as refused:
            ports.log.warning(
                "outbox_entry_not_queued",
                tenant=entry.tenant,
                kind=entry.kind.value,
                booking=entry.booking,
                code=refused.reason,
            )


def outbox_task(entry: OutboxEntry, *, bucket: str = "", not_before: datetime | None = None) -> Task:
    """The task that works off an entry.

    Args:
        entry: A stored entry of any kind.
        bucket: What tells this task from earlier ones for the same entry: a task's name that was used once
            stays blocked for up to a day.
        not_before: When the task may run at the earliest.
    """
    if entry.kind is OutboxKind.EXPORT:
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
        # A proposal is ended when it expires, and not before.
        not_before=not_before or (entry.due_at if entry.kind is OutboxKind.PROPOSAL else None),
    )
