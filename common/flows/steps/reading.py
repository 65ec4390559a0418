"""One calendar that is being read for a connection, under the settings of this moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from common.domain import importing
from common.domain.account import CalendarEntry, CalendarRef, Connection
from common.domain.event import Detail
from common.domain.importing import Wanted, wanted
from common.domain.work import Lane
from common.errors import UnknownResource
from common.flows.steps.access import authorized
from common.flows.steps.pacing import pace
from common.ports import CalendarProvider, Ports

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """A connection's calendar, why it is read, and in which lane its requests are counted.

    ``fields`` names what is asked and how it is copied; a feed that was listed under another name has to be
    listed again. ``booked`` says that its share of the limits was booked beforehand, for a whole chunk.
    """

    connection: Connection
    entry: CalendarEntry
    calendar: CalendarRef
    wanted: Wanted
    detail: Detail
    fields: str
    lane: Lane
    booked: bool = False


def open_reading(ports: Ports, *, tenant: str, connection: str, key: str, lane: Lane) -> Reading | None:
    """The calendar as its settings want it read now; None where nobody wants it (any more)."""
    try:
        found = ports.connections.get(tenant, connection)
    except UnknownResource:
        return None
    why = wanted(found, key)
    if not why.any:
        return None
    entry = found.calendars[key]
    return Reading(
        connection=found,
        entry=entry,
        calendar=reference(ports, found, entry),
        wanted=why,
        detail=_detail(found, why),
        fields=_fields(ports, found, why),
        lane=lane,
    )


def _detail(connection: Connection, why: Wanted) -> Detail:
    return importing.detail(connection.settings.imports) if why.imports else Detail.TIMES


def _fields(ports: Ports, connection: Connection, why: Wanted) -> str:
    asked = ports.providers[connection.provider].calendar.fields_version(_detail(connection, why))
    return f"{asked}/{importing.fields_version(connection.settings.imports) if why.imports else 'own'}"


def reference(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarRef:
    """What a provider needs to know of a calendar; one without a zone is in its resource's."""
    zone = entry.zone or ports.catalogue.resource(connection.tenant, connection.resource).zone
    return CalendarRef(entry.provider_id, zone=zone, role=entry.role)


def unchanged(ports: Ports, reading: Reading) -> bool:
    """Whether the settings still want what was read; asked just before it is stored."""
    try:
        found = ports.connections.get(reading.connection.tenant, reading.connection.id)
    except UnknownResource:
        return False
    why = wanted(found, reading.entry.key)
    return why.any and (why, _fields(ports, found, why)) == (reading.wanted, reading.fields)


def booked(ports: Ports, reading: Reading, units: int) -> Reading:
    """The reading with ``units`` requests booked at once.

    Held back in the middle, a chunk would start over for ever.

    Raises:
        RateLimited: They cannot be had now; nothing was booked.
    """
    if units and not reading.booked:
        pace(ports, reading.connection, units=units, lane=reading.lane)
    return replace(reading, booked=True)


def ask(ports: Ports, reading: Reading, call: Callable[[CalendarProvider, str], T]) -> T:
    """One exchange with the provider, counted against its limits."""
    connection = reading.connection
    if not reading.booked:
        pace(ports, connection, units=1, lane=reading.lane)
    provider = ports.providers[connection.provider].calendar
    return authorized(ports, connection, lambda token: call(provider, token))
