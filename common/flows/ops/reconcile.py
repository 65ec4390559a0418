"""Finds what got lost in a connection, whatever lost it, and has it done again."""

from __future__ import annotations

from common.domain.calendar.connection import Connection
from common.domain.shared.task_records import CatchUp, ReconcileConnection
from common.domain.sync.followed_calendars import CalendarNeeds, calendar_needs
from common.domain.sync.schedule import time_bucket
from common.errors import UnknownResource
from common.flows.connect.disconnect import enqueue_disconnect
from common.flows.shared import enqueue
from common.flows.shared.enqueue import enqueue_run_chunk, enqueue_settle, request_sync
from common.ports import Ports

HOUR = 3_600


def reconcile_connection(ports: Ports, command: ReconcileConnection) -> CalendarNeeds:
    """Compare what should be there with what is: feeds, channels, a run or an end that got stuck.

    Only tasks are queued, and those collapse by their names, so that this may run as often as it likes.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return CalendarNeeds()
    now = ports.clock.now()
    cause = f"hour/{time_bucket(now, seconds=HOUR)}"
    feeds = ports.sync_states.of_connection(command.tenant, command.connection)
    if connection.ended:
        enqueue_disconnect(ports, connection, cause=cause)
        return CalendarNeeds(settle=tuple(feed.key for feed in feeds))
    if not connection.usable or connection.run is None:
        return CalendarNeeds()
    found = calendar_needs(connection, feeds, now=now)
    _queue(ports, connection, found, cause)
    if connection.run.running:
        enqueue_run_chunk(ports, connection, connection.run, cause=cause)
    return found


def _queue(ports: Ports, connection: Connection, found: CalendarNeeds, cause: str) -> None:
    for key in found.sync:
        request_sync(
            ports, tenant=connection.tenant, connection=connection.id, calendar=key, cause=f"lost/{cause}"
        )
    for key in found.settle:
        enqueue_settle(ports, tenant=connection.tenant, connection=connection.id, calendar=key, cause=cause)
    if found.sync:
        ports.log.warning(
            "channels_lost", tenant=connection.tenant, connection=connection.id, count=len(found.sync)
        )


def catch_up(ports: Ports, command: CatchUp) -> None:
    """Queue everything that waited; tasks that were queued for this occasion already collapse."""
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.usable:
        enqueue.enqueue_waiting_work(ports, connection, cause=command.cause)
