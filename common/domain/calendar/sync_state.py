"""The state of one calendar's synchronisation: cursor, lease, channel, covered range, breaker, quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from common.domain.calendar.connection import STALLED_AFTER

if TYPE_CHECKING:
    from common.domain.calendar.connection import CalendarEntry
    from common.domain.calendar.event import Change, ExternalEvent
    from common.domain.calendar.interval import Interval


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page continues.

    A snapshot lists everything from ``window`` on; a delta continues ``token`` (Google's sync token,
    Graph's delta link). ``page`` is the provider's page token within either. ``halvings`` is how often the
    usual size of a page is halved, because the provider could not answer larger ones.
    """

    snapshot: bool
    window: Interval
    token: str | None = field(default=None, repr=False)
    page: str | None = field(default=None, repr=False)
    halvings: int = 0

    @staticmethod
    def start(window: Interval, *, halvings: int = 0) -> Cursor:
        """The beginning of a full listing of ``window``."""
        return Cursor(snapshot=True, window=window, halvings=halvings)

    def at_page(self, page: str) -> Cursor:
        """The next page of the same listing or delta."""
        return replace(self, page=page)

    def at_token(self, token: str) -> Cursor:
        """The delta that follows the end of this listing or delta."""
        return replace(self, snapshot=False, token=token, page=None)


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One page of a listing (``snapshot``) or delta; what a whole listing did not show is suspect.

    ``zone`` is the calendar's zone at this moment, where the provider says it with each page.
    """

    changes: tuple[Change, ...]
    next: Cursor
    last: bool
    snapshot: bool
    zone: str | None = None


# Pages in a row that name nothing but what a page shortly before them named, and empty ones, which Graph may
# answer many of: https://learn.microsoft.com/graph/delta-query-overview
MOST_REPEATED_PAGES, MOST_EMPTY_PAGES = 10, 100
# Of one listing or delta: a million entries, at the smallest pages that are usual.
MOST_PAGES = 5_000
_REMEMBERED_PAGES = 8
# A cursor that was refused so often, for so long, is not waited for any more.
MOST_REFUSALS, REFUSED_FOR = 5, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CursorReading:
    """How reading on from a cursor goes; it begins anew with each listing and each delta.

    Attributes:
        pages: How many pages were read.
        repeated: How many of them in a row, up to the last one, named nothing new.
        empty: How many of these named nothing at all.
        seen: A hash of what each of the last pages named.
        refusals: How often in a row the next page, or what the pages had named, was refused.
        refused_since: When it was refused first.
        trials: How many fresh listings were tried since then, instead of waiting for the cursor.
    """

    pages: int = 0
    repeated: int = 0
    empty: int = 0
    seen: tuple[str, ...] = ()
    refusals: int = 0
    refused_since: datetime | None = None
    trials: int = 0

    def after_page(self, page: ChangePage) -> CursorReading:
        """How it goes after a page was answered."""
        if page.last:
            return CursorReading()
        names = "\n".join(sorted({change.name for change in page.changes}))
        if not names:
            return CursorReading(self.pages + 1, self.repeated, self.empty + 1, self.seen)
        seen = hashlib.sha256(names.encode()).hexdigest()[:12]
        repeated = self.repeated + 1 if seen in self.seen else 0
        empty = self.empty if repeated else 0
        return CursorReading(self.pages + 1, repeated, empty, (*self.seen, seen)[-_REMEMBERED_PAGES:])

    def after_answer(self) -> CursorReading:
        """How it goes after something else was answered that the pages had named."""
        return replace(self, refusals=0, refused_since=None, trials=0)

    def after_refusal(self, now: datetime) -> CursorReading:
        """How it goes after the next page was refused."""
        after = replace(self, refusals=self.refusals + 1, refused_since=self.refused_since or now)
        return replace(after, trials=self.trials + after.refused_for_long(now))

    @property
    def endless(self) -> bool:
        """Whether pages follow one another without an end."""
        without_news = self.repeated >= MOST_REPEATED_PAGES or self.empty >= MOST_EMPTY_PAGES
        return without_news or self.pages >= MOST_PAGES

    def refused_for_long(self, now: datetime) -> bool:
        """Whether the cursor is not waited for any more."""
        since = self.refused_since
        return since is not None and self.refusals >= MOST_REFUSALS and now - since >= REFUSED_FOR


@dataclass(frozen=True, slots=True)
class OccurrencePage:
    """One page of a series' occurrences; ``nameless`` items have no id.

    ``single`` says that it is no series: the page has the event itself, where that is in the window.
    """

    events: tuple[ExternalEvent, ...]
    nameless: int = 0
    page: str | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """One page of the account's calendars."""

    entries: tuple[CalendarEntry, ...]
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A push channel (Google) or subscription (Graph), with the life that the provider returned."""

    id: str
    resource_id: str = field(repr=False)
    expires_at: datetime
    created_at: datetime
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The breaker's finding: ``missing`` of ``known`` items vanished at once.

    Nothing is deleted until a person releases it.
    """

    missing: int
    known: int
    since: datetime
    released: bool = False


class PendingKind(StrEnum):
    """What is to be read of a pending unit.

    Attributes:
        SERIES: The occurrences of a series.
        EVENT: One event by its id, which may turn out to be a series, or a date of one.
        DATE: One date by its id, of a series that itself cannot be read.
    """

    SERIES = "series"
    EVENT = "event"
    DATE = "date"


# How often the window and the pages of a listing are halved at most.
MOST_HALVINGS = 4
# After so long a provider may be able to answer larger pages again.
WIDER_AFTER = timedelta(days=7)
_PENDING_OVERHEAD = 60
# How long a unit that could not be understood is left alone.
FAILED_PAUSE = timedelta(hours=1)
# How long after one look at a unit that was not found the next one follows, and for how long it has to be
# absent until that is believed: longer than a provider shows an event late that it has announced.
ABSENT_PAUSE, ABSENT_FOR = timedelta(seconds=30), timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class PendingUnit:
    """Something that a stored page named and that is still to be read by a call of its own.

    Attributes:
        id: The id of the series or event.
        kind: What is to be read of it.
        dates: Ids of single dates of the series that the page named: all there is of a series that was
            never shared.
        page: Where its occurrences go on, once some of their pages are stored.
        pages: How many of them are stored.
        failed_at: When the provider's answer about it could not be understood last, or did not show it; other
            units and pages go on, and it is asked for again after a pause.
        suspect: Whether the calendar itself said that it is not there any more: a listing did not show it, or
            a delta reported it as removed. A single "not found" confirms that, and proves nothing else.
        absent_since: Since when it is not found, although the calendar itself named it.
    """

    id: str
    kind: PendingKind
    dates: tuple[str, ...] = ()
    page: str | None = field(default=None, repr=False)
    pages: int = 0
    failed_at: datetime | None = None
    suspect: bool = False
    absent_since: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """When it is to be read again; None where it is to be read at once."""
        if self.failed_at is None:
            return None
        return self.failed_at + (FAILED_PAUSE if self.absent_since is None else ABSENT_PAUSE)

    def due(self, now: datetime) -> bool:
        """Whether it is to be read now."""
        return self.due_at is None or self.due_at <= now

    def proven_absent(self, now: datetime) -> bool:
        """Whether it is gone, if it is not found at this moment."""
        return self.suspect or (self.absent_since is not None and now - self.absent_since >= ABSENT_FOR)


@dataclass(frozen=True, slots=True)
class CalendarSync:
    """Everything that one calendar's synchronisation remembers between two tasks.

    Attributes:
        tenant: The connection's tenant.
        connection: The connection's id.
        key: The calendar's key.
        cursor: Where the next page continues; None before the first listing.
        generation: Counts full listings: what a finished listing did not stamp with it is swept.
        done_request: The number of the latest sync request that a finished pass has dealt with.
        lease_holder: Who synchronises the calendar at the moment.
        lease_until: When that lease ends by itself.
        covered: The range of time for which series are expanded.
        fields: Names what is asked of the provider; another value needs a new listing.
        channel: The push channel.
        old_channels: Channels that it replaced, still to be closed.
        push_refused: Why there is no push channel or why it could not be renewed, as a code; None where the
            last attempt succeeded. The next attempt is at ``renew_at``; polling carries on.
        unannounced: How many deltas in a row brought changes that no push message had announced.
        units: How many single events and series are stored.
        listed: How many of them the running or latest listing showed.
        quarantined: How many items are listed that could not be read as they should be.
        sweeping: Whether a listing has ended, and what it did not show is being swept.
        pending: What stored pages named and is still to be read. Until it is, the copy is not complete.
        held: The breaker's finding, where it held deletions.
        listings: When listings were begun afresh because the cursor had expired.
        last_push_at: When a push message came last.
        last_applied_at: When a page was stored last.
        moved_at: When an unfinished listing or delta came on last, or was begun.
        waiting_until: Until when the provider asked us to wait.
        poll_at: When to read the calendar without being asked to.
        renew_at: When to renew the channel, or to try again to open one.
        error: Why only a person can help, as a code.
        failing_since: When syncs began to fail; None once one succeeds.
        own_series: The ids of series with a date that is a booking, where deltas do not tell that a date was
            deleted: each delta reads them.
        reading: How reading on from the cursor goes.
        halvings: How often the window and the pages of listings are halved, because the provider could not
            answer larger ones.
        halved_at: When that number was changed last; None where nothing is halved.
        given_up: Why a cursor was given up and the calendar listed afresh (``endless_pages`` or
            ``cursor_refused``); None once a delta was read to its end.
        version: The store's version of this state; None where it was never stored.
    """

    tenant: str
    connection: str
    key: str
    cursor: Cursor | None = None
    generation: int = 0
    done_request: int = 0
    lease_holder: str | None = None
    lease_until: datetime | None = None
    covered: Interval | None = None
    fields: str | None = None
    channel: Channel | None = None
    old_channels: tuple[Channel, ...] = ()
    push_refused: str | None = None
    unannounced: int = 0
    units: int = 0
    listed: int = 0
    quarantined: int = 0
    sweeping: bool = False
    pending: tuple[PendingUnit, ...] = ()
    held: Held | None = None
    listings: tuple[datetime, ...] = ()
    last_push_at: datetime | None = None
    last_applied_at: datetime | None = None
    moved_at: datetime | None = None
    waiting_until: datetime | None = None
    poll_at: datetime | None = None
    renew_at: datetime | None = None
    error: str | None = None
    failing_since: datetime | None = None
    own_series: tuple[str, ...] = ()
    reading: CursorReading = CursorReading()
    halvings: int = 0
    halved_at: datetime | None = None
    given_up: str | None = None
    version: str | None = None

    def leased(self, *, now: datetime) -> bool:
        """Whether a worker is synchronising this calendar at the moment."""
        return self.lease_until is not None and self.lease_until > now

    def without_lease(self) -> CalendarSync:
        """The state with its lease given back; committed with the last data, so neither happens alone."""
        return replace(self, lease_holder=None, lease_until=None)

    def without_cursor(self) -> CalendarSync:
        """The state before a listing that begins at the start; whoever is at work loses its lease."""
        forgotten = replace(self, cursor=None, pending=(), moved_at=None, reading=CursorReading())
        return forgotten.without_lease()

    def with_halvings(self, halvings: int, now: datetime) -> CalendarSync:
        """The state before a listing whose window and pages are halved so often."""
        if halvings == self.halvings:
            return self
        return replace(self, halvings=halvings, halved_at=now if halvings else None)

    def may_widen(self, now: datetime) -> bool:
        """Whether it is time to try a larger window and larger pages again."""
        return self.halved_at is not None and self.halved_at + WIDER_AFTER <= now

    @property
    def deletions_held(self) -> bool:
        """Whether the breaker holds this calendar's deletions until a person releases them."""
        return self.held is not None and not self.held.released

    @property
    def listing(self) -> bool:
        """Whether the calendar is being listed in full, or what a listing did not show is being swept."""
        if self.cursor is None or self.cursor.snapshot:
            return True
        return self.sweeping and not self.deletions_held

    @property
    def complete(self) -> bool:
        """Whether the copy is all that the provider said up to ``last_applied_at``.

        A listing, a delta or a sweep that has not ended, or that is held, knows only a part of it; so does
        one of which something is still to be read.
        """
        return not self.unfinished and not self.sweeping and not self.pending

    @property
    def unfinished(self) -> bool:
        """Whether a listing, its sweep or a delta stopped on the way.

        A sweep that is held does not count, nor does a unit that could not be understood.
        """
        if self.listing or (self.cursor is not None and self.cursor.page is not None):
            return True
        return any(unit.failed_at is None for unit in self.pending)

    def with_pending(self, done: Collection[str], pending: Iterable[PendingUnit]) -> CalendarSync:
        """The state after some units were read, and others were named that are still to be read."""
        known = {unit.id: unit for unit in self.pending}
        left = {name: unit for name, unit in known.items() if name not in done}
        for unit in pending:
            # The dates of a series may be named on several pages.
            dates = (*left[unit.id].dates, *unit.dates) if unit.id in left else unit.dates
            left[unit.id] = replace(unit, dates=tuple(dict.fromkeys(dates)))
        return replace(self, pending=tuple(left.values()))

    @property
    def absent_due_at(self) -> datetime | None:
        """When something that was not found is to be looked for again; None where there is none."""
        times = [unit.due_at for unit in self.pending if unit.absent_since is not None]
        return min((moment for moment in times if moment is not None), default=None)

    @property
    def pending_size(self) -> int:
        """How many characters of the state's document the pending units take, roughly."""
        return sum(_PENDING_OVERHEAD + sum(map(len, (unit.id, *unit.dates))) for unit in self.pending)

    def stalled_since(self, now: datetime) -> datetime | None:
        """Since when unfinished work has not come on; None where it does, or waits as the provider asked."""
        moved = self.moved_at
        if moved is None or not self.unfinished:
            return None
        return moved if now - max(moved, self.waiting_until or moved) >= STALLED_AFTER else None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A single event or series that could not be read as it should be, listed until it is read well or gone.

    Attributes:
        id: The provider's id; empty for all items of a calendar that have none.
        reason: A value of ``Flaw``, or the code of the error with which it was answered.
        at: When it was found.
        generation: The full listing that saw it last.
        told: Whether its owner was notified.
    """

    id: str
    reason: str
    at: datetime
    generation: int = 0
    told: bool = False


ALWAYS_FINE = 10
SHARE = 0.2


def deletions_to_hold(*, missing: int, known: int, now: datetime) -> Held | None:
    """What to hold when ``missing`` of ``known`` future items are not there any more; None to go on.

    A few missing items never hold: a person who clears a day must not need anybody's help.
    """
    if missing <= max(ALWAYS_FINE, known * SHARE):
        return None
    return Held(missing=missing, known=known, since=now)


# A calendar of which nothing can be read must not outgrow its document.
MOST_LISTED = 300


def quarantine_after_page(
    listed: Sequence[Quarantined], *, read: Collection[str], found: Iterable[Quarantined]
) -> tuple[Quarantined, ...]:
    """The list after a page: what was read well or is gone is forgotten, what is flawed is there once.

    Args:
        listed: What was listed before.
        read: The ids of all single events and series whose state the page told.
        found: Those that are flawed.

    Whoever is listed already keeps its time, and that its owner was notified. Beyond 300 none is added.
    """
    before = {item.id: item for item in listed}
    after = {name: item for name, item in before.items() if name not in read}
    for item in found:
        known = before.get(item.id)
        after[item.id] = replace(item, at=known.at, told=known.told) if known else item
    return tuple(sorted(after.values(), key=lambda item: (item.at, item.id))[:MOST_LISTED])


def quarantine_after_listing(listed: Sequence[Quarantined], *, generation: int) -> tuple[Quarantined, ...]:
    """The list after a full listing: what the listing of this generation did not show is forgotten."""
    return tuple(item for item in listed if item.generation >= generation)
