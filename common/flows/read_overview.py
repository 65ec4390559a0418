"""Shows what a resource's day or week holds; foreign events are asked for this one view and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from common.domain import overview
from common.domain.overview import CopiedEvent, Overview
from common.domain.upkeep import imported
from common.flows.steps.live_busy import calendar_id
from common.flows.steps.live_view import view
from common.flows.steps.oversight import admit
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
        for event in ports.feeds.imported(connection.tenant, connection.id, key, window)
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
