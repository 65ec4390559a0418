"""What a first synchronisation would do: counts, conflicts, invitations, duration; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import LIMITATIONS, CalendarEntry, Connection, Limitation
from common.domain.calendar.event import ExternalEvent
from common.domain.calendar.interval import Interval
from common.domain.shared.tasks import Lane
from common.domain.slots.blocking import Effect, effect
from common.domain.sync.import_privacy import may_keep
from common.domain.sync.initial_sync import (
    Estimate,
    backfill_rate,
    bookings_after,
    count_conflicts,
    decode_position,
    invited_bookings,
    ranges_to_check,
)
from common.domain.sync.windows import covered, export_start, import_window
from common.errors import (
    CalendarGone,
    Forbidden,
    RateLimited,
    Rejected,
    Retry,
    SyncError,
    UnexpectedReply,
)
from common.flows.shared.calendar_access import (
    PROJECT_SHARDS,
    CalendarAccess,
    ask,
    open_calendar,
    reference,
    reserve_requests,
)
from common.flows.shared.own_events import genuine_marker, series_marker
from common.flows.shared.tokens import authorized
from common.ports import Ports
from common.ports.provider import BusyPage, BusyRequest, CountedPage

# Pages of a calendar that are counted, or asked for its busy times, before giving up.
MAX_PAGES = 40
# Somebody waits for a preview, and its function ends after a minute.
PREVIEW_TIME = timedelta(seconds=20)
# Bookings and links that are read from the store at once.
PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class CalendarCount:
    """How many events one calendar would bring; with an ``error`` it cannot be read.

    ``private`` of them are private. Where these count for nothing, they are not among the ``events``.
    Where it is not ``complete``, there are more than were counted within the limits and the time.
    """

    key: str
    name: str = field(repr=False)
    events: int
    error: str | None = None
    private: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CountedCalendar:
    """How many events a calendar has, how many of them are private, and whether that is all of them."""

    events: int
    private: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen, and in about how many seconds.

    ``conflicts`` are bookings at times that are taken in an external calendar, looked for until
    ``conflicts_until``; None where a calendar cannot be asked, or not within the time. ``invitations`` is the
    number that has to be acknowledged before anybody is mailed. ``limitations`` is what this provider cannot
    do.

    ``private_ignored`` is how many private events will not block, because the chosen mode for them is *none*:
    they are neither imported nor shown, and their times can be booked.
    """

    exports: int
    imports: int
    conflicts: int | None
    conflicts_until: datetime | None
    invitations: int
    seconds: int
    calendars: tuple[CalendarCount, ...]
    limitations: tuple[Limitation, ...] = ()
    private_ignored: int = 0


def preview_sync(ports: Ports, *, tenant: str, connection: str) -> Preview:
    """Count what would be exported, imported and mailed, and what collides; nothing is changed.

    Raises:
        Rejected: The connection cannot be used now.
        RateLimited: The account's limit is used up at the moment.
        ProviderUnavailable: The provider could not be asked.
    """
    found = ports.connections.get(tenant, connection)
    if not found.usable:
        raise Rejected("this connection cannot be used now", code=found.status.value)
    now = ports.clock.now()
    until = now + PREVIEW_TIME
    bookings = exportable_bookings(ports, found, since=now)
    new = bookings_without_event(ports, found, bookings) if found.settings.exports.on else ()
    calendars = _count_calendars(ports, found, until=until)
    checked = ranges_to_check(bookings, now=now)
    imports = sum(item.events for item in calendars)
    estimate = Estimate(calendars=len(calendars), imports=imports, exports=len(new))
    return Preview(
        exports=len(new),
        imports=imports,
        conflicts=_count_conflicts(ports, found, bookings, checked, until=until),
        conflicts_until=checked[-1].end if checked else None,
        invitations=count_invitations(ports, found, new),
        seconds=estimate.seconds(per_minute=_calls_a_minute(ports, found)),
        calendars=calendars,
        limitations=LIMITATIONS[found.provider],
        private_ignored=_private_ignored(found, calendars),
    )


def _private_ignored(connection: Connection, calendars: Sequence[CalendarCount]) -> int:
    counts = may_keep(connection.settings.imports, private=True)
    return 0 if counts else sum(item.private for item in calendars)


def _count_calendars(ports: Ports, connection: Connection, *, until: datetime) -> tuple[CalendarCount, ...]:
    counts: list[CalendarCount] = []
    for entry in connection.checked_calendars:
        access = open_calendar(
            ports, tenant=connection.tenant, connection=connection.id, key=entry.key, lane=Lane.SYNC
        )
        if access is None or not access.purpose.imports:
            continue
        name = access.entry.name
        if counts and ports.clock.now() >= until:
            counts.append(CalendarCount(entry.key, name, 0, complete=False))
            continue
        try:
            found = count_calendar(ports, access, until=until)
        except RateLimited:
            if not counts:
                raise
            counts.append(CalendarCount(entry.key, name, 0, complete=False))
            continue
        except (CalendarGone, Forbidden) as refused:
            counts.append(CalendarCount(entry.key, name, 0, refused.reason))
            continue
        imported = _imported(access, found)
        counts.append(
            CalendarCount(entry.key, name, imported, private=found.private, complete=found.complete)
        )
    return tuple(counts)


def count_events(ports: Ports, access: CalendarAccess, *, until: datetime) -> int:
    """How many events of this calendar would be imported, as far as they are counted until then.

    Raises:
        SyncError: The provider could not be asked for the first page.
    """
    return _imported(access, count_calendar(ports, access, until=until))


def _imported(access: CalendarAccess, found: CountedCalendar) -> int:
    kept = may_keep(access.connection.settings.imports, private=True)
    return found.events if kept else found.events - found.private


def count_calendar(ports: Ports, access: CalendarAccess, *, until: datetime) -> CountedCalendar:
    """How many single events and series a listing of this calendar's import window has.

    A series counts once, on however many pages its dates are. Of very many only the first pages are counted,
    and only those that the limits and the time allow: counted from the start each time, a large calendar
    would never be done. The answer is then not complete.

    Args:
        ports: The outside.
        access: The calendar.
        until: When to ask for no further page; one is asked for in any case.

    Raises:
        SyncError: The provider could not be asked for the first page.
    """
    now, abilities = ports.clock.now(), ports.providers[access.connection.provider].calendar.abilities
    ahead = covered(now, months=ports.tuning.months_covered)
    window = import_window(now) if abilities.endless_listing else ahead
    units: dict[str, bool] = {}
    page: str | None = None
    for number in range(MAX_PAGES):
        if number and ports.clock.now() >= until:
            break
        try:
            counted = _count_page(ports, access, window, page)
        except Retry:
            if number == 0:
                raise
            break
        # Every page that was asked for was answered whole, so nothing of it is missing.
        units |= counted.units
        page = counted.page
        if page is None:
            break
    # Where there are more, a run has a total that is too low, and shows 99 % until it is done.
    return CountedCalendar(len(units), sum(units.values()), complete=page is None)


def _count_page(ports: Ports, access: CalendarAccess, window: Interval, page: str | None) -> CountedPage:
    return ask(
        ports,
        access,
        lambda provider, token: provider.count(token, access.calendar, window, page=page),
    )


def _count_conflicts(
    ports: Ports,
    connection: Connection,
    bookings: tuple[Booking, ...],
    checked: tuple[Interval, ...],
    *,
    until: datetime,
) -> int | None:
    try:
        own = {booking.id: booking.interval for booking in bookings}
        return count_conflicts(
            bookings, _busy_times(ports, connection, checked, own=own, until=until), checked
        )
    except (CalendarGone, Forbidden, RateLimited):
        return None


def _busy_times(
    ports: Ports,
    connection: Connection,
    windows: Sequence[Interval],
    *,
    own: Mapping[str, Interval],
    until: datetime,
) -> Iterator[Interval]:
    """The times in ``windows`` that the connection's calendars block, without the events of ``own`` bookings.

    Raises:
        SyncError: A calendar could not be asked; what it blocks is then unknown, never nothing.
    """
    batch = ports.providers[connection.provider].calendar.busy_batch
    entries = connection.checked_calendars
    for window in windows:
        for at in range(0, len(entries), batch):
            some = entries[at : at + batch]
            yield from _busy_times_of(ports, connection, some, window, own=own, until=until)


def _busy_times_of(
    ports: Ports,
    connection: Connection,
    entries: Sequence[CalendarEntry],
    window: Interval,
    *,
    own: Mapping[str, Interval],
    until: datetime,
) -> Iterator[Interval]:
    """The blocked times of a few calendars, asked together, page by page."""
    requests = [BusyRequest(reference(ports, connection, entry)) for entry in entries]
    for _ in range(MAX_PAGES):
        if ports.clock.now() >= until:
            raise RateLimited("there is no time to ask for more")
        next_requests: list[BusyRequest] = []
        for request, page in zip(requests, _ask_busy(ports, connection, requests, window), strict=True):
            yield from (
                event.span
                for event in page.events
                if event.span and _blocks(ports, connection, event, own=own)
            )
            if page.page:
                next_requests.append(BusyRequest(request.calendar, page.page))
        requests = next_requests
        if not requests:
            return
    raise UnexpectedReply("a calendar's answer has no end", code="endless_pages")


def _ask_busy(
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


def _blocks(
    ports: Ports, connection: Connection, event: ExternalEvent, *, own: Mapping[str, Interval]
) -> bool:
    marker = genuine_marker(ports.keys, connection.tenant, event)
    if marker is not None and marker.booking in own:
        return False
    # Of a series that was made of a booking's event the one date in the booking's time is the booking.
    date = series_marker(ports.keys, connection.tenant, event)
    if date is not None and own.get(date.booking) == event.span:
        return False
    return effect(event, connection.settings.imports) is Effect.BLOCKS


def _calls_a_minute(ports: Ports, connection: Connection) -> float:
    user, project = ports.tuning.per_minute(connection.provider)
    return backfill_rate(
        user_per_minute=user,
        project_per_minute=project,
        shards=PROJECT_SHARDS,
        share=ports.tuning.backfill_share,
    )


def exportable_bookings(ports: Ports, connection: Connection, *, since: datetime) -> tuple[Booking, ...]:
    """All active bookings of the export window of a run that started at ``since``."""
    found: list[Booking] = []
    after: str | None = None
    while True:
        page = ports.bookings.starting_from(
            connection.tenant, connection.resource, export_start(since), after=after, limit=PAGE_SIZE
        )
        found += page
        if len(page) < PAGE_SIZE:
            return tuple(found)
        after = page[-1].id


def next_exportable_bookings(
    ports: Ports, connection: Connection, *, since: datetime, after: str | None, limit: int
) -> tuple[Booking, ...]:
    """The next active bookings of the export window, ordered by start and id.

    Args:
        ports: The ports.
        connection: Whose resource's bookings.
        since: When the run started; the window hangs on it, so that it does not move under the run.
        after: How far the run has come.
        limit: How many at most.
    """
    window_start = export_start(since)
    reached = decode_position(after) if after else None
    start = max(window_start, reached[0]) if reached else window_start
    asked = limit
    while True:
        # Found by time and not by the last booking's document: that booking may have moved meanwhile.
        found = ports.bookings.starting_from(
            connection.tenant, connection.resource, start, after=None, limit=asked
        )
        left = bookings_after(found, reached)
        if len(left) >= limit or len(found) < asked:
            return left[:limit]
        asked *= 2


def bookings_without_event(
    ports: Ports, connection: Connection, bookings: tuple[Booking, ...]
) -> tuple[Booking, ...]:
    """Those of the bookings that have no event in this connection's calendars yet."""
    exported: set[str] = set()
    after: str | None = None
    while True:
        page = ports.bookings.links(connection.tenant, connection.id, after=after, limit=PAGE_SIZE)
        exported |= {link.booking for link in page}
        if len(page) < PAGE_SIZE:
            return tuple(booking for booking in bookings if booking.id not in exported)
        after = page[-1].booking


def count_invitations(ports: Ports, connection: Connection, bookings: tuple[Booking, ...]) -> int:
    """How many customers would be mailed if these bookings were exported with notifications."""
    services = {service.id: service for service in ports.catalogue.services(connection.tenant)}
    return len(invited_bookings(bookings, services, connection.settings.exports, now=ports.clock.now()))
