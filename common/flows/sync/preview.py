"""Says what a first synchronisation would do, before it does anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import CalendarEntry, Connection
from common.domain.calendar.event import ExternalEvent
from common.domain.calendar.interval import Interval
from common.domain.connect.settings_change import LIMITATIONS, Limitation
from common.domain.shared.tasks import Lane
from common.domain.slots.blocking import Effect, effect
from common.domain.sync.initial_sync import (
    Estimate,
    behind,
    colliding,
    invited,
    paced_rate,
    position,
    seconds,
    stretches,
)
from common.domain.sync.windows import covered, export_start, import_window
from common.errors import CalendarGone, Forbidden, Rejected, SyncError, UnexpectedReply
from common.flows.shared.calendar_access import (
    PROJECT_SHARDS,
    CalendarAccess,
    ask,
    genuine_marker,
    open_calendar,
    reference,
    reserve_requests,
)
from common.flows.shared.tokens import authorized
from common.ports import Ports
from common.ports.provider import BusyPage, BusyRequest


@dataclass(frozen=True, slots=True)
class PreviewSync:
    """For which connection."""

    tenant: str
    connection: str


@dataclass(frozen=True, slots=True)
class CalendarCount:
    """How many events one calendar would bring; with an ``error`` it cannot be read."""

    key: str
    name: str = field(repr=False)
    events: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen, and in about how many seconds.

    ``conflicts`` are bookings at times that are taken in an external calendar, looked for until
    ``conflicts_until``; None where a calendar cannot be asked. ``invitations`` is the number that has to be
    acknowledged before anybody is mailed. ``limitations`` is what this provider cannot do.
    """

    exports: int
    imports: int
    conflicts: int | None
    conflicts_until: datetime | None
    invitations: int
    seconds: int
    calendars: tuple[CalendarCount, ...]
    limitations: tuple[Limitation, ...] = ()


def preview_sync(ports: Ports, command: PreviewSync) -> Preview:
    """Count what would be exported, imported and mailed, and what collides; nothing is changed.

    Raises:
        Rejected: The connection cannot be used now.
        RateLimited: The account's limit is used up at the moment.
        ProviderUnavailable: The provider could not be asked.
    """
    connection = ports.connections.get(command.tenant, command.connection)
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    now = ports.clock.now()
    exporting = connection.settings.exports.on
    bookings = all_bookings(ports, connection, since=now)
    new = unlinked(ports, connection, bookings) if exporting else ()
    counts = tuple(_counted(ports, connection))
    looked = stretches(bookings, now=now)
    imports = sum(item.events for item in counts)
    return Preview(
        exports=len(new),
        imports=imports,
        conflicts=_conflicts(ports, connection, bookings, looked),
        conflicts_until=looked[-1].end if looked else None,
        invitations=invitations(ports, connection, new),
        seconds=seconds(
            Estimate(calendars=len(counts), imports=imports, exports=len(new)),
            per_minute=_rate(ports, connection),
        ),
        calendars=counts,
        limitations=LIMITATIONS[connection.provider],
    )


def _counted(ports: Ports, connection: Connection) -> list[CalendarCount]:
    found: list[CalendarCount] = []
    for entry in connection.enabled_calendars:
        reading = open_calendar(
            ports, tenant=connection.tenant, connection=connection.id, key=entry.key, lane=Lane.SYNC
        )
        if reading is not None and reading.purpose.imports:
            found.append(_count(ports, reading))
    return found


def _count(ports: Ports, reading: CalendarAccess) -> CalendarCount:
    entry = reading.entry
    try:
        return CalendarCount(entry.key, entry.name, events_in(ports, reading))
    except (CalendarGone, Forbidden) as refused:
        return CalendarCount(entry.key, entry.name, 0, refused.reason)


def _conflicts(
    ports: Ports, connection: Connection, bookings: tuple[Booking, ...], looked: tuple[Interval, ...]
) -> int | None:
    try:
        return colliding(bookings, taken(ports, connection, looked), looked)
    except (CalendarGone, Forbidden):
        return None


def _rate(ports: Ports, connection: Connection) -> float:
    own, shared = ports.tuning.per_minute(connection.provider)
    return paced_rate(
        user_per_minute=own,
        project_per_minute=shared,
        shards=PROJECT_SHARDS,
        share=ports.tuning.backfill_share,
    )


MOST_PAGES = 40


def events_in(ports: Ports, reading: CalendarAccess) -> int:
    """How many entries a listing of this calendar's import window has."""
    now, abilities = ports.clock.now(), ports.providers[reading.connection.provider].calendar.abilities
    ahead = covered(now, months=ports.tuning.months_covered)
    window, total = import_window(now) if abilities.endless_feed else ahead, 0
    page: str | None = None
    for _ in range(MOST_PAGES):
        counted, page = _page(ports, reading, window, page)
        total += counted
        if page is None:
            return total
    # A calendar beyond all measure: the run says "at least", and shows 99 % until it is done.
    return total


def _page(
    ports: Ports, reading: CalendarAccess, window: Interval, page: str | None
) -> tuple[int, str | None]:
    return ask(
        ports,
        reading,
        lambda provider, token: provider.count(token, reading.calendar, window, page=page),
    )


def taken(ports: Ports, connection: Connection, windows: Sequence[Interval]) -> Iterator[Interval]:
    """The times in ``windows`` that the connection's calendars block, our own bookings' events left out.

    Raises:
        SyncError: A calendar could not be asked; what it blocks is then unknown, never nothing.
    """
    provider = ports.providers[connection.provider].calendar
    entries = connection.enabled_calendars
    for window in windows:
        for at in range(0, len(entries), provider.busy_batch):
            yield from _blocked(ports, connection, entries[at : at + provider.busy_batch], window)


def _blocked(
    ports: Ports, connection: Connection, entries: Sequence[CalendarEntry], window: Interval
) -> Iterator[Interval]:
    requests = [BusyRequest(reference(ports, connection, entry)) for entry in entries]
    for _ in range(MOST_PAGES):
        following: list[BusyRequest] = []
        for request, page in zip(requests, _asked(ports, connection, requests, window), strict=True):
            yield from (
                event.span for event in page.events if event.span and _blocks(ports, connection, event)
            )
            if page.page:
                following.append(BusyRequest(request.calendar, page.page))
        requests = following
        if not requests:
            return
    raise UnexpectedReply("a calendar's answer has no end", code="endless_pages")


def _asked(
    ports: Ports, connection: Connection, requests: Sequence[BusyRequest], window: Interval
) -> tuple[BusyPage, ...]:
    provider = ports.providers[connection.provider].calendar

    def call(token: str) -> tuple[BusyPage, ...]:
        pages: list[BusyPage] = []
        for answer in provider.busy(token, requests, window):
            if isinstance(answer, SyncError):
                raise answer
            pages.append(answer)
        return tuple(pages)

    reserve_requests(ports, connection, units=len(requests), lane=Lane.SYNC)
    return authorized(ports, connection, call)


def _blocks(ports: Ports, connection: Connection, event: ExternalEvent) -> bool:
    own = genuine_marker(ports.keys, connection.tenant, event) is not None
    return not own and effect(event, connection.settings.imports.busy) is Effect.BLOCKS


PAGE = 200


def next_bookings(
    ports: Ports, connection: Connection, *, since: datetime, after: str | None, limit: int
) -> tuple[Booking, ...]:
    """Up to ``limit`` active bookings of the export window, in order of (start, id), behind ``after``.

    Args:
        ports: The outside.
        connection: Whose resource's bookings.
        since: When the run started; the window hangs on it, so that it does not move under the run.
        after: The run's position.
        limit: How many.
    """
    bound = export_start(since)
    reached = position(after) if after else None
    start = max(bound, reached[0]) if reached else bound
    asked = limit
    while True:
        # Found by time and not by the last booking's document: that booking may have moved meanwhile.
        found = ports.bookings.starting_from(
            connection.tenant, connection.resource, start, after=None, limit=asked
        )
        left = behind(found, reached)
        if len(left) >= limit or len(found) < asked:
            return left[:limit]
        asked *= 2


def all_bookings(ports: Ports, connection: Connection, *, since: datetime) -> tuple[Booking, ...]:
    """All active bookings of the export window."""
    found: list[Booking] = []
    after: str | None = None
    while True:
        page = ports.bookings.starting_from(
            connection.tenant, connection.resource, export_start(since), after=after, limit=PAGE
        )
        found += page
        if len(page) < PAGE:
            return tuple(found)
        after = page[-1].id


def unlinked(ports: Ports, connection: Connection, bookings: tuple[Booking, ...]) -> tuple[Booking, ...]:
    """The bookings that have no event in this connection yet."""
    known: set[str] = set()
    after: str | None = None
    while True:
        page = ports.bookings.links(connection.tenant, connection.id, after=after, limit=PAGE)
        known |= {link.booking for link in page}
        if len(page) < PAGE:
            return tuple(booking for booking in bookings if booking.id not in known)
        after = page[-1].booking


def invitations(ports: Ports, connection: Connection, bookings: tuple[Booking, ...]) -> int:
    """How many customers would be mailed if these bookings were exported with notifications."""
    services = {service.id: service for service in ports.catalogue.services(connection.tenant)}
    return len(invited(bookings, services, connection.settings.exports, now=ports.clock.now()))
