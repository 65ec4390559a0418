"""The calendar port over Microsoft Graph v1.0: one exchange a method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.domain.account import CalendarRef, ProviderKind
from common.domain.booking import Changed, EventDraft, EventRef, IdTaken
from common.domain.event import Detail, ExternalEvent, Gone, SeriesTouched, Upsert
from common.domain.feed import CalendarPage, ChangePage, Channel, Cursor, OccurrencePage
from common.domain.interval import Interval
from common.domain.ownership import id_signature
from common.errors import Conflict, Forbidden, SyncError, UnexpectedReply
from common.ports.provider import Abilities, BusyPage, BusyRequest, ChannelRequest
from common.providers.microsoft import batch, pages, wire
from common.providers.microsoft.busy import ask_busy
from common.providers.microsoft.client import GraphClient, Outcome
from common.providers.microsoft.mapping import (
    Place,
    Unmappable,
    calendar_of,
    change_of,
    channel_of,
    event_of,
    inside,
    renewed_of,
    shows,
    written_of,
)
from common.providers.microsoft.pages import events_of, items_of
from common.providers.microsoft.wire import Ask, Reply

_ABSENT = frozenset({Outcome.MISSING})
# What only the owner's own copy has: a change of it is mailed to nobody.
_UNSEEN = frozenset({"reminder", "attendee"})


class MicrosoftCalendar:
    """Outlook's calendars for every account, personal or not; see ``CalendarProvider``."""

    kind: ProviderKind = ProviderKind.MICROSOFT
    busy_batch: int = batch.MOST
    abilities: Abilities = Abilities(
        silent_guests=False, accepts_for_guests=False, endless_feed=False, proves_removals=False
    )

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def fields_version(self, detail: Detail) -> str:
        """A word for what is asked of an event; another word needs a new listing."""
        return pages.fields_version(detail)

    def list_calendars(self, token: str, *, page: str | None) -> CalendarPage:
        """One page of the account's calendars."""
        reply = self._client.read(token, pages.calendars(page))
        found = (calendar_of(item) for item in items_of(reply) if isinstance(item, dict))
        return CalendarPage(tuple(entry for entry in found if entry), self._next(reply, page))

    def create_calendar(self, token: str, *, name: str, zone: str) -> str:  # noqa: ARG002 (Graph's have none)
        """A new calendar of the account; its provider id."""
        reply = self._client.read(token, Ask("POST", "/me/calendars", body={"name": name}))
        return written_of(reply).id

    def delete_calendar(self, token: str, calendar: CalendarRef) -> None:
        """Remove a calendar that we made; one that is gone already is fine."""
        self._client.tell(token, Ask("DELETE", wire.calendar_path(calendar.provider_id)), accept=_ABSENT)

    def changes(self, token: str, calendar: CalendarRef, cursor: Cursor, *, detail: Detail) -> ChangePage:
        """The next page of a full listing or of a delta, both within the cursor's window."""
        reply = self._client.read(token, pages.feed(calendar.provider_id, cursor, detail))
        place = Place.of(calendar.zone, detail)
        found = [change_of(item, place) for item in items_of(reply)]
        if cursor.snapshot:
            # What only the margin of the view shows; in a delta it may just have left the window.
            found = [one for one in found if not isinstance(one, Upsert) or inside(one.event, cursor.window)]
        page = self._next(reply, cursor.page)
        link = pages.link_of(reply, "@odata.deltaLink", own=self._client.own)
        if page:
            after = Cursor(cursor.snapshot, cursor.window, cursor.token, page)
        elif link:
            after = Cursor(snapshot=False, window=cursor.window, token=link)
        else:
            raise UnexpectedReply("a listing ends without a delta link", code="no_sync_token")
        # A series comes with each of its occurrences, and names itself once.
        bare = {one for one in found if isinstance(one, SeriesTouched)}
        plain = [one for one in found if not isinstance(one, SeriesTouched)]
        return ChangePage(
            changes=(*plain, *_once(found, bare)),
            next=after,
            last=page is None,
            snapshot=cursor.snapshot,
        )
