"""Asks the provider how much there is to import, and which times its calendars take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.domain.account import CalendarEntry, Connection
from common.domain.blocking import Effect, effect
from common.domain.event import ExternalEvent
from common.domain.interval import Interval
from common.domain.windows import covered, import_window
from common.domain.work import Lane
from common.errors import SyncError, UnexpectedReply
from common.flows.steps.access import authorized
from common.flows.steps.own_events import marker_of
from common.flows.steps.pacing import pace
from common.flows.steps.reading import Reading, ask, reference
from common.ports import BusyPage, BusyRequest, Ports

MOST_PAGES = 40


def events_in(ports: Ports, reading: Reading) -> int:
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


def _page(ports: Ports, reading: Reading, window: Interval, page: str | None) -> tuple[int, str | None]:
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

    pace(ports, connection, units=len(requests), lane=Lane.SYNC)
    return authorized(ports, connection, call)


def _blocks(ports: Ports, connection: Connection, event: ExternalEvent) -> bool:
    own = marker_of(ports.keys, connection.tenant, event) is not None
    return not own and effect(event, connection.settings.imports.busy) is Effect.BLOCKS
