"""The calendar port over Microsoft Graph v1.0: one exchange a method."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from common.domain.calendar.connection import CalendarRef, ProviderKind
from common.domain.calendar.event import Detail, ExternalEvent, Flaw, Gone, Kind, Upsert, id_signature
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarPage, ChangePage, Channel, Cursor, OccurrencePage
from common.domain.export.exported_event import Changed, EventDraft, EventRef, IdTaken, Immovable
from common.errors import Conflict, Forbidden, SyncError, UnexpectedReply
from common.ports.provider import Abilities, BusyPage, BusyRequest, ChannelRequest, CountedPage
from common.providers.answers import NamelessEvent, text_of
from common.providers.calls import RefusalOutcome
from common.providers.microsoft import busy, list_events, request_bodies
from common.providers.microsoft.busy import ask_busy
from common.providers.microsoft.client import Existing, GraphClient
from common.providers.microsoft.event_structs import (
    WordedItem,
    checked_items,
    item_of,
    listing_of,
    read_listing,
)
from common.providers.microsoft.events_to_domain import (
    GraphContext,
    answer_of,
    calendar_of,
    change_of,
    channel_of,
    event_of,
    first_of,
    guests_of,
    renewed_of,
    shows,
    written_of,
)
from common.providers.microsoft.list_events import events_of
from common.providers.microsoft.request_bodies import GraphRequest, Reply, calendar_path, subscription_path
from common.providers.microsoft.zones import zone_of

_ABSENT = frozenset({RefusalOutcome.MISSING})
# What only the owner's own copy has: a change of it is mailed to nobody.
_UNSEEN = frozenset({"reminder", "attendee"})


class MicrosoftCalendar:
    """Outlook's calendars for every account, personal or not; see ``CalendarProvider``."""

    kind: ProviderKind = ProviderKind.MICROSOFT
    busy_batch: int = busy.MOST
    abilities: Abilities = Abilities(
        silent_guests=False,
        accepts_for_guests=False,
        endless_listing=False,
        proves_removals=False,
        lags=True,
        renews_channels=True,
        one_channel=True,
        # Exchange's other interfaces cut a longer subject; one that we cut ourselves looks as it was written.
        longest_title=255,
        moves_silently=True,
        relist_every=timedelta(days=1),
    )

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def fields_version(self, detail: Detail) -> str:
        """A word for what is asked of an event; another word needs a new listing."""
        return list_events.fields_version(detail)

    def list_calendars(self, token: str, *, page: str | None) -> CalendarPage:
        """One page of the account's calendars, all of them in the mailbox's zone where that may be read."""
        reply = self._client.read(token, list_events.calendars_request(page))
        zone = mailbox_zone(self._client, token)
        found = (calendar_of(item) for item in checked_items(reply.get("value")) if isinstance(item, dict))
        following = self._next(reply.get("@odata.nextLink"), page)
        return CalendarPage(tuple(replace(entry, zone=zone) for entry in found if entry), following)

    def create_calendar(self, token: str, *, name: str, zone: str) -> str:  # noqa: ARG002 (Graph's have none)
        """A new calendar of the account; its provider id."""
        reply = self._client.read(token, GraphRequest("POST", "/me/calendars", body={"name": name}))
        return written_of(reply).id

    def delete_calendar(self, token: str, calendar: CalendarRef) -> None:
        """Remove a calendar that we made; one that is gone already is fine."""
        self._client.send(
            token, GraphRequest("DELETE", request_bodies.calendar_path(calendar.provider_id)), accept=_ABSENT
        )

    def changes(self, token: str, calendar: CalendarRef, cursor: Cursor, *, detail: Detail) -> ChangePage:
        """The next page of a full listing or of a delta, both within the cursor's window."""
        listing = read_listing(
            self._client.content(token, list_events.delta_request(calendar.provider_id, cursor, detail)),
            texts=detail is Detail.FULL,
        )
        place = GraphContext.of(calendar.zone, detail)
        found = [change_of(item, place) for item in listing.value or ()]
        if cursor.snapshot:
            # What only the margin of the view shows; in a delta it may just have left the window.
            inside = cursor.window
            found = [one for one in found if not isinstance(one, Upsert) or one.event.belongs_to(inside)]
        page = self._next(listing.next_link, cursor.page)
        link = list_events.checked_link(listing.delta_link, own=self._client.own)
        if page:
            after = cursor.at_page(page)
        elif link:
            after = cursor.at_token(link)
        else:
            raise UnexpectedReply("a listing ends without a delta link", code="no_sync_token")
        return ChangePage(
            changes=list_events.without_repetitions(found),
            next=after,
            last=page is None,
            snapshot=cursor.snapshot,
        )

    def count(self, token: str, calendar: CalendarRef, window: Interval, *, page: str | None) -> CountedPage:
        """The single events and series on this page of a view of ``window``, and the next page."""
        listing = read_listing(
            self._client.content(token, list_events.count_request(calendar.provider_id, window, page)),
            texts=False,
        )
        events, _ = events_of(listing, GraphContext.of(calendar.zone, Detail.TIMES))
        units = {event.unit: event.private for event in events if event.inside(window)}
        return CountedPage(units, self._next(listing.next_link, page))

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
        ask = list_events.instances_request(calendar.provider_id, series_id, window, detail, page)
        reply = self._client.attempt(token, ask, accept={*_ABSENT, RefusalOutcome.NO_SERIES})
        if reply is RefusalOutcome.NO_SERIES:
            return self._single(token, calendar, series_id, window, detail)
        if isinstance(reply, RefusalOutcome):
            return prove_gone(self._client, token, calendar, series_id)
        listing = listing_of(reply)
        events, nameless = events_of(listing, GraphContext.of(calendar.zone, detail))
        dates = tuple(event for event in events if event.series_id and event.belongs_to(window))
        following = self._next(listing.next_link, page)
        if not dates and not nameless and page is None and following is None:
            # What its owner made a single event again has no dates, and is there all the same.
            return self._single(token, calendar, series_id, window, detail)
        return OccurrencePage(events=dates, nameless=nameless, page=following)

    def first_occurrence(
        self, token: str, calendar: CalendarRef, series: ExternalEvent, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """The date at the series' own start, wherever it was moved to; Gone where it alone was deleted.

        https://learn.microsoft.com/graph/api/event-list-instances, and the dates that were changed:
        https://learn.microsoft.com/graph/api/resources/event (exceptionOccurrences)
        """
        place = GraphContext.of(calendar.zone, detail)
        around = Interval(series.start, series.start + timedelta(minutes=1))
        ask = list_events.instances_request(calendar.provider_id, series.id, around, detail, None)
        reply = self._client.attempt(token, ask, accept={*_ABSENT, RefusalOutcome.NO_SERIES})
        if reply is RefusalOutcome.NO_SERIES:
            return self.get_event(token, calendar, series.id, detail=detail)
        if isinstance(reply, RefusalOutcome):
            return prove_gone(self._client, token, calendar, series.id)
        events, _ = events_of(listing_of(reply), place)
        if found := first_of(events, series):
            return found
        ask = list_events.exceptions_request(calendar.provider_id, series.id, detail)
        reply = self._client.attempt(token, ask, accept=_ABSENT)
        if isinstance(reply, RefusalOutcome):
            return prove_gone(self._client, token, calendar, series.id)
        changed = {"value": reply.get("exceptionOccurrences") or []}
        events, _ = events_of(listing_of(changed), place)
        return first_of(events, series) or Gone(series.id)

    def get_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """One event as it is now; Gone where it is not in a calendar that can be read."""
        found = event_id_now(self._client, token, calendar, event_id)
        if isinstance(found, Gone):
            return found
        ask = list_events.event_request(calendar.provider_id, found, detail)
        reply = self._client.attempt(token, ask, accept=_ABSENT)
        if isinstance(reply, RefusalOutcome):
            return prove_gone(self._client, token, calendar, event_id)
        return _read(reply, calendar, detail)

    def find_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """One event as it is now, where a listing of this very calendar shows it.

        An address below a calendar was seen to answer for an event of another one:
        https://github.com/microsoftgraph/microsoft-graph-docs/issues/391
        """
        found = self.get_event(token, calendar, event_id, detail=detail)
        if isinstance(found, Gone) or is_listed(self._client, token, calendar, found):
            return found
        return Gone(event_id)

    def create_event(self, token: str, calendar: CalendarRef, draft: EventDraft) -> EventRef | IdTaken:
        """Write a booking's event; the answer to a repeated transaction is the first event as it is now."""
        ask = GraphRequest(
            "POST",
            request_bodies.events_path(calendar.provider_id),
            body=request_bodies.new_event(draft),
            texts=True,
        )
        reply = self._client.create(token, ask)
        if isinstance(reply, Existing):
            return IdTaken(reply.id or draft.event_id)
        written = answer_of(reply)
        return written if shows(reply, draft) else IdTaken(written.id)

    def update_event(
        self,
        token: str,
        calendar: CalendarRef,
        event_id: str,
        draft: EventDraft,
        *,
        changed: frozenset[str],
        etag: str | None,
    ) -> EventRef | Gone | Changed | Immovable:
        """Change only the named fields in place; what Graph cannot change is left as it is."""
        found = event_id_now(self._client, token, calendar, event_id)
        if isinstance(found, Gone):
            return found
        path, body = (
            request_bodies.events_path(calendar.provider_id, found),
            request_bodies.changed_event(draft, changed),
        )
        if draft.attendee and not draft.notify and changed - _UNSEEN:
            demand_no_attendees(self._client, token, path)
        # Where nothing is written the event is read whole: the answer says how it is shown.
        ask = (
            GraphRequest("PATCH", path, body=body, etag=etag, texts=True)
            if body
            else GraphRequest("GET", path, texts=True)
        )
        taken_as_answers = {*_ABSENT, RefusalOutcome.CHANGED, RefusalOutcome.IMMOVABLE}
        reply = self._client.attempt(token, ask, accept={*taken_as_answers, RefusalOutcome.OTHER_ZONE})
        if reply is RefusalOutcome.OTHER_ZONE:
            body = request_bodies.changed_event(draft, changed, zone=event_zone(self._client, token, path))
            reply = self._client.attempt(token, replace(ask, body=body), accept=taken_as_answers)
        if reply is RefusalOutcome.CHANGED:
            return Changed(event_id)
        if reply is RefusalOutcome.IMMOVABLE:
            return Immovable(event_id)
        return (
            prove_gone(self._client, token, calendar, event_id)
            if isinstance(reply, RefusalOutcome)
            else answer_of(reply)
        )

    def delete_event(self, token: str, calendar: CalendarRef, event_id: str, *, notify: bool) -> Gone | None:
        """Remove an event; Gone where none was found in a calendar that can be read."""
        found = event_id_now(self._client, token, calendar, event_id)
        if isinstance(found, Gone):
            return found
        path = request_bodies.events_path(calendar.provider_id, found)
        if not notify:
            demand_no_attendees(self._client, token, path)
        if self._client.send(token, GraphRequest("DELETE", path), accept=_ABSENT):
            return prove_gone(self._client, token, calendar, event_id)
        return None

    def watch(self, token: str, calendar: CalendarRef, request: ChannelRequest) -> Channel:
        """Open a subscription; one whose answer was lost gives way to the new one."""
        ask = GraphRequest(
            "POST", "/subscriptions", body=request_bodies.subscription_body(calendar.provider_id, request)
        )
        reply = self._client.attempt(token, ask, accept={RefusalOutcome.TAKEN})
        resource = request_bodies.subscription_resource(calendar.provider_id)
        if isinstance(reply, RefusalOutcome):
            if not remove_stray_subscriptions(self._client, token, resource=resource):
                raise Conflict("there is such a subscription, and it is not shown", code="channel_exists")
            reply = self._client.read(token, ask)
        opened = channel_of(reply, request)
        # Not every server refuses a second one. What is not shown or cannot be removed ends by itself.
        with suppress(SyncError):
            remove_stray_subscriptions(self._client, token, resource=resource, kept=opened.resource_id)
        return opened

    def renew(self, token: str, channel: Channel, *, now: datetime, until: datetime) -> Channel | None:
        """A longer life, with the present token; None for a subscription that is gone for good."""
        reply = self._client.attempt(
            token, request_bodies.renewal_request(channel, now=now, until=until), accept=_ABSENT
        )
        return None if isinstance(reply, RefusalOutcome) else renewed_of(reply, channel)

    def unwatch(self, token: str, channel: Channel) -> None:
        """Close a subscription; one that is unknown already is fine."""
        self._client.send(
            token,
            GraphRequest("DELETE", request_bodies.subscription_path(channel.resource_id)),
            accept=_ABSENT,
        )

    def busy(
        self,
        token: str,
        requests: Sequence[BusyRequest],
        window: Interval,
        *,
        detail: Detail = Detail.TIMES,
    ) -> tuple[BusyPage | SyncError, ...]:
        """Each calendar's events in ``window``, or why they are not known."""
        return ask_busy(self._client, token, requests, window, detail=detail)

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

    def _next(self, link: object, page: str | None) -> str | None:
        return list_events.checked_link(link, own=self._client.own, page=page)


def _read(reply: Reply, calendar: CalendarRef, detail: Detail) -> ExternalEvent:
    try:
        event = event_of(item_of(reply) or WordedItem(), GraphContext.of(calendar.zone, detail))
    except NamelessEvent as error:
        raise UnexpectedReply("an event that cannot be read", code=str(error)) from None
    return event._replace(guests=guests_of(reply)) if detail is Detail.FULL else event


def event_id_now(client: GraphClient, token: str, calendar: CalendarRef, event_id: str) -> str | Gone:
    """Graph's id of an event that may be named by the id that we chose; a copy of it is not meant.

    Raises:
        UnexpectedReply: The search has no end.
    """
    if id_signature(event_id) is None:
        return event_id
    ask = list_events.request_by_key(calendar.provider_id, event_id)
    page: str | None = None
    for _ in range(MOST_PAGES):
        reply = client.read(token, ask)
        for item in checked_items(reply.get("value")):
            if isinstance(item, dict) and item.get("transactionId") == event_id and text_of(item, "id"):
                return written_of(item).id
        page = list_events.checked_link(reply.get("@odata.nextLink"), own=client.own, page=page)
        if page is None:
            return Gone(event_id)
        ask = list_events.next_page_request(page)
    raise UnexpectedReply("a search without an end of pages", code="endless_pages")


def is_listed(client: GraphClient, token: str, calendar: CalendarRef, event: ExternalEvent) -> bool:
    """Whether a listing of the calendar, around the event's start, shows the event.

    One whose time nobody knows is taken at its word.

    Raises:
        UnexpectedReply: The listing has no end.
    """
    if event.flaw is Flaw.NO_TIMES:
        return True
    ask: GraphRequest | None = list_events.presence_request(calendar.provider_id, event)
    page: str | None = None
    for _ in range(MOST_PAGES):
        if ask is None:
            return False
        reply = client.read(token, ask)
        if any(
            isinstance(item, dict) and item.get("id") == event.id
            for item in checked_items(reply.get("value"))
        ):
            return True
        page = list_events.checked_link(reply.get("@odata.nextLink"), own=client.own, page=page)
        ask = list_events.next_page_request(page) if page else None
    raise UnexpectedReply("a listing without an end", code="endless_pages")


def demand_no_attendees(client: GraphClient, token: str, path: str) -> None:
    """Refuse what would be mailed: Exchange tells every guest of a meeting that its organizer changes.

    https://learn.microsoft.com/graph/api/event-update and https://learn.microsoft.com/graph/api/event-delete

    Raises:
        Forbidden: There are guests.
    """
    reply = client.attempt(
        token, GraphRequest("GET", path, list_events.GUESTS), accept={RefusalOutcome.MISSING}
    )
    if isinstance(reply, RefusalOutcome) or reply.get("isOrganizer") is False:
        return
    if reply.get("attendees"):
        raise Forbidden("guests would be mailed", code="cannot_be_silent")


def event_zone(client: GraphClient, token: str, path: str) -> tuple[str, ZoneInfo]:
    """The zone that an event was made in: the times of some events are taken in no other.

    https://learn.microsoft.com/graph/api/resources/event (originalStartTimeZone)

    Raises:
        UnexpectedReply: It is one that nobody knows.
    """
    reply = client.read(token, GraphRequest("GET", path, list_events.ZONE))
    name = text_of(reply, "originalStartTimeZone") or ""
    found = zone_of(name)
    if found is None:
        raise UnexpectedReply("an event in a zone that nobody knows", code="property_refused")
    return name, found


def prove_gone(client: GraphClient, token: str, calendar: CalendarRef, event_id: str) -> Gone:
    """Gone, because the calendar itself is still there to be read."""
    asked = {"$select": list_events.CALENDAR_FIELDS}
    client.read(token, GraphRequest("GET", calendar_path(calendar.provider_id), asked))
    return Gone(event_id)


def mailbox_zone(client: GraphClient, token: str) -> str | None:
    """The zone in which Outlook places whole days; None where it may not be read, or nobody knows it.

    It takes a permission of its own, MailboxSettings.Read, without which everything else works:
    https://learn.microsoft.com/graph/api/user-get-mailboxsettings
    """
    ask = GraphRequest("GET", "/me/mailboxSettings", {"$select": "timeZone"})
    try:
        reply = client.attempt(token, ask, accept=_ABSENT)
    except Forbidden:
        return None
    found = None if isinstance(reply, RefusalOutcome) else zone_of(text_of(reply, "timeZone") or "")
    return found.key if found else None


MOST_PAGES = 10


def remove_stray_subscriptions(
    client: GraphClient, token: str, *, resource: str, kept: str | None = None
) -> bool:
    """Close the account's other subscriptions to ``resource``; whether any was shown.

    Graph allows one for each kind of change, though not always:
    https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    """
    ask: GraphRequest | None = GraphRequest("GET", "/subscriptions", page_size=list_events.PAGE_SIZE)
    twins: list[str] = []
    page: str | None = None
    for _ in range(MOST_PAGES):
        if ask is None:
            break
        reply = client.read(token, ask)
        found = [item for item in checked_items(reply.get("value")) if isinstance(item, dict)]
        twins += [str(item.get("id")) for item in found if _is_same(item.get("resource"), resource)]
        page = list_events.checked_link(reply.get("@odata.nextLink"), own=client.own, page=page)
        ask = list_events.next_page_request(page) if page else None
    strays = [twin for twin in twins if twin != kept]
    for stray in strays:
        client.send(token, GraphRequest("DELETE", subscription_path(stray)), accept={RefusalOutcome.MISSING})
    return bool(strays)


def _is_same(named: object, resource: str) -> bool:
    """Whether a subscription's resource is this one, also where an older version had its id encoded."""
    return isinstance(named, str) and unquote(named).strip("/") == unquote(resource).strip("/")
