"""A booking's event in a calendar: its content, the answer to a write, and the link to its booking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from common.domain.calendar.interval import Interval


class LinkState(StrEnum):
    """Where an export stands."""

    PENDING = "pending"
    LIVE = "live"
    MISSING = "missing"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExportLink:
    """Which provider event mirrors a booking in one connection, and what we last wrote there.

    ``written`` holds a fingerprint per field of the last write (stored before the write is sent, so that
    a lost answer is still recognised as our own). ``revision`` is the booking's revision last written.
    ``updated`` is the provider's time stamp of the last state that we know: older reports are stale.
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
    attempts: int = 0
    error: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """What a booking's event shall look like at the provider.

    ``reminder`` None means the calendar's default. ``attendee`` is (address, name). ``notify`` decides
    whether the provider mails the attendee about this one write.
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


@dataclass(frozen=True, slots=True)
class EventRef:
    """The provider's answer to a write."""

    id: str
    etag: str | None
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class IdTaken:
    """The provider has the event already, and knows it by this id; whose it is must be read."""

    id: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The event is not in the state that we last saw; read it before writing."""

    id: str
