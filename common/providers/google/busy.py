"""Live questions: one calendar's taken times from its events, or from free/busy where no more is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.domain.calendar.connection import BLIND
from common.domain.calendar.event import Detail, ExternalEvent, Kind
from common.domain.calendar.event_times import event_times
from common.domain.calendar.interval import Interval
from common.errors import SCOPE_MISSING, Forbidden, SyncError, UnexpectedReply
from common.ports.provider import BusyPage, BusyRequest
from common.providers.answers import moment_of
from common.providers.google import list_events
from common.providers.google.client import BUSY_RULES, GoogleClient
from common.providers.google.event_structs import read_listing
from common.providers.google.events_to_domain import GoogleContext
from common.providers.google.request_bodies import Reply


def ask_busy(
    client: GoogleClient, token: str, request: BusyRequest, window: Interval, detail: Detail
) -> BusyPage | SyncError:
    """One page of a calendar's taken times, or why they are not known: never an empty page instead."""
    try:
        if request.calendar.role in BLIND:
            return _free_busy(client, token, request, window)
        return _listed(client, token, request, window, detail)
    except SyncError as error:
        return error


def _listed(
    client: GoogleClient, token: str, request: BusyRequest, window: Interval, detail: Detail
) -> BusyPage:
    asked = client.service.events().list(
        calendarId=request.calendar.provider_id,
        singleEvents=True,
        maxResults=2500,
        fields=list_events.page_fields(detail),
        **list_events.window_parameters(window),
        **list_events.page_parameter(request.page),
    )
    listing = read_listing(client.content(token, asked, live=True))
    place = GoogleContext.of((listing.time_zone, request.calendar.zone), detail)
    events, _ = list_events.events_of(listing, place)
    return BusyPage(
        events=tuple(event for event in events if event.inside(window)),
        page=list_events.next_page(listing.next_page_token, request.page),
    )


def _free_busy(client: GoogleClient, token: str, request: BusyRequest, window: Interval) -> BusyPage:
    chunk, id_ = list_events.free_busy_chunk(window, request.page), request.calendar.provider_id
    body: Any = {**list_events.window_parameters(chunk), "items": [{"id": id_}]}
    try:
        reply = client.read(token, client.service.freebusy().query(body=body), live=True)
    except Forbidden as error:
        if error.reason != SCOPE_MISSING:
            raise
        # The permission for free/busy questions is optional.
        raise Forbidden("free/busy questions were not permitted", code="free_busy_scope") from None
    later = chunk.end.isoformat() if chunk.end < window.end else None
    events = _taken(reply, id_, GoogleContext.of((request.calendar.zone,), Detail.TIMES))
    return BusyPage(events=tuple(event for event in events if event.inside(window)), page=later)


def _taken(reply: Reply, id_: str, place: GoogleContext) -> Sequence[ExternalEvent]:
    """A calendar with errors is listed with no busy times as well; that is not the same as free."""
    listed = reply.get("calendars")
    entry = listed.get(id_) if isinstance(listed, dict) else None
    if not isinstance(entry, dict):
        raise UnexpectedReply("a calendar is missing from the answer", code="calendar_missing")
    if failures := entry.get("errors"):
        raise _failed(failures[0] if isinstance(failures, list) else failures)
    taken = entry.get("busy")
    if not isinstance(taken, list):
        raise UnexpectedReply("a calendar without busy times", code="calendar_missing")
    return [_interval(value, place) for value in taken if isinstance(value, dict)]


def _failed(failure: object) -> SyncError:
    reason = failure.get("reason") if isinstance(failure, dict) else None
    rule = BUSY_RULES.get(str(reason))
    return (
        rule.error(code=rule.code) if rule else UnexpectedReply("a calendar failed", code="calendar_failed")
    )


def _interval(span: Mapping[str, Any], place: GoogleContext) -> ExternalEvent:
    """One taken time; its id is that time, because it has none."""
    start, end, _, flaw = event_times(moment_of(span.get("start")), moment_of(span.get("end")), place.zone)
    return ExternalEvent(f"busy-{start:%Y%m%dT%H%M%SZ}", Kind.SINGLE, start, end, flaw=flaw)
