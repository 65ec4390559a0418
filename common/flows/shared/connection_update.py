"""Changes a stored connection, whoever else is changing it at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from common.domain.calendar.connection import Connection
from common.domain.shared.concurrency import retry_conflicts
from common.domain.shared.outbox import OutboxEntry
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
