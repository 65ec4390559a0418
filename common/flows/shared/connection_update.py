"""Changes a stored connection, whoever else is changing it at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from common.domain.calendar.connection import Connection, Phase, Receipt, Status
from common.domain.shared.concurrency import retry_conflicts
from common.domain.shared.outbox import OutboxEntry
from common.flows.shared.enqueue import enqueue_disconnect
from common.ports import Ports

# When a task runs that is queued before the change it belongs to: the change is stored by then, or never.
# It does the work where this instance dies between the two.
AFTER_COMMIT = timedelta(seconds=30)


def update_connection(
    ports: Ports,
    tenant: str,
    connection: str,
    change: Callable[[Connection], Connection],
    *,
    tasks: Sequence[OutboxEntry] = (),
) -> Connection:
    """Read a connection, change it and save it, repeated until nobody else has changed it in between.

    Args:
        ports: Everything outside.
        tenant: Whose connection it is.
        connection: The connection's id.
        change: Makes the new record of the stored one; what it leaves equal is not written.
        tasks: Outbox entries that are committed together with the change.

    Raises:
        UnknownResource: There is no such connection.
        Conflict: Others were faster every time (``busy_connection``).
    """

    def update() -> Connection:
        current = ports.connections.get(tenant, connection)
        changed = change(current)
        return current if changed == current else ports.connections.save(changed, tasks=tasks)

    return retry_conflicts(
        update, message="the connection is being changed too often", code="busy_connection", tries=8
    )


def begin_disconnect(ports: Ports, connection: Connection) -> Connection:
    """Like ``start_disconnect``, for a connection that was read already."""
    if connection.status is Status.DISCONNECTED:
        return connection
    now = ports.clock.now()
    # Before the mark as well: a clean-up of a connection that is not marked does nothing.
    enqueue_disconnect(ports, connection, cause=f"later/{ports.keys.token()}", not_before=now + AFTER_COMMIT)

    def marked(current: Connection) -> Connection:
        if current.ended:
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

    saved = update_connection(ports, connection.tenant, connection.id, marked)
    enqueue_disconnect(ports, saved, cause=f"start/{ports.keys.token()}")
    return saved
