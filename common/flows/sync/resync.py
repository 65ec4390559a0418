"""What a person can ask of calendars: read them now, list them anew, let held deletions go on."""

from __future__ import annotations

from dataclasses import replace

from common.domain.calendar.connection import Connection
from common.domain.shared.concurrency import retry_conflicts
from common.domain.sync.followed_calendars import followed_calendars
from common.errors import InvalidRequest, Rejected
from common.flows.export.lost_events import enqueue_searches, missing_links
from common.flows.shared.enqueue import enqueue_waiting_exports, request_sync
from common.ports import Ports


def resync(
    ports: Ports, *, tenant: str, connection: str, calendar: str | None = None, full: bool = False
) -> tuple[str, ...]:
    """Ask for a sync of the connection's calendars, and try exports again that wait; which calendars.

    Args:
        ports: The ports.
        tenant: The tenant.
        connection: The connection.
        calendar: The key of one calendar, or None for all that are followed.
        full: Forget where the provider's changes were read up to, and list the calendar anew. What is stored
            stays until that listing has ended.

    Raises:
        Rejected: The connection cannot be used now, or was never synchronised (``no_sync``).
        InvalidRequest: The calendar is not one that is followed (``unknown_calendar``).
        Conflict: The calendar is being synchronised, and its cursor cannot be forgotten (``busy_calendar``).
    """
    found = ports.connections.get(tenant, connection)
    if not found.usable:
        raise Rejected("this connection cannot be used now", code=found.status.value)
    if found.run is None:
        raise Rejected("the first synchronisation was not started yet", code="no_sync")
    followed = followed_calendars(found)
    if calendar is not None and calendar not in followed:
        raise InvalidRequest("this calendar is not followed", code="unknown_calendar")
    keys = followed if calendar is None else (calendar,)
    for key in keys:
        if full:
            _forget_cursor(ports, found, key)
        cause = f"resync/{ports.keys.token()}"
        request_sync(ports, tenant=tenant, connection=connection, calendar=key, cause=cause)
    if calendar is None:
        # Also those that were refused and given up: whoever asks has perhaps mended the cause.
        enqueue_waiting_exports(ports, found, cause=f"resync/{ports.keys.token()}")
    return keys


def _forget_cursor(ports: Ports, connection: Connection, key: str) -> None:
    """Drop the cursor for good: a "full" one that kept it would only read the next delta."""

    def drop() -> None:
        state = ports.sync_states.get(connection.tenant, connection.id, key)
        if state.version is not None:
            # The lease goes too: whoever works on the old cursor at the moment cannot commit any more.
            fresh = replace(state.without_cursor(), listings=(), error=None, given_up=None)
            ports.sync_states.save(fresh.with_halvings(0, ports.clock.now()))

    retry_conflicts(drop, message="this calendar is being synchronised", code="busy_calendar")


def release_held(ports: Ports, *, tenant: str, connection: str, calendar: str) -> int:
    """Let deletions go on that were held because there were too many at once; how many events were held.

    What is proven gone is deleted, one by one.

    Raises:
        InvalidRequest: Nothing is held (``nothing_held``).
        Conflict: Somebody else changed the calendar's state at this moment.
    """
    found = ports.connections.get(tenant, connection)
    state = ports.sync_states.get(tenant, connection, calendar)
    if state.held is None:
        raise InvalidRequest("nothing is held in this calendar", code="nothing_held")
    # A sweep that waits goes on after this; without one there is nothing left to remember.
    held = replace(state.held, released=True) if state.sweeping else None
    ports.sync_states.save(replace(state.without_lease(), held=held))
    cause = f"release/{ports.clock.now().isoformat()}"
    enqueue_searches(ports, found, missing_links(ports, found, calendar), cause=cause)
    request_sync(ports, tenant=tenant, connection=connection, calendar=calendar, cause=cause)
    return state.held.missing
