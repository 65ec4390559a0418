"""Brings one calendar in line with what its connection wants of it now."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from common.domain.calendar.connection import Connection
from common.domain.calendar.sync_state import CalendarSync
from common.domain.connect.settings_change import allowed
from common.domain.shared.conflicts import retry_conflicts
from common.domain.shared.task_records import SettleCalendar
from common.domain.sync.imported_events import UnitChange
from common.domain.sync.upkeep import imported, watched
from common.errors import UnknownResource
from common.flows.shared.enqueue import wake_calendar
from common.flows.shared.lease import freed
from common.flows.sync.channels import close
from common.ports import Ports


def settle_calendar(ports: Ports, command: SettleCalendar) -> None:
    """Remove what may not be stored, let go of a calendar that nobody follows, look at one that is followed.

    Raises:
        Conflict: Somebody else is working on the calendar.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.ended:
        # The disconnection removes it all itself, channels first, and counts it for the receipt.
        return
    key = command.calendar
    withdraw(ports, connection, key)
    feed = ports.sync_states.get(command.tenant, command.connection, key)
    if key not in watched(connection):
        _let_go(ports, connection, feed)
        return
    if connection.run is None or not connection.usable:
        return
    # Other settings ask for other fields, and other fields for a fresh listing: the look itself finds that.
    wake_calendar(ports, connection, key, cause=f"settle/{ports.keys.token()}")


def _let_go(ports: Ports, connection: Connection, feed: CalendarSync) -> None:
    if feed.version is None:
        return
    if connection.usable:
        close(ports, connection, feed)
    ports.sync_states.delete(feed)


UNITS_A_COMMIT = 100


def withdraw(ports: Ports, connection: Connection, key: str) -> int:
    """Remove what the present settings do not allow of one calendar: all of it, or single texts and events.

    A synchronisation that is running at the moment loses its feed to this and starts again under the new
    settings. How many events were removed or shortened.

    Raises:
        Conflict: Others were faster every time.
    """

    def remove() -> int:
        feed = ports.sync_states.get(connection.tenant, connection.id, key)
        if key in imported(connection):
            return _redact(ports, connection, feed)
        return purge(ports, connection, feed)

    return retry_conflicts(remove, message="this calendar is being synchronised", code="busy_calendar")


def purge(ports: Ports, connection: Connection, feed: CalendarSync) -> int:
    """Remove all imported events of a calendar; how many there were."""
    if feed.version is not None:
        # Saved first: whoever is importing at the moment holds an older version from now on.
        feed = ports.sync_states.save(replace(freed(feed), cursor=None, units=0, held=None))
    return ports.sync_states.purge(feed, connection.resource)


def _redact(ports: Ports, connection: Connection, feed: CalendarSync) -> int:
    if feed.version is None:
        return 0
    settings = connection.settings.imports
    # Everything that is stored is older than the next generation.
    stored = ports.sync_states.stale(replace(feed, generation=feed.generation + 1))
    changes: list[UnitChange] = []
    changed = 0
    for unit, group in groupby(sorted(stored, key=lambda event: event.unit), key=lambda event: event.unit):
        events = tuple(group)
        left = tuple(kept for event in events if (kept := allowed(event, settings)) is not None)
        if left != events:
            changes.append(UnitChange(unit, left))
            changed += len(events) - len(set(left) & set(events))
    for at in range(0, len(changes), UNITS_A_COMMIT):
        some = changes[at : at + UNITS_A_COMMIT]
        feed = ports.sync_states.commit(freed(feed), connection.resource, some)
    return changed
