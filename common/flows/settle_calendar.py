"""Brings one calendar in line with what its connection wants of it now."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.account import Connection, Status
from common.domain.feed import Feed
from common.domain.upkeep import watched
from common.errors import UnknownResource
from common.flows.steps.closing import close
from common.flows.steps.purge import withdraw
from common.flows.steps.wakeups import wake_calendar
from common.ports import Ports

ENDING = frozenset({Status.DISCONNECTING, Status.DISCONNECTED})


@dataclass(frozen=True, slots=True)
class SettleCalendar:
    """Which calendar."""

    tenant: str
    connection: str
    calendar: str


def settle_calendar(ports: Ports, command: SettleCalendar) -> None:
    """Remove what may not be stored, let go of a calendar that nobody follows, look at one that is followed.

    Raises:
        Conflict: Somebody else is working on the calendar.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.status in ENDING:
        # The disconnection removes it all itself, channels first, and counts it for the receipt.
        return
    key = command.calendar
    withdraw(ports, connection, key)
    feed = ports.feeds.get(command.tenant, command.connection, key)
    if key not in watched(connection):
        _let_go(ports, connection, feed)
        return
    if connection.run is None or not connection.usable:
        return
    # Other settings ask for other fields, and other fields for a fresh listing: the look itself finds that.
    wake_calendar(ports, connection, key, cause=f"settle/{ports.keys.token()}")


def _let_go(ports: Ports, connection: Connection, feed: Feed) -> None:
    if feed.version is None:
        return
    if connection.usable:
        close(ports, connection, feed)
    ports.feeds.delete(feed)
