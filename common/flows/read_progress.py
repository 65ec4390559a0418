"""Tells how far a synchronisation is, and what waits for a provider's limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from common.domain.account import Connection, Phase, SyncRun
from common.ports import Ports

MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """Of which connection."""

    tenant: str
    connection: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; ``phase`` None means that none was ever started.

    ``waiting_exports`` bookings have not reached the calendar yet (counted up to 1,000); the next of them is
    tried at ``next_try``.
    """

    phase: Phase | None
    done: int
    total: int
    failed: int
    percentage: int
    waiting_until: datetime | None
    waiting_exports: int
    next_try: datetime | None
    error: str | None


def read_progress(ports: Ports, command: ReadProgress) -> Progress:
    """Read the run and the outbox of a connection."""
    connection = ports.connections.get(command.tenant, command.connection)
    waiting = ports.ledger.outbox_of(command.tenant, command.connection, MOST_COUNTED)
    now = ports.clock.now()
    tries = [max(entry.waiting_until or entry.due_at, now) for entry in waiting]
    run = connection.run
    return Progress(
        phase=run.phase if run else None,
        done=run.done if run else 0,
        total=run.total if run else 0,
        failed=run.exports_failed if run else 0,
        percentage=run.percentage if run else 0,
        waiting_until=_until(connection, run, now),
        waiting_exports=len(waiting),
        next_try=min(tries, default=None),
        error=(run.error if run and run.error else connection.error),
    )


def _until(connection: Connection, run: SyncRun | None, now: datetime) -> datetime | None:
    moments = [connection.waiting_until, run.waiting_until if run and run.running else None]
    return max((moment for moment in moments if moment and moment > now), default=None)
