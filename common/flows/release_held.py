"""Lets go on what the breaker holds, because a person says that so much was really deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.errors import InvalidRequest
from common.flows.steps.lease import freed
from common.flows.steps.missing import look_for, missing_in
from common.flows.steps.wakeups import wake_calendar
from common.ports import Ports


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
    feed = ports.feeds.get(command.tenant, command.connection, command.calendar)
    if feed.held is None:
        raise InvalidRequest("nothing is held in this calendar", code="nothing_held")
    # A sweep that waits goes on under the released breaker; without one there is nothing left to remember.
    held = replace(feed.held, released=True) if feed.sweeping else None
    ports.feeds.save(replace(freed(feed), held=held))
    look_for(ports, connection, missing_in(ports, connection, command.calendar))
    wake_calendar(ports, connection, command.calendar, cause=f"release/{ports.clock.now().isoformat()}")
    return feed.held.missing
