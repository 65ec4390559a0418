"""Shows what a resource's day or week holds; foreign events are asked for this one view and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from common.domain.calendar.connection import CalendarEntry, Connection
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource
from common.domain.privacy import overview
from common.domain.privacy.overview import Block, CopiedEvent, Overview
from common.domain.slots.slot_answers import CalendarReport, Freshness
from common.domain.sync.upkeep import imported
from common.errors import InvalidRequest
from common.flows.shared.audit import admit
from common.flows.shared.own_events import genuine_marker
from common.flows.slots import busy, live_calendars
from common.flows.slots.live_calendars import LiveAnswer, calendar_id
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ReadOverview:
    """Which resource, from when to when; ``support`` is who looks for support, None for the tenant's own."""

    tenant: str
    resource: str
    start: datetime
    end: datetime
    support: str | None = None


def read_overview(ports: Ports, command: ReadOverview) -> Overview:
    """Bookings, absences, copies, and the calendars as they are at this moment.

    Raises:
        NotAllowed: Support may not look now.
        InvalidRequest: The range is not possible.
        UnknownResource: There is no such resource.
    """
    window = overview.window(command.start, command.end)
    if command.support is not None:
        target = f"overview/{command.resource}/{window.start:%Y%m%dT%H%MZ}-{window.end:%Y%m%dT%H%MZ}"
        admit(ports, tenant=command.tenant, who=command.support, target=target)
    resource = ports.catalogue.resource(command.tenant, command.resource)
    connections = ports.connections.of_resource(command.tenant, resource.id)
    copies = tuple(
        CopiedEvent(calendar_id(connection.id, key), event)
        for connection in connections
        for key in imported(connection)
        for event in ports.sync_states.imported(connection.tenant, connection.id, key, window)
    )
    live = view(ports, command.tenant, resource, connections, window, copied=_by_calendar(copies))
    absences = ports.catalogue.absences(command.tenant, resource.id)
    return Overview(
        bookings=ports.bookings.overlapping(command.tenant, resource.id, window, seats=True),
        absences=tuple(absence for absence in absences if absence.interval.overlaps(window)),
        imported=copies,
        external=live.blocks,
        calendars=live.calendars,
        as_of=ports.clock.now(),
    )


def _by_calendar(copies: Iterable[CopiedEvent]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for copy in copies:
        found[copy.calendar] = found.get(copy.calendar, frozenset()) | {copy.event.key}
    return found


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the calendars say at this moment; one that does not answer shows nothing and is called unknown."""

    blocks: tuple[Block, ...]
    calendars: tuple[CalendarReport, ...]


def view(
    ports: Ports,
    tenant: str,
    resource: Resource,
    connections: Iterable[Connection],
    window: Interval,
    *,
    copied: Mapping[str, frozenset[str]],
) -> LiveView:
    """Ask all calendars of a resource; ``copied`` names the events that are imported, by calendar.

    Raises:
        InvalidRequest: The range is at the end of time.
    """
    try:
        agenda = ports.catalogue.agenda(tenant, resource.id, window)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("there is no such date", code="window") from wrong
    reader = busy.BusyReader(ports, tenant, resource.id, agenda)
    asked = [
        live_calendars.CalendarsToAsk(item, item.enabled_calendars, resource.zone, overview.detail(item))
        for item in connections
        if not item.ended and item.enabled_calendars
    ]
    answers = live_calendars.ask_calendars(ports, asked, window, afresh=True)
    blocks: list[Block] = []
    reports: list[CalendarReport] = []
    for item in asked:
        for entry in item.calendars:
            name = live_calendars.calendar_id(item.connection.id, entry.key)
            heard = answers[name]
            if isinstance(heard, LiveAnswer):
                keys = copied.get(name, frozenset())
                blocks += _blocks(reader, item.connection, entry, heard, name=name, copied=keys)
                reports.append(CalendarReport(name, resource.id, Freshness.KNOWN, heard.as_of, None))
            else:
                reports.append(CalendarReport(name, resource.id, Freshness.UNKNOWN, None, heard.reason))
    return LiveView(tuple(sorted(blocks, key=lambda block: (block.start, block.end))), tuple(reports))


def _blocks(
    reader: busy.BusyReader,
    connection: Connection,
    entry: CalendarEntry,
    heard: LiveAnswer,
    *,
    name: str,
    copied: frozenset[str],
) -> tuple[Block, ...]:
    if not connection.settings.show_events:
        rules = connection.settings.imports.busy
        return overview.untitled(reader.known(heard, connection=connection.id, rules=rules).busy, name=name)
    keys, tenant = reader.ports.keys, reader.tenant
    foreign = [event for event in heard.events if genuine_marker(keys, tenant, event) is None]
    return overview.titled(foreign, connection, entry, name=name, copied=copied)
