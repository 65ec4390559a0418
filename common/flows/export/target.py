"""Finds the calendar that bookings are written to, and makes the dedicated one when it is first needed."""

from __future__ import annotations

from dataclasses import replace

from common.domain.calendar.connection import (
    AccessRole,
    CalendarEntry,
    CalendarUse,
    Connection,
    calendar_key,
    merge_listing,
)
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import export_target
from common.errors import CalendarGone, Forbidden, PartRefused
from common.flows.shared.calendar_access import all_calendars, reserve_requests
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import enqueue_settle
from common.flows.shared.tokens import authorized
from common.ports import Ports


def export_calendar(ports: Ports, connection: Connection, *, lane: Lane) -> tuple[Connection, CalendarEntry]:
    """The target calendar, and the connection as it is then.

    Raises:
        CalendarGone: There is no such calendar.
        Forbidden: It cannot be written to.
    """
    entry = export_target(connection)
    if entry is None and connection.settings.exports.dedicated:
        connection = _make_dedicated(ports, connection, lane)
        entry = export_target(connection)
    if entry is None or entry.missing_since is not None:
        raise CalendarGone("there is no calendar to write to", code="no_target")
    if not entry.writable:
        raise Forbidden("this calendar cannot be written to", code="target_read_only")
    return connection, entry


def _make_dedicated(ports: Ports, connection: Connection, lane: Lane) -> Connection:
    """Make the calendar, or find the one that an interrupted attempt has made.

    Before it is made, all calendars that exist are written down: whatever is there later under our name
    and was not there before is ours.
    """
    # Whoever had the turn before us may have made it already.
    connection = ports.connections.get(connection.tenant, connection.id)
    if export_target(connection) is not None:
        return connection
    resource = ports.catalogue.resource(connection.tenant, connection.resource)
    name = _dedicated_name(ports, connection)
    listed = _list_calendars(ports, connection, lane)
    if made := _find_dedicated(connection, listed, name):
        return _record_dedicated(ports, connection, made)
    now = ports.clock.now()
    connection = update_connection(
        ports,
        connection.tenant,
        connection.id,
        lambda current: replace(
            current,
            calendars=merge_listing(current.calendars, listed, now=now).calendars,
            dedicated_pending=True,
        ),
    )
    provider = ports.providers[connection.provider].calendar
    reserve_requests(ports, connection, units=1, lane=lane)

    def make(zone: str) -> str:
        return authorized(
            ports, connection, lambda token: provider.create_calendar(token, name=name, zone=zone)
        )

    try:
        provider_id = make(resource.zone)
    except PartRefused:
        # A zone whose name is newer than the provider's tables; each event says its own zone anyway.
        reserve_requests(ports, connection, units=1, lane=lane)
        provider_id = make("UTC")
    entry = CalendarEntry(
        key=calendar_key(provider_id),
        provider_id=provider_id,
        name=name,
        zone=resource.zone,
        role=AccessRole.OWNER,
    )
    return _record_dedicated(ports, connection, entry)


def unrecorded_calendar(ports: Ports, connection: Connection, *, lane: Lane) -> CalendarEntry | None:
    """The calendar that was made, but that nobody lived to write down."""
    if not connection.dedicated_pending:
        return None
    return _find_dedicated(
        connection, _list_calendars(ports, connection, lane), _dedicated_name(ports, connection)
    )


def _dedicated_name(ports: Ports, connection: Connection) -> str:
    resource = ports.catalogue.resource(connection.tenant, connection.resource)
    return f"{resource.name} ({ports.catalogue.tenant(connection.tenant).name})"


def _find_dedicated(
    connection: Connection, listed: tuple[CalendarEntry, ...], name: str
) -> CalendarEntry | None:
    if not connection.dedicated_pending:
        return None
    return next((item for item in listed if _is_new(item, connection, name)), None)


def _list_calendars(ports: Ports, connection: Connection, lane: Lane) -> tuple[CalendarEntry, ...]:
    provider = ports.providers[connection.provider].calendar
    reserve_requests(ports, connection, units=1, lane=lane)
    return all_calendars(
        lambda page: authorized(ports, connection, lambda token: provider.list_calendars(token, page=page))
    )


def _is_new(item: CalendarEntry, connection: Connection, name: str) -> bool:
    return item.name == name and item.role is AccessRole.OWNER and item.key not in connection.calendars


def _record_dedicated(ports: Ports, connection: Connection, entry: CalendarEntry) -> Connection:
    stored = update_connection(
        ports,
        connection.tenant,
        connection.id,
        lambda current: replace(
            current,
            calendars={**current.calendars, entry.key: replace(entry, use=CalendarUse.NONE)},
            dedicated_calendar=entry.key,
            dedicated_pending=False,
        ),
    )
    # Watched from the start: what the owner does to the events in it must reach the bookings.
    enqueue_settle(
        ports,
        tenant=connection.tenant,
        connection=connection.id,
        calendar=entry.key,
        cause=f"dedicated-{entry.key}",
    )
    return stored
