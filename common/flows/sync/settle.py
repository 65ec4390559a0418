"""Brings one calendar's stored events in line with what its connection's settings want and allow now."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from common.domain.calendar.connection import Connection
from common.domain.calendar.sync_state import CalendarSync
from common.domain.shared.concurrency import retry_conflicts
from common.domain.shared.task_records import SettleCalendar
from common.domain.sync.followed_calendars import followed_calendars, imported_calendars
from common.domain.sync.import_privacy import redacted
from common.domain.sync.imported_events import UnitChange
from common.errors import UnknownResource
from common.flows.shared.enqueue import request_sync
from common.flows.sync.channels import close_channels
from common.ports import Ports

UNITS_A_COMMIT = 100


def settle_calendar(ports: Ports, command: SettleCalendar) -> None:
    """Remove what may not be stored; then forget a calendar that nobody follows, or sync a followed one.

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
    remove_disallowed(ports, connection, key)
    state = ports.sync_states.get(command.tenant, command.connection, key)
    if key not in followed_calendars(connection):
        _forget(ports, connection, state)
        return
    if connection.run is None or not connection.usable:
        return
    # Other settings ask for other fields, and other fields for a fresh listing: the sync itself finds that.
    request_sync(
        ports,
        tenant=connection.tenant,
        connection=connection.id,
        calendar=key,
        cause=f"settle/{ports.keys.token()}",
    )


def _forget(ports: Ports, connection: Connection, state: CalendarSync) -> None:
    if state.version is None:
        return
    if connection.usable:
        close_channels(ports, connection, state)
    ports.sync_states.delete(state)


def remove_disallowed(ports: Ports, connection: Connection, key: str) -> int:
    """Remove what the present settings do not allow of one calendar: all of it, or single texts and events.

    A sync that is running at the moment loses its state to this and starts again under the new settings.
    How many events were removed or shortened.

    Raises:
        Conflict: Others were faster every time.
    """

    def remove() -> int:
        state = ports.sync_states.get(connection.tenant, connection.id, key)
        if key in imported_calendars(connection):
            return _redact(ports, connection, state)
        return remove_imported(ports, connection, state)

    return retry_conflicts(remove, message="this calendar is being synchronised", code="busy_calendar")


def remove_imported(ports: Ports, connection: Connection, state: CalendarSync) -> int:
    """Remove all imported events of a calendar; how many there were."""
    if state.version is not None:
        # Saved first: whoever is importing at the moment holds an older version from now on.
        state = ports.sync_states.save(replace(state.without_cursor(), units=0, held=None, quarantined=0))
    return ports.sync_states.purge(state, connection.resource)


def _redact(ports: Ports, connection: Connection, state: CalendarSync) -> int:
    if state.version is None:
        return 0
    settings = connection.settings.imports
    # Everything that is stored is older than the next generation.
    stored = ports.sync_states.stale(replace(state, generation=state.generation + 1))
    changes: list[UnitChange] = []
    changed = 0
    for unit, group in groupby(sorted(stored, key=lambda event: event.unit), key=lambda event: event.unit):
        events = tuple(group)
        left = tuple(kept for event in events if (kept := redacted(event, settings)) is not None)
        if left != events:
            changes.append(UnitChange(unit, left))
            changed += len(events) - len(set(left) & set(events))
    for at in range(0, len(changes), UNITS_A_COMMIT):
        some = changes[at : at + UNITS_A_COMMIT]
        state = ports.sync_states.commit(state.without_lease(), connection.resource, some)
    return changed
