"""Passes on to an account's other connections what only one of them is told about a calendar.

Graph holds one subscription for an account's calendar, and tells whoever opened it last. What is passed on is
"look": each connection then reads with its own grant and settings, whoever's business the other is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from common.domain.calendar.connection import Connection
from common.domain.shared.tasks import look
from common.domain.sync.push import Cause, push_names
from common.domain.sync.upkeep import watched
from common.errors import UnknownResource
from common.ports import Ports

# The subscription that served all of them was closed: whoever still wants one opens it.
RELEASED = "released"


def pass_on(ports: Ports, *, tenant: str, connection: str, calendar: str) -> None:
    """Have the account's other connections look at a calendar that the provider reported a change of.

    Also where this connection itself wants nothing any more: its subscription may be the only one there is.
    """
    try:
        told = ports.connections.get(tenant, connection)
    except UnknownResource:
        return
    now = ports.clock.now()
    # One that is not let in any more cannot look after the subscription either.
    reason = Cause.CHANGED.value if told.usable else RELEASED
    for other in _others(ports, told, calendar):
        names = push_names(tenant=other.tenant, connection=other.id, calendar=calendar, now=now)
        if not _look(ports, other, calendar, reason, name=names.lead):
            _look(ports, other, calendar, reason, name=names.trail, not_before=names.trail_at)


def hand_over(ports: Ports, connection: Connection, calendar: str) -> None:
    """Have the account's other connections open a subscription of their own: this one's is closed."""
    for other in _others(ports, connection, calendar):
        name = f"released/{other.tenant}/{other.id}/{calendar}/{ports.keys.token()}"
        _look(ports, other, calendar, RELEASED, name=name)


def _others(ports: Ports, connection: Connection, calendar: str) -> Iterator[Connection]:
    abilities = ports.providers[connection.provider].calendar.abilities
    if not abilities.one_channel:
        return
    for other in ports.connections.same_account(connection):
        # The key follows from the calendar's own id, so that it names the same one in every connection.
        if other.usable and other.run is not None and calendar in watched(other):
            yield other


def _look(
    ports: Ports,
    connection: Connection,
    calendar: str,
    reason: str,
    *,
    name: str,
    not_before: datetime | None = None,
) -> bool:
    return ports.queue.enqueue(
        look(
            {"reason": reason},
            tenant=connection.tenant,
            connection=connection.id,
            calendar=calendar,
            name=name,
            not_before=not_before,
        )
    )
