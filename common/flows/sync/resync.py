"""Looks at a connection's calendars now, or lists them anew from the start."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.calendar.connection import Connection
from common.domain.shared.concurrency import retry_conflicts
from common.domain.sync.followed_calendars import followed_calendars
from common.errors import InvalidRequest, Rejected
from common.flows.export.missing_events import enqueue_searches, missing_links
from common.flows.shared.enqueue import request_sync
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Resync:
    """Of which connection, one ``calendar`` or all; ``full`` forgets where the provider's feed stood."""

    tenant: str
    connection: str
    calendar: str | None = None
    full: bool = False


def resync(ports: Ports, command: Resync) -> tuple[str, ...]:
    """Queue a look at the calendars; which ones. A full one keeps what is stored until its listing has ended.

    Raises:
        Rejected: The connection cannot be used now, or was never synchronised.
        InvalidRequest: The calendar is not one that is followed.
    """
    connection = ports.connections.get(command.tenant, command.connection)
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    if connection.run is None:
        raise Rejected("the first synchronisation was not started yet", code="no_sync")
    followed = followed_calendars(connection)
    if command.calendar is not None and command.calendar not in followed:
        raise InvalidRequest("this calendar is not followed", code="unknown_calendar")
    keys = followed if command.calendar is None else (command.calendar,)
    for key in keys:
        if command.full:
            _forget_cursor(ports, connection, key)
        request_sync(
            ports,
            tenant=connection.tenant,
            connection=connection.id,
            calendar=key,
            cause=f"resync/{ports.keys.token()}",
        )
    return keys


def _forget_cursor(ports: Ports, connection: Connection, key: str) -> None:
    """Drop the cursor for good: a "full" one that kept it would only read the next delta (pitfall B7)."""

    def drop() -> None:
        feed = ports.sync_states.get(connection.tenant, connection.id, key)
        if feed.version is not None:
            # The lease goes too: whoever works on the old cursor at the moment cannot commit any more.
            ports.sync_states.save(replace(feed.without_lease(), cursor=None, listings=(), error=None))

    retry_conflicts(drop, message="this calendar is being synchronised", code="busy_calendar")


@dataclass(frozen=True, slots=True)
class ReleaseHeld:
    """Of which calendar."""

    tenant: str
    connection: str
    calendar: str


def release_held(ports: Ports, command: ReleaseHeld) -> int:
    """Delete after all what is proven gone, one by one; how many items were held.

    Raises:
        InvalidRequest: Nothing is held.
        Conflict: Somebody else changed the calendar's state at this moment.
    """
    connection = ports.connections.get(command.tenant, command.connection)
    feed = ports.sync_states.get(command.tenant, command.connection, command.calendar)
    if feed.held is None:
        raise InvalidRequest("nothing is held in this calendar", code="nothing_held")
    # A sweep that waits goes on under the released breaker; without one there is nothing left to remember.
    held = replace(feed.held, released=True) if feed.sweeping else None
    ports.sync_states.save(replace(feed.without_lease(), held=held))
    enqueue_searches(ports, connection, missing_links(ports, connection, command.calendar))
    request_sync(
        ports,
        tenant=connection.tenant,
        connection=connection.id,
        calendar=command.calendar,
        cause=f"release/{ports.clock.now().isoformat()}",
    )
    return feed.held.missing
