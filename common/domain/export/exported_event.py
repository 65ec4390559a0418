"""The provider event of a booking: its draft, the link to it, and what an export has to do next."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from common.domain.booking.booking import Booking
from common.domain.calendar.event import id_signature
from common.domain.calendar.interval import Interval

if TYPE_CHECKING:
    from common.domain.connect.settings import ExportSettings


class LinkState(StrEnum):
    """Where an export stands."""

    PENDING = "pending"
    LIVE = "live"
    MISSING = "missing"
    GONE = "gone"
    FAILED = "failed"


class Part(StrEnum):
    """A part of an event that can be left out where the provider refuses it; the zone's name becomes UTC."""

    GUEST = "guest"
    ZONE = "zone"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Refusal:
    """That the last write of an event was refused: why, since when, and how often it was tried.

    ``revision`` is the booking's that was to be written. ``entry`` is the outbox entry that rests with
    a dead letter since the write was given up.
    """

    code: str
    since: datetime
    revision: int = 0
    tries: int = 1
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class ExportLink:
    """Which provider event mirrors a booking in one connection, and what we last wrote there.

    ``written`` holds a fingerprint per field of what was last written and answered, and ``shown`` the
    fingerprint of what the provider then showed, for those fields that it stored otherwise than they were
    sent. ``sending`` is the fingerprint of a write that is not answered yet: both states are ours until then.
    ``left_out`` holds the parts of the event that the provider refused, each with a word for what it was:
    with another one it is tried again. ``refused`` is set while the last write of the event is refused.
    ``unseen_since`` is when the event was made, until its calendar or a reading has shown it.
    ``revision`` is the booking's revision last written.
    ``updated`` is the provider's time stamp of the last state that we know: older reports are stale.

    Where the owner made a series of the event, the booking is one date of it: ``event_id`` is then that date,
    ``series_id`` the event that we wrote, and ``original_start`` what tells the date from the series' others.
    ``ical_uid`` is the name that the event has in every calendar program (RFC 5545, UID), and ``sequence``
    how often it was changed since (SEQUENCE), as far as the provider says so.
    ``missing_since`` is since when the event is not where it was, and ``absent_at`` when it was first looked
    for in all calendars of the account and found in none: only a second such look proves a deletion.

    ``owner_guest`` is whether the customer is a guest, where the owner decided that otherwise than we wrote
    it, and ``others`` whether anybody else is one; both as last seen. ``mailed`` is the booking's revision
    about which the provider mailed the customer last.
    """

    tenant: str
    connection: str
    booking: str
    calendar: str
    calendar_id: str = field(repr=False)
    event_id: str
    epoch: int
    state: LinkState
    revision: int = 0
    written: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    updated: datetime | None = None
    missing_since: datetime | None = None
    absent_at: datetime | None = None
    attempts: int = 0
    error: str | None = None
    series_id: str | None = None
    original_start: str | None = None
    ical_uid: str | None = None
    sequence: int = 0
    owner_guest: bool | None = None
    others: bool = False
    mailed: int = 0
    shown: Mapping[str, str] = field(default_factory=dict)
    sending: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    refused: Refusal | None = None
    unseen_since: datetime | None = None
    version: str | None = None

    def proven_absent(self, now: datetime, *, after: timedelta) -> bool:
        """Whether an event that is found nowhere now was found nowhere ``after`` that time before, too."""
        first, since = self.absent_at, self.missing_since
        # What was noted of an earlier disappearance says nothing.
        return first is not None and since is not None and first >= since and now - first >= after

    @property
    def sent(self) -> Mapping[str, str]:
        """A fingerprint per field of what was sent last, answered or not."""
        return {**self.written, **self.sending}

    @property
    def keeps_guests(self) -> bool:
        """Whether its owner chose the guests, so that nothing we write changes them."""
        return self.owner_guest is not None or self.others

    @property
    def root_id(self) -> str:
        """The event that we wrote: the series, where its owner made one of it."""
        return self.series_id or self.event_id


@dataclass(frozen=True, slots=True)
class EventDraft:
    """What a booking's event shall look like at the provider.

    ``reminder`` None means the calendar's default. ``attendee`` is (address, name). ``notify`` decides
    whether the provider mails the attendee about this one write. ``left_out`` are the parts that the provider
    refused, and that are not asked for again.
    """

    event_id: str
    booking: str
    epoch: int
    interval: Interval
    zone: str
    title: str = field(repr=False)
    description: str = field(repr=False)
    attendee: tuple[str, str] | None = field(default=None, repr=False)
    accepted: bool = False
    notify: bool = False
    reminder: int | None = None
    tag: str = ""
    left_out: frozenset[Part] = frozenset()


@dataclass(frozen=True, slots=True)
class EventRef:
    """The provider's answer to a write; ``ical_uid`` and ``sequence`` as in ``ExportLink``.

    ``shown`` is a fingerprint per field of what the provider shows from now on, as far as the answer says it.
    """

    id: str
    etag: str | None
    updated: datetime | None
    ical_uid: str | None = None
    sequence: int = 0
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdTaken:
    """The provider has the event already, and knows it by this id; whose it is must be read."""

    id: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The event is not in the state that we last saw; read it before writing."""

    id: str


@dataclass(frozen=True, slots=True)
class Immovable:
    """The event is a date of a series, and the provider lets no date pass its neighbours."""

    id: str


WITHOUT_ATTENDEE = "without_attendee"
_LEFTOVER = "leftover"


class ExportStep(StrEnum):
    """What is done next."""

    NOTHING = "nothing"
    CREATE = "create"
    CREATE_ANEW = "create_anew"
    READ = "read"
    UPDATE = "update"
    MOVE = "move"
    REMOVE = "remove"
    SEARCH = "search"


class ExportResult(StrEnum):
    """What became of an export."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    PARKED = "parked"
    SEARCHING = "searching"


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """The result; with ``until``, the outbox entry stays, and the export is tried again then.

    ``alone`` says that only this booking's export waits, ``given_up`` that a person has to have it tried
    again, and ``attempts`` how often it was refused.
    """

    result: ExportResult
    until: datetime | None = None
    reason: str | None = None
    alone: bool = False
    given_up: bool = False
    attempts: int = 0


def next_step(booking: Booking, link: ExportLink | None, *, target: str | None) -> ExportStep:
    """The next step of an export to the calendar ``target``.

    Where the event lives decides about updates and removals, never where it should live now. A write whose
    answer was lost is read first, and an event that its owner may have deleted is never silently made again.
    A booking that was read before it changed never undoes what was written for the change.
    """
    if link is not None and link.revision > booking.revision:
        return ExportStep.NOTHING
    if not booking.active:
        settled = link is None or (link.state is LinkState.GONE and leftover(link) is None)
        return ExportStep.NOTHING if settled else ExportStep.REMOVE
    if link is None or link.state is LinkState.FAILED:
        return ExportStep.CREATE
    if link.state is LinkState.GONE:
        # Gone with the booking's present revision: its owner removed it, and the policy let it be.
        return ExportStep.NOTHING if link.revision >= booking.revision else ExportStep.CREATE_ANEW
    if link.state is LinkState.MISSING:
        return ExportStep.SEARCH
    if link.state is LinkState.PENDING:
        return ExportStep.READ
    return ExportStep.UPDATE if link.calendar == target else ExportStep.MOVE


def on_its_way(link: ExportLink, fingerprint: Mapping[str, str]) -> ExportLink:
    """The link once this is on its way: what was written before is valid until the write is answered."""
    return replace(link, state=LinkState.PENDING, sending=fingerprint)


def answered(
    link: ExportLink,
    fingerprint: Mapping[str, str],
    *,
    shown: Mapping[str, str],
    sent: Collection[str],
) -> ExportLink:
    """The link once a write was answered; what else it has to remember stays.

    Args:
        link: The link.
        fingerprint: Of the event as it was wanted.
        shown: Of the event in the answer.
        sent: The fields that were written: only in these the answer shows what became of our own words.
    """
    kept = {name: value for name, value in link.shown.items() if name not in sent}
    differing = {
        name: value
        for name, value in shown.items()
        if name in sent and name in fingerprint and fingerprint[name] != value
    }
    return replace(link, written={**fingerprint, **traces(link)}, shown={**kept, **differing}, sending={})


def traces(link: ExportLink | None) -> Mapping[str, str]:
    """What a link remembers beside the event's fields."""
    left = link.written.get(_LEFTOVER) if link else None
    return {} if left is None else {_LEFTOVER: left}


@dataclass(frozen=True, slots=True)
class Leftover:
    """The older twin of an event that moved; without an ``event_id`` it is known by its epoch alone.

    With a ``series_id`` it is one date of that series; ``ical_uid`` as in ``ExportLink``.
    """

    epoch: int
    calendar: str
    event_id: str | None = None
    series_id: str | None = None
    ical_uid: str | None = None


def with_leftover(link: ExportLink, old: ExportLink) -> ExportLink:
    """The link of an event that moves to another calendar, until its older twin is removed."""
    # Graph's ids may hold slashes, never tabs.
    ids = "\t".join((old.event_id, old.series_id or "", old.ical_uid or "")).rstrip("\t")
    return replace(link, written={**link.written, _LEFTOVER: f"{old.epoch}/{old.calendar}/{ids}"})


def with_renamed_leftover(link: ExportLink, renamed: Mapping[str, str]) -> ExportLink:
    """The link once its note of an older twin names the calendar by its new key, where it has one."""
    old = leftover(link)
    if old is None or old.calendar not in renamed:
        return link
    epoch, _, rest = link.written[_LEFTOVER].partition("/")
    _, _, ids = rest.partition("/")
    return replace(link, written={**link.written, _LEFTOVER: f"{epoch}/{renamed[old.calendar]}/{ids}"})


def leftover(link: ExportLink) -> Leftover | None:
    """The older twin, if there is one."""
    epoch, separator, rest = link.written.get(_LEFTOVER, "").partition("/")
    calendar, _, ids = rest.partition("/")
    event_id, series_id, ical_uid = [*ids.split("\t"), "", ""][:3]
    if not separator:
        return None
    return Leftover(int(epoch), calendar, event_id or None, series_id or None, ical_uid or None)


def without_leftover(link: ExportLink) -> ExportLink:
    """The link once the older twin is removed."""
    return replace(link, written={name: value for name, value in link.written.items() if name != _LEFTOVER})


def guest_key(booking: Booking, settings: ExportSettings) -> str:
    """A word for the guest of a booking's event; it tells nobody the address."""
    chosen = (settings.attendee, settings.notify, settings.auto_accept)
    return hashlib.sha256(f"{booking.customer.email}\n{chosen}".encode()).hexdigest()[:16]


def may_invite(link: ExportLink | None, *, guest: str) -> bool:
    """Whether the customer may be an attendee; not where the provider refused that, as ``guest`` is now.

    ``guest`` is what `guest_key` says of the guest. Links of earlier releases only know that it was refused.
    """
    if link is None:
        return True
    refused = link.left_out.get(Part.GUEST.value)
    return refused != guest if refused is not None else link.error != WITHOUT_ATTENDEE


# The states in which a link stands for an event that its connection keeps.
KEPT = frozenset({LinkState.PENDING, LinkState.LIVE, LinkState.MISSING})


def is_same_event(link: ExportLink, other: ExportLink, *, ids_repeat: bool) -> bool:
    """Whether another connection's link leads to the very event of ``link``, in a calendar that both share.

    Args:
        link: The link of one connection.
        other: The link of another connection to the same booking.
        ids_repeat: Whether events of different calendars may have one id, as at Google. Elsewhere it is the
            event's name in every calendar program that is the same in both mailboxes, whatever their ids.
    """
    if (link.calendar_id, link.root_id) == (other.calendar_id, other.root_id):
        return True
    if ids_repeat:
        return False
    named = link.ical_uid is not None and link.ical_uid == other.ical_uid
    # Until a write is answered, each link has the id that we chose.
    given = id_signature(link.root_id) is not None
    return named or (link.root_id == other.root_id and not given)
