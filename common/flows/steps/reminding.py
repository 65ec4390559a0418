"""The promise to remind an owner of a connection whose grant is dead."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.domain.account import Connection
from common.domain.work import OutboxEntry, OutboxKind

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
