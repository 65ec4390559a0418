"""A connection of one resource to one provider account: its calendars as listed, settings and grant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.connect.settings import Settings
from common.errors import PACED


class ProviderKind(StrEnum):
    """The providers that can be connected."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"


class Status(StrEnum):
    """Whether a connection works, needs its owner, or has ended.

    ``UNREACHABLE`` is shown and never stored: the provider refuses our tokens at the moment, and it is not
    certain that this is for good.
    """

    CONNECTED = "connected"
    ACTIVE = "active"
    UNREACHABLE = "unreachable"
    REAUTH_REQUIRED = "reauth_required"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"


class Limitation(StrEnum):
    """One thing that this provider's calendars cannot do; the words are part of the API.

    Attributes:
        GUESTS_ARE_ALWAYS_MAILED: Whoever is a guest is told of every change, so customers become guests only
            where notifications are wanted; elsewhere the event's text names them.
        NO_ACCEPTING_FOR_GUESTS: Only a guest can accept.
        INVITED_EVENTS_STAY: An event with a guest stays in its calendar when another target is chosen, and
            is left there by a disconnection: taken away, it would tell its guest of a cancellation.
        DELETED_OCCURRENCES_SEEN_LATE: A single deleted date of a series is seen within a day, or by a live
            question at once.
        GRANT_ENDED_BY_OWNER: Disconnecting forgets the grant, but only its owner can end it at the provider.
    """

    GUESTS_ARE_ALWAYS_MAILED = "guests_are_always_mailed"
    NO_ACCEPTING_FOR_GUESTS = "no_accepting_for_guests"
    INVITED_EVENTS_STAY = "invited_events_stay"
    DELETED_OCCURRENCES_SEEN_LATE = "deleted_occurrences_seen_late"
    GRANT_ENDED_BY_OWNER = "grant_ended_by_owner"


# https://learn.microsoft.com/graph/api/user-post-events (invitations can't be configured)
LIMITATIONS: Mapping[ProviderKind, tuple[Limitation, ...]] = {
    ProviderKind.GOOGLE: (),
    ProviderKind.MICROSOFT: tuple(Limitation),
}


class AccessRole(StrEnum):
    """What the account may do in a calendar."""

    NONE = "none"
    FREE_BUSY = "free_busy"
    READER = "reader"
    WRITER_WITHOUT_PRIVATE = "writer_without_private"
    WRITER = "writer"
    OWNER = "owner"


WRITERS = frozenset({AccessRole.WRITER_WITHOUT_PRIVATE, AccessRole.WRITER, AccessRole.OWNER})
# Whoever has one of these sees when a calendar is taken, and nothing of its events.
BLIND = frozenset({AccessRole.NONE, AccessRole.FREE_BUSY})


class CalendarUse(StrEnum):
    """What a person chose to use a calendar for; the words are part of the API.

    Attributes:
        IMPORT: Its events are copied as the import mode says, and asked for live: they block bookable time.
        CHECK: It is asked live, so that its events block bookable time; nothing of it is stored.
        NONE: It is not read, and nothing in it blocks.
    """

    IMPORT = "import"
    CHECK = "check"
    NONE = "none"


def calendar_key(provider_id: str) -> str:
    """A document name for a provider's calendar id, which may be an address or hold slashes."""
    return hashlib.sha256(provider_id.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One calendar of the account as last listed, and what a person uses it for.

    ``owner`` names its owner (a hash, as of ``calendar_key``) where the provider's ids of calendars may
    change, so that it has to be found again by its name and owner.
    """

    key: str
    provider_id: str = field(repr=False)
    name: str = field(repr=False)
    zone: str | None
    role: AccessRole
    primary: bool = False
    use: CalendarUse = CalendarUse.NONE
    missing_since: datetime | None = None
    owner: str | None = field(default=None, repr=False)

    @property
    def writable(self) -> bool:
        """Whether bookings can be written to it."""
        return self.role in WRITERS


@dataclass(frozen=True, slots=True)
class CalendarRef:
    """What a provider needs to know of a calendar to ask about it; ``zone`` places all-day events."""

    provider_id: str = field(repr=False)
    zone: str
    role: AccessRole = AccessRole.OWNER


class Phase(StrEnum):
    """How far a first synchronisation is."""

    COUNTING = "counting"
    IMPORTING = "importing"
    EXPORTING = "exporting"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


# Work that stands still for longer is told of. A worker that died holds its calendar for six minutes.
STALLED_AFTER = timedelta(minutes=10)
RUNNING = frozenset({Phase.COUNTING, Phase.IMPORTING, Phase.EXPORTING})


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A first synchronisation, chunk by chunk; ``seq`` numbers the chunks and makes repeats harmless.

    ``moved_at`` is when it came on last, or, after a wait that the provider asked for, when that ended.
    """

    id: str
    phase: Phase
    seq: int
    calendars: tuple[str, ...]
    started_at: datetime
    position: int = 0
    imports_total: int = 0
    imports_done: int = 0
    exports_total: int = 0
    exports_done: int = 0
    exports_failed: int = 0
    export_after: str | None = None
    notify: bool = False
    waiting_until: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    moved_at: datetime | None = None

    @property
    def progress(self) -> tuple[object, ...]:
        """How far it is; another value means that it came on."""
        done = (self.imports_total, self.imports_done, self.exports_done, self.exports_failed)
        return (self.phase, self.position, self.export_after, *done)

    @property
    def told_wait(self) -> datetime | None:
        """Until when the provider asked it to wait; a wait for our own share of the limits is none."""
        return None if self.error == PACED else self.waiting_until

    @property
    def running(self) -> bool:
        """Whether chunks are still to come."""
        return self.phase in RUNNING

    def stalled_since(self, now: datetime) -> datetime | None:
        """Since when it has not come on; None where it does, is over, or waits as the provider asked."""
        if not self.running:
            return None
        moved = self.moved_at or self.started_at
        return moved if now - max(moved, self.told_wait or moved) >= STALLED_AFTER else None

    @property
    def done(self) -> int:
        """Events and bookings dealt with."""
        return self.imports_done + self.exports_done + self.exports_failed

    @property
    def total(self) -> int:
        """Events and bookings to deal with, never less than what is done."""
        return max(self.imports_total, self.imports_done) + max(
            self.exports_total, self.exports_done + self.exports_failed
        )

    @property
    def percentage(self) -> int:
        """0 to 100; 100 only when the run is done."""
        if self.phase is Phase.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What disconnecting did; ``provider_reachable`` is False where a dead grant allowed no clean-up."""

    started_at: datetime
    finished_at: datetime | None = None
    channels_stopped: int = 0
    events_deleted: int = 0
    events_left: int = 0
    calendar_removed: bool = False
    imports_removed: int = 0
    grant_revoked: bool = False
    grant_kept_for_other_connection: bool = False
    provider_reachable: bool = True


# For so long, and no sooner than after so many tries, refused tokens are no proof that a grant is dead.
DOUBT_ENDS_AFTER = timedelta(hours=24)
LEAST_TRIES = 10
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Doubt:
    """The provider refuses a connection's tokens, and it is not certain that this is for good.

    ``since`` is the first refusal and ``tries`` how many there were; until ``next_try`` nobody asks again.
    ``reason`` is the code of the latest refusal.
    """

    since: datetime
    tries: int
    next_try: datetime
    reason: str

    def ended(self, *, now: datetime) -> bool:
        """Whether this went on for so long that the account has to be connected again."""
        return self.tries >= LEAST_TRIES and now - self.since >= DOUBT_ENDS_AFTER


def doubt_after_refusal(before: Doubt | None, *, reason: str, now: datetime) -> Doubt:
    """The doubt after one more refusal; the pauses grow from a minute to an hour.

    Of several who were refused at the same moment only the first counts.
    """
    if before is not None and now < before.next_try:
        return before
    tries = before.tries + 1 if before else 1
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(tries - 1, 10)))
    return Doubt(since=before.since if before else now, tries=tries, next_try=now + pause, reason=reason)


@dataclass(frozen=True, slots=True)
class Connection:
    """One resource's own permission in one provider account.

    ``account`` is the address that people know it by, which may change; ``identity`` is the provider's own
    name for it, which never does (None where it is not known yet). ``told_at`` is when its owner was first
    notified that it has to be connected again. ``moved_to`` are calendars that are read for nothing else, and
    into which the owner moved events of ours. ``doubt`` is there while the provider refuses our tokens, and
    until ``paused_until`` the provider asked everybody to leave the account alone.
    """

    id: str
    tenant: str
    resource: str
    provider: ProviderKind
    account: str = field(repr=False)
    status: Status
    created_at: datetime
    settings: Settings = field(default_factory=Settings)
    calendars: Mapping[str, CalendarEntry] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    dedicated_calendar: str | None = None
    dedicated_pending: bool = False
    run: SyncRun | None = None
    receipt: Receipt | None = None
    waiting_until: datetime | None = None
    error: str | None = None
    told_at: datetime | None = None
    identity: str | None = field(default=None, repr=False)
    moved_to: tuple[str, ...] = ()
    doubt: Doubt | None = None
    paused_until: datetime | None = None
    version: str | None = None

    @property
    def checked_calendars(self) -> tuple[CalendarEntry, ...]:
        """The calendars whose events block bookable time, and which are asked live: nothing else blocks.

        The calendar that Slotbridge made for its exports is never one of them.
        """
        return tuple(entry for _, entry in sorted(self.calendars.items()) if self.checks(entry))

    def checks(self, entry: CalendarEntry) -> bool:
        """Whether events of this calendar block bookable time."""
        return self.imports(entry) or (
            entry.use is CalendarUse.CHECK and entry.key != self.dedicated_calendar
        )

    def imports(self, entry: CalendarEntry) -> bool:
        """Whether events of this calendar are copied; never while the connection's import is off."""
        chosen = self.settings.imports.on and entry.use is CalendarUse.IMPORT
        return chosen and entry.key != self.dedicated_calendar

    @property
    def default_calendar(self) -> CalendarEntry | None:
        """The account's own calendar."""
        return next((entry for entry in self.calendars.values() if entry.primary), None)

    @property
    def usable(self) -> bool:
        """Whether the provider may be asked in this connection's name."""
        return self.status in {Status.CONNECTED, Status.ACTIVE}

    @property
    def shown_status(self) -> Status:
        """The status that a person reads."""
        return Status.UNREACHABLE if self.usable and self.doubt is not None else self.status

    @property
    def ended(self) -> bool:
        """Whether it was disconnected, or is just being disconnected; neither is ever undone."""
        return self.status in {Status.DISCONNECTING, Status.DISCONNECTED}


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens that a consent gave us; never in a log, a task or an error, and encrypted when stored."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()
    account: str | None = field(default=None, repr=False)
    identity: str | None = field(default=None, repr=False)

    def fresh(self, *, now: datetime, margin: timedelta = timedelta(minutes=2)) -> bool:
        """Whether the access token outlives ``margin``."""
        return self.expires_at > now + margin


# One listing without a calendar proves nothing: listings have been incomplete for hours.
GONE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CalendarListing:
    """The calendars after a listing; ``returned`` were missing before, ``gone`` are missing for good.

    ``renamed`` leads from the keys of calendars that have another id now to their new keys.
    """

    calendars: Mapping[str, CalendarEntry]
    returned: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def first_listing(listed: Iterable[CalendarEntry]) -> dict[str, CalendarEntry]:
    """The calendars of a new connection: the account's own one is imported, the others are not used."""
    uses = {True: CalendarUse.IMPORT, False: CalendarUse.NONE}
    return {entry.key: replace(entry, use=uses[entry.primary], missing_since=None) for entry in listed}


def merge_listing(
    known: Mapping[str, CalendarEntry],
    listed: Iterable[CalendarEntry],
    *,
    now: datetime,
    add_new: bool = True,
    follow: bool = False,
) -> CalendarListing:
    """The calendars after a later listing: new ones are not used, missing ones stay.

    Args:
        known: The calendars before it.
        listed: What it shows.
        now: The present moment.
        add_new: Without it, new ones are left out for now: one of them may be just being made.
        follow: Whether a calendar that is there under another id takes the place of the missing one. Whoever
            says so must move everything else that names the calendar.
    """
    present = {entry.key: entry for entry in listed}
    renamed = _renamed(known, present) if follow else {}
    calendars: dict[str, CalendarEntry] = {}
    for key, entry in known.items():
        if key in renamed:
            calendars[renamed[key]] = replace(present[renamed[key]], use=entry.use, missing_since=None)
        elif key in present and key not in calendars:
            calendars[key] = replace(present[key], use=entry.use, missing_since=None)
        elif key not in present:
            calendars[key] = replace(entry, missing_since=entry.missing_since or now)
    for key, entry in present.items() if add_new else ():
        calendars.setdefault(key, replace(entry, use=CalendarUse.NONE, missing_since=None))
    return CalendarListing(
        calendars=calendars,
        returned=tuple(sorted(key for key in present if key in known and known[key].missing_since)),
        gone=tuple(sorted(key for key, entry in calendars.items() if proven_gone(entry, now=now))),
        renamed=renamed,
    )


def _renamed(known: Mapping[str, CalendarEntry], present: Mapping[str, CalendarEntry]) -> Mapping[str, str]:
    """The calendars that are missing and there under another id: by their role, or by name and owner."""
    lost = [entry for key, entry in known.items() if key not in present]
    fresh = [entry for key, entry in present.items() if key not in known]
    found: dict[str, str] = {}
    default = next((entry for entry in present.values() if entry.primary), None)
    for entry in lost:
        if entry.primary:
            # An account has one default calendar, whatever its id is.
            unused = default and known.get(default.key, default).use is CalendarUse.NONE
            named = [default] if default and unused else []
        else:
            named = [other for other in fresh if _same_calendar(entry, other)]
        rivals = [other for other in lost if _same_calendar(entry, other)]
        if len(named) == 1 and (entry.primary or rivals == [entry]):
            found[entry.key] = named[0].key
    return found


def _same_calendar(one: CalendarEntry, other: CalendarEntry) -> bool:
    if one.primary or other.primary or one.owner is None or not one.name:
        return False
    return (one.name, one.owner) == (other.name, other.owner)


def with_renamed(connection: Connection, renamed: Mapping[str, str]) -> Connection:
    """The connection once everything in it names calendars by their new keys."""
    if not renamed:
        return connection
    exports, run = connection.settings.exports, connection.run
    if exports.target is not None:
        exports = replace(exports, target=renamed.get(exports.target, exports.target))
    if run is not None:
        run = replace(run, calendars=tuple(renamed.get(key, key) for key in run.calendars))
    dedicated = connection.dedicated_calendar
    return replace(
        connection,
        settings=replace(connection.settings, exports=exports),
        dedicated_calendar=renamed.get(dedicated, dedicated) if dedicated else None,
        run=run,
        moved_to=tuple(renamed.get(key, key) for key in connection.moved_to),
    )


def proven_gone(entry: CalendarEntry, *, now: datetime) -> bool:
    """Whether two listings at least a day apart did not have it."""
    return entry.missing_since is not None and now - entry.missing_since >= GONE_AFTER
