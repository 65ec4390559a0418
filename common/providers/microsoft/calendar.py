"""The calendar port over Microsoft Graph v1.0: one exchange a method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from common.domain.account import CalendarRef, ProviderKind
from common.domain.booking import Changed, EventDraft, EventRef, IdTaken
from common.domain.event import Detail, ExternalEvent, Gone, Upsert
from common.domain.feed import CalendarPage, ChangePage, Channel, Cursor, OccurrencePage
from common.domain.interval import Interval
from common.errors import SyncError, UnexpectedReply
from common.ports.provider import Abilities, BusyPage, BusyRequest, ChannelRequest
from common.providers.lenient import lenient
from common.providers.microsoft import batch, pages, wire
from common.providers.microsoft.busy import ask_busy
from common.providers.microsoft.channels import clear_twins
from common.providers.microsoft.client import GraphClient
from common.providers.microsoft.entries import calendar_of, channel_of, renewed_of
from common.providers.microsoft.evidence import found_as, need_silence, proven
from common.providers.microsoft.items import WordedItem, listed, listing_of, read_listing
from common.providers.microsoft.mapping import (
    Place,
    Unmappable,
    change_of,
    event_of,
    shows,
    written_of,
)
from common.providers.microsoft.pages import events_of
from common.providers.microsoft.wire import Ask, Reply
from common.providers.refusals import Outcome

_ABSENT = frozenset({Outcome.MISSING})
# What only the owner's own copy has: a change of it is mailed to nobody.
_UNSEEN = frozenset({"reminder", "attendee"})


class MicrosoftCalendar:
    """Outlook's calendars for every account, personal or not; see ``CalendarProvider``."""

    kind: ProviderKind = ProviderKind.MICROSOFT
    busy_batch: int = batch.MOST
    abilities: Abilities = Abilities(
        silent_guests=False,
        accepts_for_guests=False,
        endless_feed=False,
        proves_removals=False,
        lags=True,
        one_channel=True,
        relist_every=timedelta(days=1),
    )

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def fields_version(self, detail: Detail) -> str:
        """A word for what is asked of an event; another word needs a new listing."""
        return pages.fields_version(detail)

    def list_calendars(self, token: str, *, page: str | None) -> CalendarPage:
        """One page of the account's calendars."""
        reply = self._client.read(token, pages.calendars(page))
        found = (calendar_of(item) for item in listed(reply.get("value")) if isinstance(item, dict))
        following = self._next(reply.get("@odata.nextLink"), page)
        return CalendarPage(tuple(entry for entry in found if entry), following)

    def create_calendar(self, token: str, *, name: str, zone: str) -> str:  # noqa: ARG002 (Graph's have none)
        """A new calendar of the account; its provider id."""
        reply = self._client.read(token, Ask("POST", "/me/calendars", body={"name": name}))
        return written_of(reply).id

    def delete_calendar(self, token: str, calendar: CalendarRef) -> None:
        """Remove a calendar that we made; one that is gone already is fine."""
        self._client.tell(token, Ask("DELETE", wire.calendar_path(calendar.provider_id)), accept=_ABSENT)

    def changes(self, token: str, calendar: CalendarRef, cursor: Cursor, *, detail: Detail) -> ChangePage:
        """The next page of a full listing or of a delta, both within the cursor's window."""
        listing = read_listing(
            self._client.content(token, pages.feed(calendar.provider_id, cursor, detail)),
            texts=detail is Detail.FULL,
        )
        place = Place.of(calendar.zone, detail)
        found = [change_of(item, place) for item in listing.value or ()]
        if cursor.snapshot:
            # What only the margin of the view shows; in a delta it may just have left the window.
            found = [one for one in found if not isinstance(one, Upsert) or one.event.inside(cursor.window)]
        page = self._next(listing.next_link, cursor.page)
        link = pages.link_of(listing.delta_link, own=self._client.own)
        if page:
            after = Cursor(cursor.snapshot, cursor.window, cursor.token, page)
        elif link:
            after = Cursor(snapshot=False, window=cursor.window, token=link)
        else:
            raise UnexpectedReply("a listing ends without a delta link", code="no_sync_token")
        return ChangePage(
            changes=pages.once(found),
            next=after,
            last=page is None,
            snapshot=cursor.snapshot,
        )

    def count(
        self, token: str, calendar: CalendarRef, window: Interval, *, page: str | None
    ) -> tuple[int, str | None]:
        """How many single events and series are on this page of a view of ``window``, and the next page."""
        listing = read_listing(
            self._client.content(token, pages.counted(calendar.provider_id, window, page)), texts=False
        )
        events, unreadable = events_of(listing, Place.of(calendar.zone, Detail.TIMES))
        units = {event.unit for event in events if event.inside(window)}
        return len(units) + unreadable, self._next(listing.next_link, page)

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
        ask = pages.instances(calendar.provider_id, series_id, window, detail, page)
        reply = self._client.attempt(token, ask, accept=_ABSENT)
        if isinstance(reply, Outcome):
            return proven(self._client, token, calendar, series_id)
        listing = listing_of(reply)
        events, unreadable = events_of(listing, Place.of(calendar.zone, detail))
        return OccurrencePage(
            events=tuple(event for event in events if event.series_id and event.inside(window)),
            unreadable=unreadable,
            page=self._next(listing.next_link, page),
        )

    def get_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """One event as it is now; Gone where it is not in a calendar that can be read."""
        found = found_as(self._client, token, calendar, event_id)
        if isinstance(found, Gone):
            return found
        ask = pages.one(calendar.provider_id, found, detail)
        reply = self._client.attempt(token, ask, accept=_ABSENT)
        if isinstance(reply, Outcome):
            return proven(self._client, token, calendar, event_id)
        return _read(reply, calendar, detail)

    def create_event(self, token: str, calendar: CalendarRef, draft: EventDraft) -> EventRef | IdTaken:
        """Write a booking's event; the answer to a repeated transaction is the first event as it is now."""
        ask = Ask("POST", wire.events_path(calendar.provider_id), body=wire.new_event(draft), texts=True)
        reply = self._client.attempt(token, ask, accept={Outcome.TAKEN})
        if isinstance(reply, Outcome):
            return IdTaken(draft.event_id)
        written = written_of(reply)
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
    ) -> EventRef | Gone | Changed:
        """Change only the named fields in place; what Graph cannot change is left as it is."""
        found = found_as(self._client, token, calendar, event_id)
        if isinstance(found, Gone):
            return found
        path, body = wire.events_path(calendar.provider_id, found), wire.changed_event(draft, changed)
        if draft.attendee and not draft.notify and changed - _UNSEEN:
            need_silence(self._client, token, path)
        ask = Ask("PATCH", path, body=body, etag=etag) if body else Ask("GET", path, pages.STATE)
        reply = self._client.attempt(token, ask, accept={*_ABSENT, Outcome.CHANGED})
        if reply is Outcome.CHANGED:
            return Changed(event_id)
        return (
            proven(self._client, token, calendar, event_id)
            if isinstance(reply, Outcome)
            else written_of(reply)
        )

    def delete_event(self, token: str, calendar: CalendarRef, event_id: str, *, notify: bool) -> None:
        """Remove an event; one that is gone already is fine, a calendar out of reach is not."""
        found = found_as(self._client, token, calendar, event_id)
        if isinstance(found, Gone):
            return
        path = wire.events_path(calendar.provider_id, found)
        if not notify:
            need_silence(self._client, token, path)
        if self._client.tell(token, Ask("DELETE", path), accept=_ABSENT):
            proven(self._client, token, calendar, event_id)

    def watch(self, token: str, calendar: CalendarRef, request: ChannelRequest) -> Channel:
        """Open a subscription; one whose answer was lost gives way to the new one."""
        ask = Ask("POST", "/subscriptions", body=wire.channel(calendar.provider_id, request))
        reply = self._client.attempt(token, ask, accept={Outcome.TAKEN})
        if isinstance(reply, Outcome):
            clear_twins(self._client, token, resource=wire.events_path(calendar.provider_id))
            reply = self._client.read(token, ask)
        return channel_of(reply, request)

    def renew(self, token: str, channel: Channel, *, now: datetime, until: datetime) -> Channel | None:
        """A longer life, with the present token; None for a subscription that is gone for good."""
        reply = self._client.attempt(token, wire.renewal(channel, now=now, until=until), accept=_ABSENT)
        return None if isinstance(reply, Outcome) else renewed_of(reply, channel)

    def unwatch(self, token: str, channel: Channel) -> None:
        """Close a subscription; one that is unknown already is fine."""
        self._client.tell(token, Ask("DELETE", wire.channel_path(channel.resource_id)), accept=_ABSENT)

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

    def _next(self, link: object, page: str | None) -> str | None:
        return pages.link_of(link, own=self._client.own, page=page)


def _read(reply: Reply, calendar: CalendarRef, detail: Detail) -> ExternalEvent:
    try:
        return event_of(lenient(reply, WordedItem), Place.of(calendar.zone, detail))
    except Unmappable as error:
        raise UnexpectedReply("an event that cannot be read", code=str(error)) from None
