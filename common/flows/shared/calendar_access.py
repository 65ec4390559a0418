"""One calendar that is being read for a connection, under the settings of this moment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from common.domain.calendar.connection import CalendarEntry, CalendarRef, Connection
from common.domain.calendar.event import Detail
from common.domain.calendar.sync_state import CalendarPage
from common.domain.shared.rate_limit import RateLimit
from common.domain.shared.tasks import Lane
from common.domain.sync import imported_events
from common.domain.sync.imported_events import SyncPurpose, wanted
from common.errors import RateLimited, UnexpectedReply, UnknownResource
from common.flows.shared.tokens import authorized
from common.ports import Ports
from common.ports.provider import CalendarProvider

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CalendarAccess:
    """A connection's calendar, why it is read, and in which lane its requests are counted.

    ``fields`` names what is asked and how it is copied; a feed that was listed under another name has to be
    listed again. ``booked`` says that its share of the limits was booked beforehand, for a whole chunk.
    """

    connection: Connection
    entry: CalendarEntry
    calendar: CalendarRef
    wanted: SyncPurpose
    detail: Detail
    fields: str
    lane: Lane
    booked: bool = False


def open_calendar(
    ports: Ports, *, tenant: str, connection: str, key: str, lane: Lane
) -> CalendarAccess | None:
    """The calendar as its settings want it read now; None where nobody wants it (any more)."""
    try:
        found = ports.connections.get(tenant, connection)
    except UnknownResource:
        return None
    why = wanted(found, key)
    if not why.any:
        return None
    entry = found.calendars[key]
    return CalendarAccess(
        connection=found,
        entry=entry,
        calendar=reference(ports, found, entry),
        wanted=why,
        detail=_detail(found, why),
        fields=_fields(ports, found, why),
        lane=lane,
    )


def _detail(connection: Connection, why: SyncPurpose) -> Detail:
    return imported_events.detail(connection.settings.imports) if why.imports else Detail.TIMES


def _fields(ports: Ports, connection: Connection, why: SyncPurpose) -> str:
    asked = ports.providers[connection.provider].calendar.fields_version(_detail(connection, why))
    return f"{asked}/{imported_events.fields_version(connection.settings.imports) if why.imports else 'own'}"


def reference(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarRef:
    """What a provider needs to know of a calendar; one without a zone is in its resource's."""
    zone = entry.zone or ports.catalogue.resource(connection.tenant, connection.resource).zone
    return CalendarRef(entry.provider_id, zone=zone, role=entry.role)


def unchanged(ports: Ports, reading: CalendarAccess) -> bool:
    """Whether the settings still want what was read; asked just before it is stored."""
    try:
        found = ports.connections.get(reading.connection.tenant, reading.connection.id)
    except UnknownResource:
        return False
    why = wanted(found, reading.entry.key)
    return why.any and (why, _fields(ports, found, why)) == (reading.wanted, reading.fields)


def booked(ports: Ports, reading: CalendarAccess, units: int) -> CalendarAccess:
    """The reading with ``units`` requests booked at once.

    Held back in the middle, a chunk would start over for ever.

    Raises:
        RateLimited: They cannot be had now; nothing was booked.
    """
    if units and not reading.booked:
        pace(ports, reading.connection, units=units, lane=reading.lane)
    return replace(reading, booked=True)


def ask(ports: Ports, reading: CalendarAccess, call: Callable[[CalendarProvider, str], T]) -> T:
    """One exchange with the provider, counted against its limits."""
    connection = reading.connection
    if not reading.booked:
        pace(ports, connection, units=1, lane=reading.lane)
    provider = ports.providers[connection.provider].calendar
    return authorized(ports, connection, lambda token: call(provider, token))


MOST_PAGES = 40


def all_calendars(fetch: Callable[[str | None], CalendarPage]) -> tuple[CalendarEntry, ...]:
    """Every calendar of an account.

    Args:
        fetch: Asks the provider for one page.

    Raises:
        UnexpectedReply: The pages have no end.
    """
    entries: list[CalendarEntry] = []
    page: str | None = None
    for _ in range(MOST_PAGES):
        answer = fetch(page)
        entries += answer.entries
        page = answer.page
        if page is None:
            return tuple(entries)
    raise UnexpectedReply("a listing of calendars has no end", code="endless_pages")


PROJECT_SHARDS = 16


def pace(ports: Ports, connection: Connection, *, units: int, lane: Lane) -> None:
    """Book ``units`` requests of the account's and the project's limits.

    Live work is counted and never held back: what it takes, the back-fill does not get. Everything else
    keeps to its share, so that room for a live booking is always left.

    Raises:
        RateLimited: with code ``paced`` and the seconds to wait; the task is queued again for then.
    """
    live = lane is Lane.LIVE
    share = 1.0 if live else ports.tuning.backfill_share
    now = ports.clock.now()
    own, shared = ports.tuning.per_minute(connection.provider)
    rates = {f"{connection.provider}.{connection.tenant}.{connection.id}": own}
    if not live:
        shard = int(hashlib.sha256(connection.id.encode()).hexdigest(), 16) % PROJECT_SHARDS
        rates[f"{connection.provider}.{shard}"] = shared // PROJECT_SHARDS
    allowed = {scope: max(1, int(rate * share)) for scope, rate in rates.items()}
    limits = [RateLimit(scope, rate, burst=max(units, rate // 6)) for scope, rate in allowed.items()]
    wait = ports.ledger.reserve(limits, units=units, now=now)
    if wait > 0 and not live:
        raise RateLimited("the limit's share of this work is used up", code="paced", retry_after=wait)
