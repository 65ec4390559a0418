"""Works off the end of a connection, chunk by chunk, until nothing of it is left but the receipt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.account import Connection, Receipt, Status
from common.domain.work import OutboxKind
from common.errors import GrantRevoked, RateLimited, SealedForAnother, UnknownResource, UsageExhausted
from common.flows.steps import farewell
from common.flows.steps.amending import amend
from common.flows.steps.outbox import announce
from common.flows.steps.telling import life_of
from common.flows.steps.unreadable import mend, mending
from common.ports import Ports

EXHAUSTED = timedelta(hours=1)
LIMITED = 60.0


@dataclass(frozen=True, slots=True)
class AdvanceDisconnect:
    """Which connection; ``after`` is the last booking whose event was dealt with."""

    tenant: str
    connection: str
    after: str | None = None


def advance_disconnect(ports: Ports, command: AdvanceDisconnect) -> None:
    """Do the next chunk: what was imported first, then what needs the provider, then all that is left here.

    Every piece may be repeated. A dead grant ends what needs the provider, and nothing else.

    Raises:
        RateLimited: The provider wants us to wait; until when can be read on the connection.
        ProviderUnavailable: The provider could not be asked.
        UnreadableDocument: Something could not be read; the next try finds it mended.
    """
    with mending(ports, command.tenant, command.connection):
        _advanced(ports, command)


def _advanced(ports: Ports, command: AdvanceDisconnect) -> None:
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.status is Status.DISCONNECTED:
        # A synchronisation that had not heard of the end may have stored something after it.
        farewell.purge_imports(ports, connection)
        farewell.forget(ports, connection)
    if connection.status is not Status.DISCONNECTING:
        return
    now = ports.clock.now()
    if command.after is None:
        mend(ports, command.tenant, command.connection)
    connection = farewell.purge_imports(ports, connection)
    granted = ports.connections.sealed(command.tenant, command.connection)[0] is not None
    if granted and not _left_provider(ports, connection, command.after):
        return
    connection = farewell.purge_imports(ports, connection)
    farewell.forget(ports, connection)
    last_look = now + timedelta(seconds=ports.tuning.lease_seconds)
    farewell.go_on(ports, connection, cause="last", not_before=last_look)
    told = life_of(connection, OutboxKind.DISCONNECTED, now=now)
    amend(ports, command.tenant, command.connection, lambda current: _ended(current, now), tasks=[told])
    announce(ports, [told])


def _left_provider(ports: Ports, connection: Connection, after: str | None) -> bool:
    """Clean up at the provider and give the grant back; False while there is more to do."""
    now = ports.clock.now()
    try:
        connection = farewell.stop_channels(ports, connection)
        connection = farewell.remove_dedicated(ports, connection)
        more = farewell.remove_events(ports, connection, after=after, most=ports.tuning.backfill_chunk)
        if more is not None:
            farewell.go_on(ports, connection, cause=f"after/{more}", after=more or None)
            return False
        connection = farewell.count(ports, connection, reachable=True)
    except GrantRevoked:
        connection = farewell.count(ports, connection, reachable=False)
    except SealedForAnother:
        until = farewell.opened_by(ports, connection)
        if now < until:
            farewell.go_on(ports, connection, cause=f"sealed/{now.isoformat()}", not_before=until)
            return False
        connection = farewell.count(ports, connection, reachable=False)
    except RateLimited as limited:
        _wait(ports, connection, now + timedelta(seconds=limited.retry_after or LIMITED))
        raise
    except UsageExhausted:
        _wait(ports, connection, now + EXHAUSTED)
        cause = f"exhausted/{now.isoformat()}"
        farewell.go_on(ports, connection, cause=cause, after=after, not_before=now + EXHAUSTED)
        return False
    farewell.return_grant(ports, connection)
    return True


def _wait(ports: Ports, connection: Connection, until: datetime) -> None:
    amend(
        ports,
        connection.tenant,
        connection.id,
        lambda current: replace(current, waiting_until=until, error="rate_limited"),
    )


def _ended(current: Connection, now: datetime) -> Connection:
    """What stays: whose it was, and the receipt."""
    receipt = current.receipt or Receipt(started_at=now)
    return replace(
        current,
        status=Status.DISCONNECTED,
        calendars={},
        dedicated_calendar=None,
        dedicated_pending=False,
        scopes=(),
        receipt=replace(receipt, finished_at=receipt.finished_at or now),
        waiting_until=None,
        error=None,
    )
