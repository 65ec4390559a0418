"""Finds what a connection misses, whatever lost it, and queues it again; catches up after a pause."""

from __future__ import annotations

from common.domain.shared.task_records import CatchUp, ReconcileConnection
from common.domain.sync.followed_calendars import CalendarNeeds, calendar_needs
from common.domain.sync.schedule import time_bucket
from common.errors import UnknownResource
from common.flows.shared.enqueue import (
    enqueue_disconnect,
    enqueue_run_chunk,
    enqueue_settle,
    enqueue_waiting_work,
    request_sync,
    watch_run,
)
from common.flows.sync.stalled import notify_stalled_run
from common.ports import Ports

HOUR, TEN_MINUTES = 3_600, 600


def reconcile_connection(ports: Ports, task: ReconcileConnection) -> CalendarNeeds:
    """Compare what should be there with what is, and queue what is missing.

    Compared are the calendars' states and push channels, a run of the first synchronisation that got stuck,
    and a disconnection that got stuck. Only tasks are queued, and the queue takes each name once, so that
    this may run as often as it likes. The owner is notified of a run that stands still.
    """
    try:
        connection = ports.connections.get(task.tenant, task.connection)
    except UnknownResource:
        return CalendarNeeds()
    now = ports.clock.now()
    cause = f"hour/{time_bucket(now, seconds=HOUR)}"
    states = ports.sync_states.of_connection(task.tenant, task.connection)
    if connection.ended:
        enqueue_disconnect(ports, connection, cause=cause)
        return CalendarNeeds(settle=tuple(state.key for state in states))
    if not connection.usable or connection.run is None:
        return CalendarNeeds()
    found = calendar_needs(connection, states, now=now)
    tenant, name = task.tenant, task.connection
    for key in found.sync:
        request_sync(ports, tenant=tenant, connection=name, calendar=key, cause=f"lost/{cause}")
    for key in found.settle:
        enqueue_settle(ports, tenant=tenant, connection=name, calendar=key, cause=cause)
    if found.sync:
        ports.log.warning("channels_lost", tenant=tenant, connection=name, count=len(found.sync))
    if connection.run.running:
        stalled = notify_stalled_run(ports, connection)
        again = f"stalled/{time_bucket(now, seconds=TEN_MINUTES)}" if stalled else cause
        enqueue_run_chunk(ports, connection, connection.run, cause=again)
        watch_run(ports, connection, connection.run)
    return found


def catch_up(ports: Ports, task: CatchUp) -> None:
    """Queue everything that waited for a connection that works again; for one cause, nothing twice."""
    try:
        connection = ports.connections.get(task.tenant, task.connection)
    except UnknownResource:
        return
    if connection.usable:
        enqueue_waiting_work(ports, connection, cause=task.cause)
