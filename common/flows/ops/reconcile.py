"""Finds what got lost in a connection, whatever lost it, and has it done again."""

from __future__ import annotations

from common.domain.calendar.connection import Connection
from common.domain.shared.task_records import CatchUp, ReconcileConnection
from common.domain.sync.upkeep import Needs, bucket, needs
from common.errors import UnknownResource
from common.flows.connect.disconnect import enqueue_disconnect
from common.flows.shared import enqueue
from common.flows.shared.enqueue import settle_later, wake_calendar, wake_run
from common.ports import Ports

HOUR = 3_600


def reconcile_connection(ports: Ports, command: ReconcileConnection) -> Needs:
    """Compare what should be there with what is: feeds, channels, a run or an end that got stuck.

    Only tasks are queued, and those collapse by their names, so that this may run as often as it likes.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return Needs()
    now = ports.clock.now()
    cause = f"hour/{bucket(now, seconds=HOUR)}"
    feeds = ports.sync_states.of_connection(command.tenant, command.connection)
    if connection.ended:
        enqueue_disconnect(ports, connection, cause=cause)
        return Needs(settle=tuple(feed.key for feed in feeds))
    if not connection.usable or connection.run is None:
        return Needs()
    found = needs(connection, feeds, now=now)
    _queue(ports, connection, found, cause)
    if connection.run.running:
        wake_run(ports, connection, connection.run, cause=cause)
    return found


def _queue(ports: Ports, connection: Connection, found: Needs, cause: str) -> None:
    for key in found.look:
        wake_calendar(ports, connection, key, cause=f"lost/{cause}")
    for key in found.settle:
        settle_later(ports, tenant=connection.tenant, connection=connection.id, calendar=key, cause=cause)
    if found.look:
        ports.log.warning(
            "channels_lost", tenant=connection.tenant, connection=connection.id, count=len(found.look)
        )


def catch_up(ports: Ports, command: CatchUp) -> None:
    """Queue everything that waited; tasks that were queued for this occasion already collapse."""
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.usable:
        enqueue.catch_up(ports, connection, cause=command.cause)
