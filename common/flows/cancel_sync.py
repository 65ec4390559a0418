"""Cancels a synchronisation that is under way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.account import Connection, Phase, SyncRun
from common.errors import Rejected
from common.flows.steps.amending import amend
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class CancelSync:
    """Of which connection."""

    tenant: str
    connection: str


def cancel_sync(ports: Ports, command: CancelSync) -> SyncRun:
    """End the run: what is synchronised stays and is kept in step, the rest is left.

    A chunk that is being worked off notices when it wants to commit. Cancelling twice is fine.

    Raises:
        Rejected: Nothing was ever started (``no_sync``), or it is done (``sync_done``).
    """
    now = ports.clock.now()

    def cancelled(current: Connection) -> Connection:
        run = current.run
        if run is None or run.phase is Phase.CANCELLED:
            return current
        if not run.running:
            raise Rejected("there is nothing left to cancel", code="sync_done")
        return replace(
            current,
            run=replace(
                run, phase=Phase.CANCELLED, seq=run.seq + 1, finished_at=now, waiting_until=None, error=None
            ),
        )

    saved = amend(ports, command.tenant, command.connection, cancelled)
    if saved.run is None:
        raise Rejected("no synchronisation was started", code="no_sync")
    return saved.run
