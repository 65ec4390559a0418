"""Queues the tasks that work off the entries of the outbox (`common/domain/shared/outbox.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.domain.shared.task_records import (
    DeliverWebhook,
    ExportBooking,
    FollowSession,
    LapseProposal,
    MailInvitation,
    NotifyConnectionChange,
    NotifyCustomer,
    NotifyOwner,
    RemindOwner,
)
from common.domain.shared.tasks import Task, TaskRecord, task_for
from common.errors import StoreUnavailable
from common.ports import Ports

EntryTask = (
    DeliverWebhook
    | FollowSession
    | LapseProposal
    | MailInvitation
    | NotifyConnectionChange
    | NotifyCustomer
    | NotifyOwner
    | RemindOwner
)


def store_and_enqueue(ports: Ports, entries: Iterable[OutboxEntry]) -> None:
    """Store entries that no other commit brings, and queue their tasks."""
    entries = tuple(entries)
    for entry in entries:
        ports.ledger.put_outbox(entry)
    enqueue_entries(ports, entries)


def enqueue_entries(ports: Ports, entries: Iterable[OutboxEntry]) -> None:
    """Queue the tasks of stored entries; where the queue refuses, the outbox relay does it in a minute."""
    for entry in entries:
        _enqueue(ports, entry, outbox_task(entry))


def enqueue_again(ports: Ports, entry: OutboxEntry, *, not_before: datetime) -> None:
    """Queue the next try of an entry; where the queue refuses, the outbox relay does it later."""
    bucket = f"again/{not_before.isoformat()}"
    _enqueue(ports, entry, outbox_task(entry, bucket=bucket, not_before=not_before))


def _enqueue(ports: Ports, entry: OutboxEntry, task: Task) -> None:
    try:
        ports.queue.enqueue(task)
    except StoreUnavailable as refused:
        ports.log.warning(
            "outbox_entry_not_queued",
            tenant=entry.tenant,
            kind=entry.kind.value,
            booking=entry.booking,
            code=refused.reason,
        )


def nothing_to_do(ports: Ports, task: EntryTask, *, why: str) -> None:
    """Remove the outbox entry of a task whose work is void, and log why: nobody was told anything.

    Work is void where what it is about was erased, or has ended in another way that makes it untrue.
    """
    ports.ledger.done(task.entry)
    ports.log.info("nothing_to_do", tenant=task.tenant, kind=task.kind.value, why=why)


def outbox_task(entry: OutboxEntry, *, bucket: str = "", not_before: datetime | None = None) -> Task:
    """The task that works off an entry.

    Args:
        entry: A stored entry of any kind.
        bucket: What tells this task from earlier ones for the same entry: a task's name that was used once
            stays blocked for up to a day.
        not_before: When the task may run at the earliest.
    """
    # A proposal is ended when it expires, and not before.
    earliest = entry.due_at if entry.kind is OutboxKind.PROPOSAL else None
    function = "export" if entry.kind is OutboxKind.EXPORT else "notify"
    task = task_for(
        _RECORDS[entry.kind](entry), name=f"{function}/{entry.id}/{bucket}", not_before=not_before or earliest
    )
    # Given up before and tried again: when it succeeds, its dead letter goes.
    return replace(task, letter=entry.letter)


def _since(entry: OutboxEntry) -> int:
    return int(entry.created_at.timestamp())


def _customer(
    kind: Literal[OutboxKind.BOOKED, OutboxKind.MOVED, OutboxKind.CANCELLED],
) -> Callable[[OutboxEntry], TaskRecord]:
    return lambda entry: NotifyCustomer(
        kind, entry.tenant, entry.booking, entry.revision, entry.id, _since(entry)
    )


def _connection_change(
    kind: Literal[OutboxKind.CONNECTED, OutboxKind.DISCONNECTED],
) -> Callable[[OutboxEntry], TaskRecord]:
    return lambda entry: NotifyConnectionChange(kind, entry.tenant, entry.subject, entry.id)


# The record that the task for each kind of entry carries.
_RECORDS: Mapping[OutboxKind, Callable[[OutboxEntry], TaskRecord]] = {
    OutboxKind.EXPORT: lambda entry: ExportBooking(
        entry.tenant, entry.booking, entry.connection, entry.revision, entry.id
    ),
    OutboxKind.BOOKED: _customer(OutboxKind.BOOKED),
    OutboxKind.MOVED: _customer(OutboxKind.MOVED),
    OutboxKind.CANCELLED: _customer(OutboxKind.CANCELLED),
    OutboxKind.CONNECTED: _connection_change(OutboxKind.CONNECTED),
    OutboxKind.DISCONNECTED: _connection_change(OutboxKind.DISCONNECTED),
    OutboxKind.NOTICE: lambda entry: NotifyOwner(entry.tenant, entry.subject, entry.id, _since(entry)),
    OutboxKind.REMINDER: lambda entry: RemindOwner(entry.tenant, entry.subject, entry.id, _since(entry)),
    OutboxKind.INVITATION: lambda entry: MailInvitation(
        entry.tenant, entry.subject, entry.revision, entry.id, _since(entry)
    ),
    OutboxKind.PROPOSAL: lambda entry: LapseProposal(entry.tenant, entry.booking, entry.id),
    OutboxKind.SESSION: lambda entry: FollowSession(entry.tenant, entry.booking, entry.id),
    OutboxKind.WEBHOOK: lambda entry: DeliverWebhook(entry.tenant, entry.subject, entry.id),
}
