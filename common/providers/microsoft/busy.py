"""Live questions: up to twenty calendars in one request, each of them known or unknown by itself."""

from __future__ import annotations

from collections.abc import Sequence

from common.domain.event import Detail
from common.domain.interval import Interval
from common.errors import SyncError, UnexpectedReply
from common.ports.provider import BusyPage, BusyRequest
from common.providers.microsoft import pages
from common.providers.microsoft.batch import ask_all
from common.providers.microsoft.client import GraphClient
from common.providers.microsoft.items import listing_of
from common.providers.microsoft.mapping import Place
from common.providers.microsoft.wire import Reply


def ask_busy(
    client: GraphClient,
    token: str,
    requests: Sequence[BusyRequest],
    window: Interval,
    *,
    detail: Detail = Detail.TIMES,
) -> tuple[BusyPage | SyncError, ...]:
    """One page of each calendar's taken times, or why they are not known: never an empty page instead.

    From the calendars' views and not from getSchedule, which knows neither personal accounts nor other
    calendars than the default one: https://learn.microsoft.com/graph/api/calendar-getschedule
    """
    try:
        asks = [pages.view(one.calendar.provider_id, window, detail, one.page) for one in requests]
        answers = ask_all(client, token, asks) if asks else ()
    except SyncError as error:
        return tuple(error for _ in requests)
    return tuple(
        answer if isinstance(answer, SyncError) else _page(client, answer, request, window, detail)
        for request, answer in zip(requests, answers, strict=True)
    )


def _page(
    client: GraphClient, reply: Reply, request: BusyRequest, window: Interval, detail: Detail
) -> BusyPage | SyncError:
    try:
        listing = listing_of(reply)
        events, unreadable = pages.events_of(listing, Place.of(request.calendar.zone, detail))
        if unreadable:
            return UnexpectedReply("an event whose time cannot be read", code="unreadable_event")
        following = pages.link_of(listing.next_link, own=client.own, page=request.page)
    except SyncError as error:
        return error
    return BusyPage(events=tuple(event for event in events if event.inside(window)), page=following)
