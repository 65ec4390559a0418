"""Changes a stored connection, whoever else is changing it at the moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from common.domain.calendar.connection import Connection
from common.domain.shared.tasks import OutboxEntry
from common.errors import Conflict
from common.ports import Ports

TRIES = 8


def update_connection(
    ports: Ports,
    tenant: str,
    connection: str,
    change: Callable[[Connection], Connection],
    *,
    tasks: Sequence[OutboxEntry] = (),
) -> Connection:
    """Read, change and save, again and again until nobody came between; what stays equal is not written.

    ``tasks`` are promises that are committed together with the change.

    Raises:
        UnknownResource: There is no such connection.
        Conflict: Others were faster every time.
    """
    for _ in range(TRIES):
        current = ports.connections.get(tenant, connection)
        changed = change(current)
        if changed == current:
            return current
        try:
            return ports.connections.save(changed, tasks=tasks)
        except Conflict:
            continue
    raise Conflict("the connection is being changed too often", code="busy_connection")
