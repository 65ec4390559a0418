"""Shows what a resource's day or week holds; foreign events are read for one answer and stored nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.domain.calendar.connection import CalendarEntry, Connection
from common.domain.calendar.interval import Interval, asked_range
from common.domain.catalogue.records import Resource
from common.domain.privacy import overview
from common.domain.privacy.overview import Block, CopiedEvent, Overview
from common.domain.slots.slot_answers import CalendarReport, Freshness
from common.domain.sync.followed_calendars import imported_calendars
from common.errors import InvalidRequest
from common.flows.shared.audit import admit
from common.flows.slots import busy, live_calendars
from common.flows.slots.live_calendars import LiveAnswer, calendar_id
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class LiveBlocks:
    """The foreign events of a resource's calendars at this moment, and how far each calendar is known."""

    blocks: tuple[Block, ...]
    calendars: tuple[CalendarReport, ...]


def read_overview(
    ports: Ports,
    *,
    tenant: str,
    resource: str,
    start: datetime,
    end: datetime,
    support: str | None = None,
) -> Overview:
    """Bookings, absences, imported events, and the calendars as they are at this moment.

    Args:
        ports: The outside.
        tenant: Whose resource it is.
        resource: The id of the resource.
        start: Where the range begins, with an offset.
        end: Where it ends (exclusive), with an offset.
        support: Who looks for support, under a grant of the owner; None for the tenant's own staff.

    Raises:
        NotAllowed: Support may not look now.
        InvalidRequest: The range is not possible.
        UnknownResource: There is no such resource.
    """
    window = asked_range(start, end)
    if support is not None:
        target = f"overview/{resource}/{window.start:%Y%m%dT%H%MZ}-{window.end:%Y%m%dT%H%MZ}"
        admit(ports, tenant=tenant, who=support, target=target)
    found = ports.catalogue.resource(tenant, resource)
    connections = ports.connections.of_resource(tenant, found.id)
    copies = tuple(
        CopiedEvent(calendar_id(connection.id, key), event)
        for connection in connections
        for key in imported_calendars(connection)
        for event in ports.sync_states.imported(connection.tenant, connection.id, key, window)
    )
    live = _live_blocks(
        ports, tenant=tenant, resource=found, connections=connections, window=window, copies=copies
    )
    absences = ports.catalogue.absences(tenant, found.id)
    return Overview(
        bookings=ports.bookings.overlapping(tenant, found.id, window, seats=True),
        absences=tuple(absence for absence in absences if absence.interval.overlaps(window)),
        imported=copies,
        external=live.blocks,
        calendars=live.calendars,
        as_of=ports.clock.now(),
    )


def _live_blocks(
    ports: Ports,
    *,
    tenant: str,
    resource: Resource,
    connections: Sequence[Connection],
    window: Interval,
    copies: Sequence[CopiedEvent],
) -> LiveBlocks:
    """Ask all calendars of a resource; one that does not answer shows nothing and is reported as unknown.

    Raises:
        InvalidRequest: The range is at the end of time.
    """
    try:
        agenda = ports.catalogue.agenda(tenant, resource.id, window)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("there is no such date", code="window") from wrong
    reader = busy.BusyReader(ports, tenant, resource.id, agenda, dates=True)
    asked = [
        live_calendars.CalendarsToAsk(item, item.checked_calendars, resource.zone, overview.detail(item))
        for item in connections
        if not item.ended and item.checked_calendars
    ]
    answers = live_calendars.ask_calendars(ports, asked, window, afresh=True)
    copied = _keys_by_calendar(copies)
    blocks: list[Block] = []
    reports: list[CalendarReport] = []
    for item in asked:
        for entry in item.calendars:
            name = calendar_id(item.connection.id, entry.key)
            answer = answers[name]
            if isinstance(answer, LiveAnswer):
                keys = copied.get(name, frozenset())
                blocks += _blocks(reader, item.connection, entry, answer, name=name, copied=keys)
                reports.append(CalendarReport(name, resource.id, Freshness.KNOWN, answer.as_of, None))
            else:
                reports.append(CalendarReport(name, resource.id, Freshness.UNKNOWN, None, answer.reason))
    return LiveBlocks(tuple(sorted(blocks, key=lambda block: (block.start, block.end))), tuple(reports))


def _keys_by_calendar(copies: Sequence[CopiedEvent]) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for copy in copies:
        found[copy.calendar].add(copy.event.key)
    return {calendar: frozenset(keys) for calendar, keys in found.items()}


def _blocks(
    reader: busy.BusyReader,
    connection: Connection,
    entry: CalendarEntry,
    answer: LiveAnswer,
    *,
    name: str,
    copied: frozenset[str],
) -> tuple[Block, ...]:
    """The events of one calendar without those of our bookings; only taken times where titles are hidden."""
    if not connection.settings.show_events:
        return overview.untitled(reader.times(answer, connection).busy, name=name)
    own = reader.own_events(answer.events, connection)
    foreign = [event for event in answer.events if event.id not in own]
    return overview.titled(foreign, connection, entry, name=name, copied=copied)
