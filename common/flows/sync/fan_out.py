"""Passes a push message on to the account's other connections, where the provider tells only one of them.

Graph holds one subscription for an account's calendar, and calls whoever opened it last. What is passed on is
only that something changed: each connection then reads with its own grant and settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from common.domain.calendar.connection import Connection
from common.domain.shared.tasks import SyncCalendar, task_for
from common.domain.sync.followed_calendars import followed_calendars
from common.domain.sync.push import Cause, push_names
from common.errors import UnknownResource
from common.ports import Ports

# The reason of a sync after the subscription that served all connections was closed: whoever still wants one
# opens it.
RELEASED = "released"


def share_push(ports: Ports, *, tenant: str, connection: str, calendar: str) -> None:
    """Have the account's other connections sync a calendar that the provider reported a change of.

    Also where this connection itself wants nothing any more: its subscription may be the only one there is.
    """
    try:
        called = ports.connections.get(tenant, connection)
    except UnknownResource:
        return
    now = ports.clock.now()
    # A connection that may not read any more cannot look after the subscription either.
    reason = Cause.CHANGED.value if called.usable else RELEASED
    for other in _others(ports, called, calendar):
        names = push_names(tenant=other.tenant, connection=other.id, calendar=calendar, now=now)
        if not _enqueue(ports, other, calendar, reason, name=names.lead):
            _enqueue(ports, other, calendar, reason, name=names.trail, not_before=names.trail_at)


def release_to_others(ports: Ports, connection: Connection, calendar: str) -> None:
    """Have the account's other connections open a subscription of their own: this one's is closed."""
    for other in _others(ports, connection, calendar):
        name = f"released/{other.tenant}/{other.id}/{calendar}/{ports.keys.token()}"
        _enqueue(ports, other, calendar, RELEASED, name=name)


def _others(ports: Ports, connection: Connection, calendar: str) -> Iterator[Connection]:
    """The account's other connections that follow the calendar, where it reports to one channel only."""
    abilities = ports.providers[connection.provider].calendar.abilities
    if not abilities.one_channel:
        return
    for other in ports.connections.same_account(connection):
        # The key follows from the calendar's own id, so that it names the same one in every connection.
        if other.usable and other.run is not None and calendar in followed_calendars(other):
            yield other


def _enqueue(
    ports: Ports,
    connection: Connection,
    calendar: str,
    reason: str,
    *,
    name: str,
    not_before: datetime | None = None,
) -> bool:
    record = SyncCalendar(connection.tenant, connection.id, calendar, reason=reason)
    return ports.queue.enqueue(task_for(record, name=name, not_before=not_before))
