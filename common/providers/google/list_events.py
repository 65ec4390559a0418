"""Pages of Google's listings: what is asked for, and what an answer must hold to be believed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from common.domain.calendar.event import Detail, ExternalEvent
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.errors import UnexpectedReply
from common.providers.answers import NamelessEvent
from common.providers.google.event_structs import GoogleItem, GoogleListing
from common.providers.google.events_to_domain import GoogleContext, event_of
from common.providers.google.request_bodies import rfc3339

PAGE_SIZE = 500
LONGEST_BUSY_WINDOW = timedelta(days=60)
# Whoever asks for times only is never sent a title, a text or an address.
_TIMES = (
    "id,status,start,end,transparency,visibility,eventType,recurringEventId,originalStartTime,recurrence,"
    "attendees(self,organizer,responseStatus),updated,etag,extendedProperties/private"
)
EVENT_FIELDS: Mapping[Detail, str] = MappingProxyType(
    {Detail.TIMES: _TIMES, Detail.FULL: f"{_TIMES},summary,description"}
)
# What one event of ours is read for: whom it invites decides who tells the customer of a change.
OWN_EVENT_FIELDS: Mapping[Detail, str] = MappingProxyType(
    {
        Detail.TIMES: _TIMES,
        Detail.FULL: EVENT_FIELDS[Detail.FULL].replace("attendees(", "attendeesOmitted,attendees(email,"),
    }
)
CALENDAR_FIELDS = (
    "kind,nextPageToken,items(id,summary,summaryOverride,timeZone,accessRole,primary,deleted,hidden)"
)
# What became of our own words in it: Google stores some texts otherwise than they were sent.
WRITE_FIELDS = "id,status,etag,updated,iCalUID,sequence,start,end,summary,description"
PROBE_FIELDS = "kind,accessRole,items(id)"
COUNT_FIELDS = "kind,nextPageToken,items(id,recurringEventId,visibility)"


def page_fields(detail: Detail) -> str:
    """The mask of a listing of events."""
    return f"kind,timeZone,nextPageToken,nextSyncToken,items({EVENT_FIELDS[detail]})"


def fields_version(detail: Detail) -> str:
    """A word that changes with the mask: deltas bring new fields only of what changes later."""
    return f"{detail}-{hashlib.sha256(page_fields(detail).encode()).hexdigest()[:12]}"


def window_parameters(window: Interval) -> dict[str, Any]:
    """The smallest window of whole seconds around ``window``: Google ignores fractions."""
    end = window.end if not window.end.microsecond else window.end + timedelta(seconds=1)
    return {"timeMin": rfc3339(window.start), "timeMax": rfc3339(end)}


def sync_parameters(cursor: Cursor, detail: Detail) -> dict[str, Any]:
    """The parameters of one page of a feed, the same in a full listing and in its deltas.

    No upper bound, because it is undocumented whether the sync token remembers one, and none of the
    parameters that a sync token forbids: https://developers.google.com/workspace/calendar/api/guides/sync
    """
    asked: dict[str, Any] = {
        "singleEvents": False,
        "maxResults": PAGE_SIZE >> cursor.halvings,
        "fields": page_fields(detail),
    }
    if cursor.snapshot:
        asked["timeMin"] = rfc3339(cursor.window.start)
    else:
        asked["syncToken"] = cursor.token
    return asked | page_parameter(cursor.page)


def page_parameter(page: str | None) -> dict[str, Any]:
    """The page to continue with, if any."""
    return {"pageToken": page} if page else {}


def free_busy_chunk(window: Interval, page: str | None) -> Interval:
    """The part of ``window``, from ``page`` on, that one freebusy.query may cover; edges are shared."""
    start = datetime.fromisoformat(page) if page else window.start
    return Interval(start, min(start + LONGEST_BUSY_WINDOW, window.end))


def next_page(following: object, page: str | None) -> str | None:
    """Where the listing continues behind ``page``, or None after its last page.

    Raises:
        UnexpectedReply: It would start the same page again.
    """
    if following is None:
        return None
    if not isinstance(following, str) or not following or following == page:
        raise UnexpectedReply("a page that leads nowhere", code="page_loop")
    return following


def events_of(listing: GoogleListing, place: GoogleContext) -> tuple[list[ExternalEvent], int]:
    """The living events of a page, and how many of its items have no id."""
    events: list[ExternalEvent] = []
    nameless = 0
    for item in listing.items or ():
        if item is not None and item.status == "cancelled":
            continue
        try:
            events.append(event_of(item or GoogleItem(), place))
        except NamelessEvent:
            nameless += 1
    return events, nameless
