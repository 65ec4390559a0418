"""Foreign events for one view: asked for it alone, with titles only where the person chose so, and let go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common.domain import overview
from common.domain.account import CalendarEntry, Connection, Status
from common.domain.catalogue import Resource
from common.domain.interval import Interval
from common.domain.offers import CalendarReport, Freshness
from common.domain.overview import Block
from common.errors import InvalidRequest
from common.flows.steps import live_busy, own_events
from common.flows.steps.flights import Heard
from common.ports import Ports

_ENDING = frozenset({Status.DISCONNECTING, Status.DISCONNECTED})


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
    reader = own_events.Reader(ports, tenant, resource.id, agenda)
    asked = [
        live_busy.Asked(item, item.enabled_calendars, resource.zone, overview.detail(item))
        for item in connections
        if item.status not in _ENDING and item.enabled_calendars
    ]
    answers = live_busy.ask(ports, asked, window, afresh=True)
    blocks: list[Block] = []
    reports: list[CalendarReport] = []
    for item in asked:
        for entry in item.calendars:
            name = live_busy.calendar_id(item.connection.id, entry.key)
            heard = answers[name]
            if isinstance(heard, Heard):
                keys = copied.get(name, frozenset())
                blocks += _blocks(reader, item.connection, entry, heard, name=name, copied=keys)
                reports.append(CalendarReport(name, resource.id, Freshness.KNOWN, heard.as_of, None))
            else:
                reports.append(CalendarReport(name, resource.id, Freshness.UNKNOWN, None, heard.reason))
    return LiveView(tuple(sorted(blocks, key=lambda block: (block.start, block.end))), tuple(reports))


def _blocks(
    reader: own_events.Reader,
    connection: Connection,
    entry: CalendarEntry,
    heard: Heard,
    *,
    name: str,
    copied: frozenset[str],
) -> tuple[Block, ...]:
    if not connection.settings.show_events:
        rules = connection.settings.imports.busy
        return overview.untitled(reader.known(heard, connection=connection.id, rules=rules).busy, name=name)
    keys, tenant = reader.ports.keys, reader.tenant
    foreign = [event for event in heard.events if own_events.marker_of(keys, tenant, event) is None]
    return overview.titled(foreign, connection, entry, name=name, copied=copied)
