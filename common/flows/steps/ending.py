"""The beginning of a connection's end: the tombstone, and the task that works it off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from common.domain.account import Connection, Phase, Receipt, Status
from common.flows.steps.amending import amend
from common.flows.steps.farewell import go_on
from common.ports import Ports

SECOND_LOOK = timedelta(seconds=30)


def end(ports: Ports, found: Connection) -> Connection:
    """Put the tombstone up and queue the clean-up; repeating it changes nothing."""
    if found.status is Status.DISCONNECTED:
        return found
    now = ports.clock.now()
    # Queued before the tombstone as well: a clean-up without one does nothing.
    go_on(ports, found, cause=f"later/{ports.keys.token()}", not_before=now + SECOND_LOOK)

    def ended(current: Connection) -> Connection:
        if current.status in {Status.DISCONNECTING, Status.DISCONNECTED}:
            return current
        run = current.run
        if run is not None and run.running:
            run = replace(run, phase=Phase.CANCELLED, seq=run.seq + 1, finished_at=now, waiting_until=None)
        return replace(
            current,
            status=Status.DISCONNECTING,
            run=run,
            receipt=Receipt(started_at=now),
            waiting_until=None,
            error=None,
        )

    saved = amend(ports, found.tenant, found.id, ended)
    go_on(ports, saved, cause=f"start/{ports.keys.token()}")
    return saved
