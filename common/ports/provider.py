"""The calendar providers: one exchange a method, failures are errors and never empty answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from common.domain.calendar.event import Detail, ExternalEvent, Gone

if TYPE_CHECKING:
    from common.domain.calendar.connection import CalendarRef, Grant, ProviderKind
    from common.domain.calendar.interval import Interval
    from common.domain.calendar.sync_state import CalendarPage, ChangePage, Channel, Cursor, OccurrencePage
    from common.domain.export.exported_event import Changed, EventDraft, EventRef, IdTaken, Immovable
    from common.errors import SyncError


@dataclass(frozen=True, slots=True)
class ChannelRequest:
    """A push channel to be opened: our id, where to call, the signed token, now, the wished end."""

    id: str
    address: str
    token: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BusyRequest:
    """One calendar, or its next page, in a live question."""

    calendar: CalendarRef
    page: str | None = None


@dataclass(frozen=True, slots=True)
class BusyPage:
    """One calendar's events in the asked window: times and flags only."""

    events: tuple[ExternalEvent, ...]
    page: str | None = None


@dataclass(frozen=True, slots=True)
class CountedPage:
    """The single events and series that one page of a listing names, by id, each with whether it is private.

    A series may be named on several pages.
    """

    units: Mapping[str, bool]
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a provider can do at all, where providers differ.

    Attributes:
        silent_guests: Events with guests can be written and deleted without a mail to them.
        accepts_for_guests: A guest can be entered as one who has accepted.
        endless_listing: A listing goes on for ever; otherwise it and its deltas end with the cursor's window.
        proves_removals: What a feed reports as removed is gone; otherwise it may have left the window only.
        lags: A change may be announced before it can be read: whoever was called has to look once more later.
        renews_channels: A channel gets a longer life in place; otherwise another one takes its place.
        one_channel: An account's calendar reports to one channel only, whichever was opened last.
        keeps_ids: An event has the id that its creator chose; otherwise the provider gives it one of its own.
        longest_title: How many characters (of UTF-16) of a title are kept; None: as many as we write.
        moves_silently: A calendar may not report an event that was moved into it; it keeps its id there.
        relist_every: How often a calendar has to be listed afresh, because a feed does not report everything.
    """

    silent_guests: bool
    accepts_for_guests: bool
    endless_listing: bool
    proves_removals: bool
    lags: bool = False
    renews_channels: bool = False
    one_channel: bool = False
    keeps_ids: bool = False
    longest_title: int | None = None
    moves_silently: bool = False
    relist_every: timedelta | None = None


class CalendarProvider(Protocol):
    """One exchange each; the access token is passed in; failures are SyncErrors, never empty answers.

    An event is named by the id that the provider returned, or, where that answer never came, by the id of
    the draft that created it: ``get_event``, ``update_event`` and ``delete_event`` take both.
    """

    kind: ProviderKind
    busy_batch: int
    abilities: Abilities

    def fields_version(self, detail: Detail) -> str:
        """A word for what is asked of an event (``Feed.fields``); another word needs a new listing."""

    def list_calendars(self, token: str, *, page: str | None) -> CalendarPage:
        """One page of the account's calendars."""

    def create_calendar(self, token: str, *, name: str, zone: str) -> str:
        """A new calendar of the account; its provider id."""

    def delete_calendar(self, token: str, calendar: CalendarRef) -> None:
        """Remove a calendar that we made; one that is gone already is fine."""

    def changes(self, token: str, calendar: CalendarRef, cursor: Cursor, *, detail: Detail) -> ChangePage:
        """The next page of a full listing or of a delta.

        Raises:
            CursorExpired: the token is no longer valid.
            CalendarGone: the calendar is not there, or not for us.
        """

    def count(self, token: str, calendar: CalendarRef, window: Interval, *, page: str | None) -> CountedPage:
        """How many events a listing of ``window`` has on this page, and the next page."""

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

    def first_occurrence(
        self, token: str, calendar: CalendarRef, series: ExternalEvent, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """The date at the series' own start, wherever it was moved to; Gone where it alone was deleted."""

    def get_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """One event as it is now; Gone where it is not found in a calendar that can be read.

        That proves a deletion only together with another look, or with what a listing says.
        """

    def find_event(
        self, token: str, calendar: CalendarRef, event_id: str, *, detail: Detail
    ) -> ExternalEvent | Gone:
        """The same, but Gone also where the event is in another calendar by now, whatever its address says.

        Whether an event is in a calendar is asked of a listing of that calendar.
        """

    def create_event(self, token: str, calendar: CalendarRef, draft: EventDraft) -> EventRef | IdTaken:
        """Write a booking's event for the first time; a repetition finds the event of the first attempt."""

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
        """Change only the named fields (keys of the draft's fingerprint) in place.

        Raises:
            Forbidden: with code ``cannot_be_silent`` where guests would be mailed although nobody may be.
        """

    def delete_event(self, token: str, calendar: CalendarRef, event_id: str, *, notify: bool) -> Gone | None:
        """Remove an event; Gone where none was found, which is for the caller to judge.

        Raises:
            Forbidden: with code ``cannot_be_silent`` where guests would be mailed although nobody may be.
        """

    def watch(self, token: str, calendar: CalendarRef, request: ChannelRequest) -> Channel:
        """Open a push channel.

        Raises:
            Forbidden: with code ``push_unsupported`` where this calendar cannot push, with another one where
                it was refused for a reason that may pass.
        """

    def renew(self, token: str, channel: Channel, *, now: datetime, until: datetime) -> Channel | None:
        """The channel with a longer life; None where it has to be replaced by another one."""

    def unwatch(self, token: str, channel: Channel) -> None:
        """Close a push channel; one that is unknown already is fine."""

    def busy(
        self,
        token: str,
        requests: Sequence[BusyRequest],
        window: Interval,
        *,
        detail: Detail = Detail.TIMES,
    ) -> tuple[BusyPage | SyncError, ...]:
        """Events of up to ``busy_batch`` calendars, answers in the order of the requests.

        Times and flags only, unless a view asks for the ``detail`` of titles.
        """


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What the consent page is asked for."""

    state: str
    challenge: str
    redirect_uri: str
    login_hint: str | None = None


class Authorizer(Protocol):
    """The provider's OAuth endpoints."""

    kind: ProviderKind

    @property
    def issuer(self) -> str | None:
        """What ``iss`` of a callback must be if it is there (RFC 9207); None where anything is."""

    def authorize_url(self, request: ConsentRequest) -> str:
        """Where the person's browser goes to consent."""

    def missing_scopes(self, grant: Grant) -> tuple[str, ...]:
        """The scopes without which nothing works and which the person did not give."""

    def can_make_calendars(self, scopes: Collection[str]) -> bool:
        """Whether these scopes allow a calendar of our own, which nobody has to permit."""

    def exchange(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Grant:
        """The grant behind an authorization code.

        Raises:
            GrantRevoked: the code is not good (any more).
            OperatorFault: our own registration is wrong.
        """

    def refresh(self, grant: Grant, *, now: datetime) -> Grant:
        """A grant with a fresh access token; keeps the refresh token where none is sent again.

        Raises:
            GrantRevoked: the refresh token is dead.
            GrantDoubted: it is refused, and that may pass.
        """

    def revoke(self, grant: Grant) -> bool:
        """Give the grant back; one that is dead already is fine.

        False where the provider takes none back, or it is not certain that it did.
        """


@dataclass(frozen=True, slots=True)
class Provider:
    """The two faces of one provider."""

    calendar: CalendarProvider
    authorizer: Authorizer
