"""Finds synchronisations that stand still although nothing keeps them waiting; notifies the owner once."""

from __future__ import annotations

from datetime import datetime

from common.domain.calendar.connection import Connection, Phase
from common.domain.calendar.sync_state import CalendarSync
from common.domain.notify import NoticeKind, new_notice
from common.errors import UnknownResource
from common.ports import Ports


def run_stalled_since(ports: Ports, connection: Connection) -> datetime | None:
    """Since when a first synchronisation has not come on; None where it does, is over, or waits as told.

    While calendars are listed, what was stored of the present one counts.
    """
    run, now = connection.run, ports.clock.now()
    since = run.stalled_since(now) if run is not None else None
    if run is None or since is None or run.phase is not Phase.IMPORTING or run.position >= len(run.calendars):
        return since
    key = run.calendars[run.position]
    state = ports.sync_states.get(connection.tenant, connection.id, key)
    if state.moved_at is None or state.moved_at <= since:
        return since
    return state.stalled_since(now)


def notify_stalled_run(ports: Ports, connection: Connection) -> bool:
    """Notify the owner of a first synchronisation that stands still, once each time; whether it does."""
    since = run_stalled_since(ports, connection)
    if since is None:
        return False
    _notify(ports, connection.tenant, connection.id, since)
    return True


def notify_stalled_calendar(ports: Ports, state: CalendarSync) -> None:
    """Notify the owner of a calendar that stands still; a run that is under way speaks for all of them.

    So does one that has to be listed afresh again and again, in ever smaller parts: of that the owner is
    notified once for each size. Of a calendar that cannot be read the owner is notified as of one that is out
    of reach.
    """
    if state.given_up is not None and state.halved_at is not None:
        _notify(ports, state.tenant, state.connection, state.halved_at)
        return
    since = state.stalled_since(ports.clock.now())
    if since is None or state.failing_since is not None or state.error is not None:
        return
    try:
        connection = ports.connections.get(state.tenant, state.connection)
    except UnknownResource:
        return
    if connection.usable and not (connection.run is not None and connection.run.running):
        _notify(ports, state.tenant, state.connection, since)


def _notify(ports: Ports, tenant: str, connection: str, since: datetime) -> None:
    ports.ledger.record_notice(
        new_notice(
            NoticeKind.SYNC_STALLED,
            tenant=tenant,
            cause=f"{connection}-{int(since.timestamp())}",
            at=ports.clock.now(),
            connection=connection,
        )
    )
    ports.log.warning("sync_stalled", tenant=tenant, connection=connection)
