"""The calendar port over Google Calendar v3: one exchange a method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.domain.calendar.connection import BLIND, AccessRole, CalendarRef, ProviderKind
from common.domain.calendar.event import Detail, ExternalEvent, Gone, Kind
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarPage, ChangePage, Channel, Cursor, OccurrencePage
from common.domain.export.exported_event import Changed, EventDraft, EventRef, IdTaken
from common.errors import CalendarGone, Forbidden, SyncError, UnexpectedReply
from common.ports.provider import Abilities, BusyPage, BusyRequest, ChannelRequest, CountedPage
from common.providers.answers import NamelessEvent
from common.providers.calls import RefusalOutcome
from common.providers.google import list_events, request_bodies
from common.providers.google.busy import ask_busy
from common.providers.google.client import GoogleClient
from common.providers.google.event_structs import GoogleItem, checked_items, item_of, listing_of, read_listing
from common.providers.google.events_to_domain import (
    GoogleContext,
    answer_of,
    calendar_of,
    change_of,
    channel_of,
    event_of,
    first_of,
    guests_of,
    is_private,
    original_start_of,
    unit_of,
    valid_zone,
    written_of,
)
from common.providers.google.list_events import events_of, next_page

_ABSENT = frozenset({RefusalOutcome.MISSING, RefusalOutcome.DELETED})


class GoogleCalendar:
    """Google Calendar for every account; see ``CalendarProvider``."""

    kind: ProviderKind = ProviderKind.GOOGLE
    busy_batch: int = 1
    abilities: Abilities = Abilities(
        silent_guests=True,
        accepts_for_guests=True,
        endless_listing=True,
        proves_removals=True,
        keeps_ids=True,
    )

    def __init__(self, client: GoogleClient) -> None:
        self._client = client
        self._events = client.service.events()

    def fields_version(self, detail: Detail) -> str:
        """A word for what is asked of an event; another word needs a new listing."""
        return list_events.fields_version(detail)

    def list_calendars(self, token: str, *, page: str | None) -> CalendarPage:
        """One page of the account's calendars, also of those that the person hides from view."""
        request = self._client.service.calendarList().list(
            maxResults=250,
            showHidden=True,
            fields=list_events.CALENDAR_FIELDS,
            **list_events.page_parameter(page),
        )
        reply = self._client.read(token, request)
        items = checked_items(reply.get("kind"), reply.get("items"))
        found = (calendar_of(item) for item in items if isinstance(item, dict))
        return CalendarPage(tuple(entry for entry in found if entry), _next(reply, page))

    def create_calendar(self, token: str, *, name: str, zone: str) -> str:
        """A new calendar of the account; its provider id."""
        body: Any = {"summary": name, "timeZone": zone}
        reply = self._client.read(token, self._client.service.calendars().insert(body=body))
        return written_of(reply).id

    def delete_calendar(self, token: str, calendar: CalendarRef) -> None:
        """Remove a calendar that we made; one that is gone already is fine."""
        request = self._client.service.calendars().delete(calendarId=calendar.provider_id)
        self._client.send(token, request, accept=_ABSENT)

    def changes(self, token: str, calendar: CalendarRef, cursor: Cursor, *, detail: Detail) -> ChangePage:
        """The next page of a full listing or of a delta; series are named, not expanded."""
        asked = list_events.sync_parameters(cursor, detail)
        request = self._events.list(calendarId=calendar.provider_id, **asked)
        listing = read_listing(self._client.content(token, request))
        place = GoogleContext.of((listing.time_zone, calendar.zone), detail)
        found = [change_of(item, place, snapshot=cursor.snapshot) for item in listing.items or ()]
        page, sync_token = next_page(listing.next_page_token, cursor.page), listing.next_sync_token
        if page:
            after = cursor.at_page(page)
        elif isinstance(sync_token, str) and sync_token:
            after = cursor.at_token(sync_token)
        else:
            raise UnexpectedReply("a listing ends without a sync token", code="no_sync_token")
        return ChangePage(
            changes=tuple(filter(None, found)),
            next=after,
            last=page is None,
            snapshot=cursor.snapshot,
            zone=valid_zone(listing.time_zone),
        )

    def count(self, token: str, calendar: CalendarRef, window: Interval, *, page: str | None) -> CountedPage:
        """What a full listing from ``window``'s start on names on this page, and the next page."""
        request = self._events.list(
            calendarId=calendar.provider_id,
            singleEvents=False,
            maxResults=2500,
            timeMin=request_bodies.rfc3339(window.start),
            fields=list_events.COUNT_FIELDS,
            **list_events.page_parameter(page),
        )
        reply = self._client.read(token, request)
        items = checked_items(reply.get("kind"), reply.get("items"))
        # Of a calendar that shows nothing but its taken times all is called private.
        blind = calendar.role in BLIND
        named = [item for item in items if isinstance(item, dict) and item.get("id")]
        units = {unit_of(item): not blind and is_private(item) for item in named}
        return CountedPage(units, _next(reply, page))

    def occurrences(
        self,
        token: str,
        calendar: CalendarRef,
        series_id: str,
        window: Interval,
        *,
        detail: Detail,
        page: str | None,
    ) -> OccurrencePage | Gone:
        """One page of a series' occurrences that overlap ``window``."""
        request = self._events.instances(
            calendarId=calendar.provider_id,
            eventId=series_id,
            maxResults=2500,
            showDeleted=False,
            fields=list_events.page_fields(detail),
            **list_events.window_parameters(window),
            **list_events.page_parameter(page),
        )
        reply = self._client.attempt(token, request, accept={*_ABSENT, RefusalOutcome.NO_SERIES})
        if reply is RefusalOutcome.NO_SERIES:
            return self._single(token, calendar, series_id, window, detail)
        if isinstance(reply, RefusalOutcome):
            return self._proven(token, calendar, series_id, reply)
        listing = listing_of(reply)
        events, nameless = events_of(listing, GoogleContext.of((listing.time_zone, calendar.zone), detail))
        dates = tuple(event for event in events if event.series_id and event.belongs_to(window))
        following = next_page(listing.next_page_token, page)
        if not dates and not nameless and page is None and following is None:
            # What its owner made a single event again has no dates, and is there all the same.
            return self._single(token, calendar, series_id, window, detail)
        return OccurrencePage(events=dates, nameless=nameless, page=following)

    def first_occurrence(
        self, token: str, calendar: CalendarRef, series: ExternalEvent, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """The date at the series' own start, wherever it was moved to; Gone where it alone was deleted.

        https://developers.google.com/workspace/calendar/api/v3/reference/events/instances (originalStart)
        """
        request = self._events.instances(
            calendarId=calendar.provider_id,
            eventId=series.id,
            originalStart=request_bodies.original_start_parameter(series),
            showDeleted=False,
            fields=list_events.page_fields(detail),
        )
        reply = self._client.attempt(token, request, accept={*_ABSENT, RefusalOutcome.NO_SERIES})
        if reply is RefusalOutcome.NO_SERIES:
            return self.get_event(token, calendar, series.id, detail=detail)
        if isinstance(reply, RefusalOutcome):
            return self._proven(token, calendar, series.id, reply)
        listing = listing_of(reply)
        events, _ = events_of(listing, GoogleContext.of((listing.time_zone, calendar.zone), detail))
        # That it is not listed is no proof yet: it is asked for by the id that such a date has.
        return first_of(events, series) or self.get_event(
            token, calendar, f"{series.id}_{original_start_of(series)}", detail=detail
        )

    def get_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """One event as it is now; Gone where it is cancelled, or not in a calendar that can be read."""
        request = self._events.get(
            calendarId=calendar.provider_id, eventId=event_id, fields=list_events.OWN_EVENT_FIELDS[detail]
        )
        reply = self._client.attempt(token, request, accept=_ABSENT)
        if isinstance(reply, RefusalOutcome):
            return self._proven(token, calendar, event_id, reply)
        if reply.get("status") == "cancelled":
            return Gone(event_id, deleted=True)
        try:
            event = event_of(item_of(reply) or GoogleItem(), GoogleContext.of((calendar.zone,), detail))
        except NamelessEvent as error:
            raise UnexpectedReply("an event that cannot be read", code=str(error)) from None
        return event._replace(guests=guests_of(reply)) if detail is Detail.FULL else event

    def find_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """One event as it is now; Google's address of an event is that of its calendar."""
        return self.get_event(token, calendar, event_id, detail=detail)

    def create_event(self, token: str, calendar: CalendarRef, draft: EventDraft) -> EventRef | IdTaken:
        """Write a booking's event under our own id: the HTTP library may send it twice by itself."""
        body: Any = request_bodies.new_event(draft)
        request = self._events.insert(
            calendarId=calendar.provider_id,
            body=body,
            fields=list_events.WRITE_FIELDS,
            **request_bodies.send_updates_parameter(notify=draft.notify),
        )
        reply = self._client.attempt(token, request, accept={RefusalOutcome.TAKEN})
        return IdTaken(draft.event_id) if isinstance(reply, RefusalOutcome) else answer_of(reply)

    def update_event(
        self,
        token: str,
        calendar: CalendarRef,
        event_id: str,
        draft: EventDraft,
        *,
        changed: frozenset[str],
        etag: str | None,
    ) -> EventRef | Gone | Changed:
        """Change only the named fields in place; ``status`` revives an event that was cancelled."""
        body: Any = request_bodies.changed_event(draft, changed)
        request = self._events.patch(
            calendarId=calendar.provider_id,
            eventId=event_id,
            body=body,
            fields=list_events.WRITE_FIELDS,
            **request_bodies.send_updates_parameter(notify=draft.notify),
        )
        if etag:
            request.headers = {**(request.headers or {}), "If-Match": etag}
        try:
            reply = self._client.attempt(token, request, accept={*_ABSENT, RefusalOutcome.CHANGED})
        except Forbidden as refused:
            # Nobody may bring back what a person deleted in Google's web page, and the refusal does not say
            # that it is gone: https://github.com/googleapis/google-api-python-client/issues/846
            there = refused.reason != Forbidden.code or self.get_event(
                token, calendar, event_id, detail=Detail.TIMES
            )
            if not isinstance(there, Gone):
                raise
            return there
        if reply is RefusalOutcome.CHANGED:
            return Changed(event_id)
        if isinstance(reply, RefusalOutcome):
            return self._proven(token, calendar, event_id, reply)
        if reply.get("status") == "cancelled":
            return Gone(event_id, deleted=True)
        return answer_of(reply)

    def delete_event(self, token: str, calendar: CalendarRef, event_id: str, *, notify: bool) -> Gone | None:
        """Remove an event; Gone where none was found in a calendar that can be read."""
        request = self._events.delete(
            calendarId=calendar.provider_id,
            eventId=event_id,
            **request_bodies.send_updates_parameter(notify=notify),
        )
        outcome = self._client.send(token, request, accept=_ABSENT)
        return self._proven(token, calendar, event_id, outcome) if outcome else None

    def watch(self, token: str, calendar: CalendarRef, request: ChannelRequest) -> Channel:
        """Open a push channel; its life is the one that Google returned."""
        body: Any = request_bodies.channel_body(request)
        reply = self._client.read(token, self._events.watch(calendarId=calendar.provider_id, body=body))
        return channel_of(reply, request)

    def renew(self, token: str, channel: Channel, *, now: datetime, until: datetime) -> Channel | None:  # noqa: ARG002
        """Nothing: Google has no call for it, a channel is replaced before it ends."""
        return None

    def unwatch(self, token: str, channel: Channel) -> None:
        """Close a push channel; one that is unknown already is fine."""
        body: Any = {"id": channel.id, "resourceId": channel.resource_id}
        self._client.send(token, self._client.service.channels().stop(body=body), accept=_ABSENT)

    def busy(
        self,
        token: str,
        requests: Sequence[BusyRequest],
        window: Interval,
        *,
        detail: Detail = Detail.TIMES,
    ) -> tuple[BusyPage | SyncError, ...]:
        """Each calendar's events in ``window``, or why they are not known."""
        return tuple(ask_busy(self._client, token, request, window, detail) for request in requests)

    def _single(
        self, token: str, calendar: CalendarRef, event_id: str, window: Interval, detail: Detail
    ) -> OccurrencePage | Gone:
        """What there is of a series that its owner has made a single event again."""
        found = self.get_event(token, calendar, event_id, detail=detail)
        if isinstance(found, Gone):
            return found
        single = found.kind is not Kind.SERIES
        there = single and not found.cancelled and found.inside(window)
        return OccurrencePage(events=(found,) if there else (), single=single)

    def _proven(self, token: str, calendar: CalendarRef, event_id: str, outcome: RefusalOutcome) -> Gone:
        """Gone, if the provider said so; a 404 also means "no access", so the calendar is asked too."""
        if outcome is RefusalOutcome.MISSING:
            request = self._events.list(
                calendarId=calendar.provider_id, maxResults=1, fields=list_events.PROBE_FIELDS
            )
            reply = self._client.read(token, request)
            checked_items(reply.get("kind"), reply.get("items"))
            role = request_bodies.ROLES.get(str(reply.get("accessRole")), AccessRole.READER)
            if role in BLIND and calendar.role not in BLIND:
                raise CalendarGone("the calendar shows no events any more", code="access_lost")
        return Gone(event_id, deleted=outcome is RefusalOutcome.DELETED)


def _next(reply: request_bodies.Reply, page: str | None) -> str | None:
    return next_page(reply.get("nextPageToken"), page)
