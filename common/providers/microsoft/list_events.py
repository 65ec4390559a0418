"""Pages of Graph's listings: what is asked for, and what an answer must hold to be believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from common.domain.calendar.event import Change, Detail, ExternalEvent, Kind, SeriesTouched
from common.domain.calendar.interval import Interval, clamped
from common.domain.calendar.sync_state import Cursor
from common.errors import UnexpectedReply
from common.providers.answers import NamelessEvent
from common.providers.microsoft.event_structs import GraphItem, GraphListing
from common.providers.microsoft.events_to_domain import GraphContext, event_of
from common.providers.microsoft.request_bodies import (
    KEY,
    MARKER,
    GraphRequest,
    calendar_path,
    events_path,
    rfc3339,
)

PAGE_SIZE = 200
LARGEST_PAGE = 1000
# Whoever asks for times only is never sent a title, a text or an address. The stamp of the last change
# cannot be selected in a view: https://learn.microsoft.com/graph/api/calendar-list-calendarview
_TIMES = (
    "id,start,end,isAllDay,showAs,sensitivity,isCancelled,isOrganizer,responseStatus,type,seriesMasterId,"
    "originalStart,transactionId"
)
_FULL = f"{_TIMES},subject,body"
SELECTED: Mapping[Detail, str] = MappingProxyType({Detail.TIMES: _TIMES, Detail.FULL: _FULL})
CALENDAR_FIELDS = "id,name,isDefaultCalendar,canEdit,canShare,canViewPrivateItems,owner"
ZONE = {"$select": "id,originalStartTimeZone"}
# Whether others are invited.
GUESTS = {"$select": "id,attendees,isOrganizer"}
MARKED = f"singleValueExtendedProperties($filter=id eq '{MARKER}')"
# The stored instant of an all-day event is somebody's midnight: it may lie outside a view of its own day.
_MARGIN = timedelta(days=1)


def fields_version(detail: Detail) -> str:
    """A word that changes with the mask: deltas bring new fields only of what changes later."""
    return f"{detail}-{hashlib.sha256(SELECTED[detail].encode()).hexdigest()[:12]}"


def view_bounds(window: Interval) -> dict[str, str]:
    """A view around ``window``, a day wider on either side."""
    return {
        "startDateTime": rfc3339(clamped(window.start) - _MARGIN),
        "endDateTime": rfc3339(clamped(window.end) + _MARGIN),
    }


def delta_request(calendar_id: str, cursor: Cursor, detail: Detail) -> GraphRequest:
    """One page of a feed; its own links hold everything but the headers.

    No ``$select``, ``$expand`` or ``$top``: https://learn.microsoft.com/graph/api/event-delta
    """
    follow = cursor.page or (None if cursor.snapshot else cursor.token)
    return GraphRequest(
        "GET",
        follow or f"{calendar_path(calendar_id)}/calendarView/delta",
        {} if follow else view_bounds(cursor.window),
        page_size=PAGE_SIZE >> cursor.halvings,
        texts=detail is Detail.FULL,
    )


def view_request(calendar_id: str, window: Interval, detail: Detail, page: str | None) -> GraphRequest:
    """One page of all that lies in a window, occurrences one by one."""
    return _listed(f"{calendar_path(calendar_id)}/calendarView", view_bounds(window), detail, page)


def instances_request(
    calendar_id: str, series_id: str, window: Interval, detail: Detail, page: str | None
) -> GraphRequest:
    """One page of a series' occurrences."""
    return _listed(f"{events_path(calendar_id, series_id)}/instances", view_bounds(window), detail, page)


def event_request(calendar_id: str, event_id: str, detail: Detail) -> GraphRequest:
    """One event; with its texts also whom it invites, which decides who tells the customer of a change."""
    guests = ",attendees,organizer" if detail is Detail.FULL else ""
    selected = {"$select": f"{SELECTED[detail]},lastModifiedDateTime{guests}", "$expand": MARKED}
    return GraphRequest("GET", events_path(calendar_id, event_id), selected, texts=detail is Detail.FULL)


def exceptions_request(calendar_id: str, series_id: str, detail: Detail) -> GraphRequest:
    """The dates of a series that were changed, wherever they lie now."""
    params = {"$select": "id,exceptionOccurrences", "$expand": "exceptionOccurrences"}
    return GraphRequest("GET", events_path(calendar_id, series_id), params, texts=detail is Detail.FULL)


def request_by_key(calendar_id: str, key: str) -> GraphRequest:
    """The events that carry a key of ours: the original, and whatever was copied from it.

    https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    """
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{key}')"
    params = {"$filter": wanted, "$select": "id,transactionId", "$top": str(PAGE_SIZE)}
    return GraphRequest("GET", events_path(calendar_id), params, page_size=PAGE_SIZE)


def presence_request(calendar_id: str, event: ExternalEvent) -> GraphRequest:
    """The ids of a calendar's events around an event's start, of which it must be one.

    Views hold no series, only its dates; the list of events holds single ones and series:
    https://learn.microsoft.com/graph/api/user-list-events
    """
    near = view_bounds(Interval(event.start, event.start + timedelta(minutes=1)))
    params = {"$select": "id", "$top": str(PAGE_SIZE)}
    if event.kind is not Kind.SERIES:
        path = f"{calendar_path(calendar_id)}/calendarView"
        return GraphRequest("GET", path, {**near, **params}, page_size=PAGE_SIZE)
    first, last = near["startDateTime"], near["endDateTime"]
    wanted = f"start/dateTime ge '{first}' and start/dateTime le '{last}'"
    return GraphRequest("GET", events_path(calendar_id), {"$filter": wanted, **params}, page_size=PAGE_SIZE)


def count_request(calendar_id: str, window: Interval, page: str | None) -> GraphRequest:
    """One page of identities in a window."""
    params = {
        **view_bounds(window),
        "$select": "id,start,end,isAllDay,sensitivity,type,seriesMasterId",
        "$top": str(LARGEST_PAGE),
    }
    return _page(f"{calendar_path(calendar_id)}/calendarView", params, page, size=LARGEST_PAGE)


def next_page_request(page: str) -> GraphRequest:
    """The next page of any listing that wants no texts."""
    return GraphRequest("GET", page, page_size=PAGE_SIZE)


def calendars_request(page: str | None) -> GraphRequest:
    """One page of the account's calendars."""
    return _page("/me/calendars", {"$select": CALENDAR_FIELDS, "$top": "100"}, page, size=100)


def _listed(path: str, params: Mapping[str, str], detail: Detail, page: str | None) -> GraphRequest:
    asked = {**params, "$select": SELECTED[detail], "$expand": MARKED, "$top": str(PAGE_SIZE)}
    return _page(path, asked, page, size=PAGE_SIZE, texts=detail is Detail.FULL)


def _page(
    path: str, params: Mapping[str, str], page: str | None, *, size: int, texts: bool = False
) -> GraphRequest:
    return GraphRequest("GET", page or path, {} if page else params, page_size=size, texts=texts)


def checked_link(link: object, *, own: Callable[[str], bool], page: str | None = None) -> str | None:
    """Where the listing continues behind ``page``, or None where it does not say.

    Raises:
        UnexpectedReply: It would start the same page again, or lead the token to somebody else.
    """
    if link is None:
        return None
    if not isinstance(link, str) or not link or link == page:
        raise UnexpectedReply("a page that leads nowhere", code="page_loop")
    if not own(link):
        raise UnexpectedReply("a page that is not Graph's", code="foreign_link")
    return link


def events_of(listing: GraphListing, place: GraphContext) -> tuple[list[ExternalEvent], int]:
    """The living events of a page, and how many of its items have no id."""
    events: list[ExternalEvent] = []
    nameless = 0
    for item in listing.value or ():
        try:
            event = event_of(item or GraphItem(), place)
        except NamelessEvent:
            nameless += 1
        else:
            events += [] if event.cancelled else [event]
    return events, nameless


def without_repetitions(changes: Sequence[Change]) -> tuple[Change, ...]:
    """A series comes with all its occurrences, which say nothing but that it has to be read again.

    The series itself says it best, and what was perhaps shared without it brings its own state and stays.
    """
    if SeriesTouched not in map(type, changes):
        return tuple(changes)
    told = {(one.series_id, one.id == one.series_id) for one in changes if isinstance(one, SeriesTouched)}
    kept: list[Change] = []
    named: set[str] = set()
    for change in changes:
        if isinstance(change, SeriesTouched) and (change.occurrence is None or change.id == change.series_id):
            better = change.id != change.series_id and (change.series_id, True) in told
            if better or change.series_id in named:
                continue
            named.add(change.series_id)
        kept.append(change)
    return tuple(kept)
