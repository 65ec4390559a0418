"""Starts a first synchronisation, or another one over everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from common.domain.account import Connection, Phase, Status, SyncRun
from common.domain.upkeep import watched
from common.errors import Rejected
from common.flows.steps.amending import amend
from common.flows.steps.backfill import all_bookings, invitations, unlinked
from common.flows.steps.wakeups import wake_run
from common.ports import Ports

SECOND_LOOK = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class StartSync:
    """For which connection; ``acknowledged_invitations`` is the preview's number, said back by the person.

    Without it nobody is mailed.
    """

    tenant: str
    connection: str
    acknowledged_invitations: int | None = None


def start_sync(ports: Ports, command: StartSync) -> SyncRun:
    """Create the run and queue its first chunk.

    Raises:
        Rejected: A run is under way already (``sync_running``), the connection cannot be used now, or the
            number of invitations is not the acknowledged one any more (``invitations_changed``).
    """
    found = ports.connections.get(command.tenant, command.connection)
    _startable(found)
    notify = _acknowledged(ports, found, command.acknowledged_invitations)
    now = ports.clock.now()
    run = SyncRun(
        id=ports.keys.token()[:22],
        phase=Phase.COUNTING,
        seq=0,
        calendars=watched(found),
        started_at=now,
        notify=notify,
    )
    # Queued before the run exists as well: should this instance die after the commit, it starts all the same.
    wake_run(ports, found, run, not_before=now + SECOND_LOOK, cause="later")

    def started(current: Connection) -> Connection:
        _startable(current)
        changed = replace(run, calendars=watched(current))
        return replace(current, status=Status.ACTIVE, run=changed, error=None, waiting_until=None)

    saved = amend(ports, command.tenant, command.connection, started)
    wake_run(ports, saved, run)
    return saved.run or run


def _startable(connection: Connection) -> None:
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    if connection.run is not None and connection.run.running:
        raise Rejected("a synchronisation is under way", code="sync_running")


def _acknowledged(ports: Ports, connection: Connection, acknowledged: int | None) -> bool:
    if acknowledged is None:
        return False
    bookings = all_bookings(ports, connection, since=ports.clock.now())
    number = invitations(ports, connection, unlinked(ports, connection, bookings))
    if acknowledged != number:
        raise Rejected("the number of invitations is another one by now", code="invitations_changed")
    return number > 0
