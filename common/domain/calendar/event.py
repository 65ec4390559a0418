"""Events of a provider's calendar as the rest of Slotbridge sees them: no wire names, no provider."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from common.domain.calendar.interval import Interval


class Detail(StrEnum):
    """How much of an event is asked of the provider at all."""

    TIMES = "times"
    FULL = "full"


class Kind(StrEnum):
    """What an event is within a recurrence."""

    SINGLE = "single"
    SERIES = "series"
    OCCURRENCE = "occurrence"


class ShowAs(StrEnum):
    """What the owner's time is shown as (Google: transparency and status; Microsoft: showAs)."""

    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OUT_OF_OFFICE = "out_of_office"
    WORKING_ELSEWHERE = "working_elsewhere"
    UNKNOWN = "unknown"


class EventType(StrEnum):
    """Special events that providers mark."""

    DEFAULT = "default"
    FOCUS_TIME = "focus_time"
    OUT_OF_OFFICE = "out_of_office"
    WORKING_LOCATION = "working_location"
    BIRTHDAY = "birthday"
    FROM_MAIL = "from_mail"
    UNKNOWN = "unknown"


class Response(StrEnum):
    """The calendar owner's answer to the invitation; OWNER where there is nobody to answer to."""

    OWNER = "owner"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    NEEDS_ACTION = "needs_action"
    DECLINED = "declined"


class Flaw(StrEnum):
    """Why an item of a calendar could not be read as it should be.

    Attributes:
        ENDS_BEFORE_START: It takes no time.
        NO_END: An all-day event takes its first day, any other no time.
        NO_START: It takes its last day, up to its end.
        NO_TIMES: Neither a start nor an end: it takes no time.
        MIXED_TIMES: One is a date and the other an instant: the date is the calendar's midnight.
        NO_ORIGINAL_START: An occurrence that does not say which one of its series it is.
        NO_ID: It has no id, so nothing is known of it from one time to the next.
        NOT_AN_OBJECT: It is no event at all.
        NOT_READ: The provider names it, and answers no event when it is asked for it.
    """

    ENDS_BEFORE_START = "ends_before_start"
    NO_END = "no_end"
    NO_START = "no_start"
    NO_TIMES = "no_times"
    MIXED_TIMES = "mixed_times"
    NO_ORIGINAL_START = "no_original_start"
    NO_ID = "no_id"
    NOT_AN_OBJECT = "not_an_object"
    NOT_READ = "not_read"


# Anybody can write anything into an event; Python refuses to read a number of thousands of digits.
_LONGEST_EPOCH = 18


@dataclass(frozen=True, slots=True)
class Marker:
    """What Slotbridge writes invisibly into the events that it creates.

    A marker alone proves nothing, because people copy events: an event is ours only if the id that it was
    created under is the one that belongs to this booking and epoch.
    """

    booking: str
    epoch: int

    @property
    def text(self) -> str:
        """The marker as it is written into an event."""
        return f"{self.booking}.{self.epoch}"

    @classmethod
    def of_text(cls, text: str) -> Marker | None:
        """The marker that was written as this text; None where it is none."""
        booking, _, epoch = text.rpartition(".")
        number = epoch.isascii() and epoch.isdigit() and len(epoch) <= _LONGEST_EPOCH
        return cls(booking, int(epoch)) if booking and number else None


class ExternalEvent(NamedTuple):
    """One event, or one occurrence of a series, with its times as instants in UTC.

    A calendar has thousands of them, most of which are looked at once: a tuple takes a third of the time of a
    dataclass. Whoever maps an event sees to it that it does not end before it starts.

    Attributes:
        id: The provider's id.
        kind: What it is within a recurrence.
        start: Its start in UTC.
        end: Its end in UTC, never before its start; the same for an event that takes no time.
        show_as: What the owner's time is shown as.
        type: What the provider marks it as.
        response: The owner's answer.
        private: Whether its owner hides it from others.
        cancelled: Whether it was cancelled.
        all_day: The dates (end exclusive) of an all-day event, whose ``start`` and ``end`` are midnights of
            the calendar's zone.
        series_id: The series that it belongs to.
        original_start: The immutable identity of an occurrence within its series.
        etag: The provider's name for this state of it.
        updated: The provider's time of its last change.
        title: None wherever only times were asked for.
        description: Likewise.
        marker: What Slotbridge wrote into it.
        created_as: What its creator called it (Graph: transactionId) where that is not the id itself, as it
            is at Google; copies do not have it.
        flaw: What about it could not be read; its times are then those that it may take.
        guests: The addresses of those who are invited, without its organizer; None where nobody asked. They
            are asked for only where an event of ours is read by itself, and never stored.
    """

    id: str
    kind: Kind
    start: datetime
    end: datetime
    show_as: ShowAs = ShowAs.BUSY
    type: EventType = EventType.DEFAULT
    response: Response = Response.OWNER
    private: bool = False
    cancelled: bool = False
    all_day: tuple[date, date] | None = None
    series_id: str | None = None
    original_start: str | None = None
    etag: str | None = None
    updated: datetime | None = None
    title: str | None = None
    description: str | None = None
    marker: Marker | None = None
    created_as: str | None = None
    flaw: Flaw | None = None
    guests: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        """Without its texts, which are nobody's who reads a log."""
        return f"ExternalEvent({self.id!r}, {self.kind}, {self.start}, {self.end}, {self.show_as})"

    @property
    def span(self) -> Interval | None:
        """The time it takes, or None for an event without length (which never blocks)."""
        return Interval(self.start, self.end) if self.start < self.end else None

    def inside(self, window: Interval) -> bool:
        """Whether it overlaps ``window``; an event without length counts where it lies."""
        return self.start < window.end and (self.end > window.start or self.start >= window.start)

    def belongs_to(self, window: Interval) -> bool:
        """Whether a listing of ``window`` is to name it; one whose time nobody knows is always named."""
        return self.flaw is Flaw.NO_TIMES or self.inside(window)

    @property
    def given_id(self) -> str:
        """The id that whoever created it chose."""
        return self.created_as or self.id

    @property
    def unit(self) -> str:
        """What is replaced as a whole when it changes: the series, or the single event."""
        return self.series_id or self.id

    @property
    def key(self) -> str:
        """The identity of this one entry within its calendar."""
        return f"{self.series_id}#{self.original_start}" if self.series_id else self.id


# The fields by which the blocking table tells events apart, ``show_as`` to ``cancelled``: few different ones,
# however many events there are.
LOOK = slice(ExternalEvent._fields.index("show_as"), ExternalEvent._fields.index("cancelled") + 1)


@dataclass(frozen=True, slots=True)
class Gone:
    """The event was not found in a calendar that can be read.

    ``deleted`` says that the provider knows it, and that it is deleted or was moved away: that is a proof.
    That it is not found may be untrue for a moment.
    """

    id: str
    deleted: bool = field(default=False, compare=False)


class Upsert(NamedTuple):
    """A single event was created or changed; this is its full current state."""

    event: ExternalEvent

    @property
    def name(self) -> str:
        """What the change is about, the same however often it is reported."""
        return self.event.id


@dataclass(frozen=True, slots=True)
class SeriesTouched:
    """A series, or an occurrence of it, changed; its occurrences must be read again.

    ``id`` is what was reported, and ``occurrence`` its state where it has one: all there is of a series to
    which only single dates were shared.
    """

    series_id: str
    id: str | None = field(default=None, compare=False)
    occurrence: ExternalEvent | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What the change is about, the same however often it is reported."""
        return f"{self.series_id}#{self.id}"


@dataclass(frozen=True, slots=True)
class Removal:
    """The provider reports in a change feed that an event or a whole series is gone."""

    id: str
    proven: bool = True

    @property
    def name(self) -> str:
        """What the change is about, the same however often it is reported."""
        return self.id


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One item of which nothing is known but perhaps its id; it is quarantined and the page goes on."""

    id: str
    reason: Flaw

    @property
    def name(self) -> str:
        """What the change is about, the same however often it is reported."""
        return self.id


Change = Upsert | SeriesTouched | Removal | Unreadable


OWN_ID_PREFIX = "sb"
_OWN_ID = re.compile(rf"{OWN_ID_PREFIX}[a-v0-9]{{52}}")


def own_event_id(signature: bytes) -> str:
    """The event id of a booking's export: the HMAC of (tenant, booking, epoch), base32hex in lower case.

    Google takes ``[a-v0-9]``, 5 to 1024 characters:
    https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
    """
    return OWN_ID_PREFIX + base64.b32hexencode(signature).decode().rstrip("=").lower()


def id_signature(event_id: str) -> bytes | None:
    """The HMAC inside an event id of ours; None where the id cannot be one."""
    if not event_id.startswith(OWN_ID_PREFIX) or not _OWN_ID.fullmatch(event_id):
        return None
    text = event_id.removeprefix(OWN_ID_PREFIX).upper()
    try:
        return base64.b32hexdecode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
