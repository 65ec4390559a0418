"""Opens a connection's calendar under its settings, and asks its provider within the limits of usage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from common.domain.calendar.connection import CalendarEntry, CalendarRef, Connection
from common.domain.calendar.event import Detail
from common.domain.calendar.sync_state import CalendarPage
from common.domain.shared.rate_limits import RateLimit
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import SyncPurpose, purpose_of
from common.domain.sync.import_privacy import requested_detail
from common.domain.sync.imported_events import fields_version
from common.errors import PACED, RateLimited, UnexpectedReply, UnknownResource
from common.flows.shared.tokens import authorized
from common.ports import Ports
from common.ports.provider import CalendarProvider

T = TypeVar("T")
MOST_PAGES = 40
# How many parts the project's limit is split into, so that its counters are not one document for everybody.
PROJECT_SHARDS = 16


@dataclass(frozen=True, slots=True)
class CalendarAccess:
    """A connection's calendar, opened to be read under the settings of this moment.

    Attributes:
        connection: The connection.
        entry: The calendar as last listed.
        calendar: What the provider needs to know of it.
        purpose: Why it is read.
        detail: How much of each event is asked for.
        fields: Names what is asked for and how it is copied; under another name all is listed again.
        lane: How urgent the requests are; they are counted in it.
    """

    connection: Connection
    entry: CalendarEntry
    calendar: CalendarRef
    purpose: SyncPurpose
    detail: Detail
    fields: str
    lane: Lane


def open_calendar(
    ports: Ports, *, tenant: str, connection: str, key: str, lane: Lane
) -> CalendarAccess | None:
    """The calendar as its settings want it read now; None where nobody wants it (any more)."""
    try:
        found = ports.connections.get(tenant, connection)
    except UnknownResource:
        return None
    purpose = purpose_of(found, key)
    if not purpose.any:
        return None
    entry = found.calendars[key]
    calendar = reference(ports, found, entry)
    return CalendarAccess(
        connection=found,
        entry=entry,
        calendar=calendar,
        purpose=purpose,
        detail=_detail(found, purpose),
        fields=fields_wanted(ports, found, purpose, zone=calendar.zone),
        lane=lane,
    )


def _detail(connection: Connection, purpose: SyncPurpose) -> Detail:
    return requested_detail(connection.settings.imports) if purpose.imports else Detail.TIMES


def fields_wanted(ports: Ports, connection: Connection, purpose: SyncPurpose, *, zone: str) -> str:
    """A name for what is asked of a calendar now, and for how it is copied; see ``CalendarSync.fields``.

    Copies of all-day events are instants in the calendar's zone: in another zone all of them are others.
    """
    asked = ports.providers[connection.provider].calendar.fields_version(_detail(connection, purpose))
    if not purpose.imports:
        return f"{asked}/own"
    return f"{asked}/{fields_version(connection.settings.imports)}/{zone}"


def reference(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarRef:
    """What a provider needs to know of a calendar; one without a zone is in its resource's."""
    zone = entry.zone or ports.catalogue.resource(connection.tenant, connection.resource).zone
    return CalendarRef(entry.provider_id, zone=zone, role=entry.role)


def still_wanted(ports: Ports, access: CalendarAccess) -> bool:
    """Whether the settings still want what was read; asked just before it is stored."""
    try:
        found = ports.connections.get(access.connection.tenant, access.connection.id)
    except UnknownResource:
        return False
    key = access.entry.key
    purpose = purpose_of(found, key)
    if not purpose.any or purpose != access.purpose:
        return False
    zone = found.calendars[key].zone or access.calendar.zone
    return fields_wanted(ports, found, purpose, zone=zone) == access.fields


def ask(
    ports: Ports,
    access: CalendarAccess,
    call: Callable[[CalendarProvider, str], T],
    *,
    whole_account: bool = True,
) -> T:
    """One exchange with the provider, counted against its limits; ``call`` gets the adapter and a token.

    ``whole_account`` is whether a refused token says something about the account; see ``authorized``.

    Raises:
        RateLimited: The limits' share of this work is used up (``paced``); nothing was asked.
        SyncError: What the provider's answer means.
    """
    connection = access.connection
    reserve_requests(ports, connection, units=1, lane=access.lane)
    provider = ports.providers[connection.provider].calendar
    return authorized(ports, connection, lambda token: call(provider, token), whole_account=whole_account)


def reserve_requests(ports: Ports, connection: Connection, *, units: int, lane: Lane) -> None:
    """Reserve ``units`` requests of the account's and the project's limits.

    Live work is counted and never held back: what it takes, the back-fill does not get. Everything else
    keeps to its share, so that room for a live booking is always left.

    Raises:
        RateLimited: with code ``paced`` and the seconds to wait; the task is queued again for then.
    """
    live = not lane.held_back
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
        raise RateLimited("the limit's share of this work is used up", code=PACED, retry_after=wait)


def all_calendars(fetch: Callable[[str | None], CalendarPage]) -> tuple[CalendarEntry, ...]:
    """Every calendar of an account.

    Args:
        fetch: Asks the provider for one page, by its page token.

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
