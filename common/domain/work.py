"""Work that is done later, and the records that keep it from being lost or done twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Work(StrEnum):
    """The private functions that tasks call; the value is the function's name."""

    INITIAL_SYNC = "initial_sync"
    DELTA_SYNC = "delta_sync"
    EXPORT = "export"
    DISCONNECT = "disconnect"
    MAINTENANCE = "maintenance"
    NOTIFY = "notify"


class Lane(StrEnum):
    """The queues: live work never waits behind a back-fill, and nothing waits for other people's servers."""

    LIVE = "live"
    SYNC = "sync"
    BACKFILL = "backfill"
    UPKEEP = "upkeep"
    HOOKS = "hooks"


Payload = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a private function: ids and versions only, never data.

    ``name`` makes repeats collapse; it is hashed by the queue's adapter and must hold a time bucket or a
    sequence number, because a used name stays blocked for up to a day. ``attempt`` counts our own
    reschedulings with backoff.
    """

    work: Work
    lane: Lane
    payload: Payload
    name: str | None = None
    not_before: datetime | None = None
    attempt: int = 0


def look(
    why: Payload,
    *,
    tenant: str,
    connection: str,
    calendar: str,
    name: str,
    not_before: datetime | None = None,
) -> Task:
    """The task of looking at a calendar; what ``why`` leaves open is not sent."""
    told = {word: value for word, value in why.items() if value is not None}
    payload = {"tenant": tenant, "connection": connection, "calendar": calendar, **told}
    return Task(work=Work.DELTA_SYNC, lane=Lane.SYNC, payload=payload, name=name, not_before=not_before)


class OutboxKind(StrEnum):
    """What an outbox entry promises to do."""

    EXPORT = "export"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    NOTICE = "notice"
    INVITATION = "invitation"
    HOOK = "hook"
    PROPOSAL = "proposal"
    REMINDER = "reminder"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A promise committed together with its cause; removed when the work is done.

    An export names its booking and connection, news of a booking the booking alone; everything else is
    about ``subject``, so that a connection's waiting exports are never mixed with what people are told.
    """

    id: str
    tenant: str
    kind: OutboxKind
    booking: str
    connection: str
    revision: int
    created_at: datetime
    due_at: datetime
    waiting_until: datetime | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Work that was given up after many tries; a person can read and replay it."""

    id: str
    tenant: str
    work: Work
    lane: Lane
    payload: Payload
    code: str
    attempts: int
    died_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One poison event that was set aside so that its page could go on."""

    id: str
    reason: str
    at: datetime


class NoticeKind(StrEnum):
    """What people are told, once."""

    REAUTH_REQUIRED = "reauth_required"
    REAUTH_REMINDER = "reauth_reminder"
    UNREACHABLE = "unreachable"
    CALENDAR_GONE = "calendar_gone"
    MASS_DELETION_HELD = "mass_deletion_held"
    BOOKING_MOVED = "booking_moved"
    BOOKING_CANCELLED = "booking_cancelled"
    EDIT_REVERTED = "edit_reverted"
    EDIT_PROPOSED = "edit_proposed"
    EDIT_CONTESTED = "edit_contested"
    BOOKING_CONFLICT = "booking_conflict"
    EXPORT_STOPPED = "export_stopped"
    HOOK_DISABLED = "hook_disabled"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person is told exactly once: the id is derived from the cause."""

    id: str
    tenant: str
    kind: NoticeKind
    at: datetime
    connection: str | None = None
    booking: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentState:
    """One pending consent: single use, bound to tenant, resource, provider and person, and expiring.

    ``id`` is the hash of the state value, which itself is kept nowhere.
    """

    id: str
    tenant: str
    resource: str
    provider: str
    subject: str
    verifier: str = field(repr=False)
    return_to: str
    expires_at: datetime
    connection: str | None = None
    expected_account: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The first request under a key; ``fingerprint`` tells a repeat from a reuse."""

    id: str
    tenant: str
    fingerprint: str
    booking: str
    expires_at: datetime
