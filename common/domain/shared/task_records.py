"""What tasks carry: one record for each kind of work that a private function can be asked for.

A record holds ids, numbers and moments, never a person's data. Its fields are the task's payload under the
same names. Where a private function takes several kinds of work, one field says which it is: ``kind`` for
``export`` and ``notify``, ``job`` for ``maintenance``.

``SyncCalendar``, the one record that a webhook sends, is in ``tasks.py``, so that a webhook's cold start does
not load these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from common.domain.shared.outbox import OutboxKind
from common.domain.shared.tasks import Lane, Work

# ---- initial_sync


@dataclass(frozen=True, slots=True)
class AdvanceSync:
    """Do chunk ``seq`` of a first synchronisation, the ``run`` of a connection."""

    work: ClassVar = Work.INITIAL_SYNC
    lane: ClassVar = Lane.BACKFILL

    tenant: str
    connection: str
    run: str
    seq: int


# ---- export


@dataclass(frozen=True, slots=True)
class ExportBooking:
    """Write one booking into the calendar of one connection.

    ``entry`` is the outbox entry that this works off, ``revision`` the booking's when the entry was made.
    """

    work: ClassVar = Work.EXPORT
    lane: ClassVar = Lane.LIVE

    tenant: str
    booking: str
    connection: str
    revision: int | None = None
    entry: str | None = None
    kind: Literal["export"] = "export"


@dataclass(frozen=True, slots=True)
class VerifyMoved:
    """Find out whether the missing event of a booking was moved to another calendar or deleted."""

    work: ClassVar = Work.EXPORT
    lane: ClassVar = Lane.LIVE

    tenant: str
    connection: str
    booking: str
    kind: Literal["verify"] = "verify"


# ---- disconnect


@dataclass(frozen=True, slots=True)
class AdvanceDisconnect:
    """Do the next chunk of a disconnection; ``after`` is the last booking whose event was dealt with."""

    work: ClassVar = Work.DISCONNECT
    lane: ClassVar = Lane.BACKFILL

    tenant: str
    connection: str
    after: str | None = None


# ---- notify: each works off one outbox entry, ``entry``, that was made at ``since`` (seconds since 1970)


@dataclass(frozen=True, slots=True)
class NotifyCustomer:
    """Mail a customer, and call the tenant's webhooks, about a booking that was made, moved or cancelled.

    The booking is read as it is when the task runs, so that a late mail is never a wrong one.
    """

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    kind: Literal[OutboxKind.BOOKED, OutboxKind.MOVED, OutboxKind.CANCELLED]
    tenant: str
    booking: str
    revision: int
    entry: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class NotifyConnectionChange:
    """Call the tenant's webhooks because a connection, ``subject``, was connected or disconnected."""

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    kind: Literal[OutboxKind.CONNECTED, OutboxKind.DISCONNECTED]
    tenant: str
    subject: str
    entry: str


@dataclass(frozen=True, slots=True)
class NotifyOwner:
    """Mail a notice, ``subject``, to the owner of the calendar that it is about."""

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    tenant: str
    subject: str
    entry: str
    since: int = 0
    kind: Literal[OutboxKind.NOTICE] = OutboxKind.NOTICE


@dataclass(frozen=True, slots=True)
class RemindOwner:
    """Remind an owner to connect an account again.

    ``subject`` is the connection, and ``since`` when its grant died.
    """

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    tenant: str
    subject: str
    entry: str
    since: int
    kind: Literal[OutboxKind.REMINDER] = OutboxKind.REMINDER


@dataclass(frozen=True, slots=True)
class MailInvitation:
    """Mail an invitation, ``subject``; ``revision`` says which sending of it this is, from 1."""

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    tenant: str
    subject: str
    revision: int
    entry: str
    since: int = 0
    kind: Literal[OutboxKind.INVITATION] = OutboxKind.INVITATION


@dataclass(frozen=True, slots=True)
class LapseProposal:
    """Let the proposal of a booking's new time lapse, if nobody has answered it."""

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    tenant: str
    booking: str
    entry: str
    kind: Literal[OutboxKind.PROPOSAL] = OutboxKind.PROPOSAL


@dataclass(frozen=True, slots=True)
class FollowSession:
    """Bring the bookings of a session along that was moved or cancelled; ``booking`` is the session's own."""

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.LIVE

    tenant: str
    booking: str
    entry: str
    kind: Literal[OutboxKind.SESSION] = OutboxKind.SESSION


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """Send one message to one webhook endpoint; ``subject`` names both."""

    work: ClassVar = Work.NOTIFY
    lane: ClassVar = Lane.WEBHOOKS

    tenant: str
    subject: str
    entry: str
    kind: Literal[OutboxKind.WEBHOOK] = OutboxKind.WEBHOOK


# ---- maintenance


class MaintenanceJob(StrEnum):
    """What Cloud Scheduler asks for; ``sweep`` is all three."""

    CHANNELS = "channels"
    POLL = "poll"
    OUTBOX = "outbox"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Maintain:
    """Queue what is due for one of the scheduler's jobs.

    What is due is worked off in parts, ordered by when it fell due; this part begins after ``after``.
    """

    work: ClassVar = Work.MAINTENANCE
    lane: ClassVar = Lane.UPKEEP

    job: Literal[
        MaintenanceJob.CHANNELS, MaintenanceJob.POLL, MaintenanceJob.OUTBOX, MaintenanceJob.SWEEP
    ] = MaintenanceJob.SWEEP
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReconcileConnection:
    """Find what a connection misses, and queue it."""

    work: ClassVar = Work.MAINTENANCE
    lane: ClassVar = Lane.UPKEEP

    tenant: str
    connection: str
    job: Literal["reconcile"] = "reconcile"


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Queue everything that waited for a connection; ``cause`` names the occasion."""

    work: ClassVar = Work.MAINTENANCE
    lane: ClassVar = Lane.UPKEEP

    tenant: str
    connection: str
    cause: str
    job: Literal["catch_up"] = "catch_up"


@dataclass(frozen=True, slots=True)
class RefreshCalendars:
    """Read the account's list of calendars anew.

    A ``scheduled`` one leaves a connection alone that cannot be used now; else that is an error.
    """

    work: ClassVar = Work.MAINTENANCE
    lane: ClassVar = Lane.UPKEEP

    tenant: str
    connection: str
    scheduled: bool = False
    job: Literal["refresh"] = "refresh"


@dataclass(frozen=True, slots=True)
class SettleCalendar:
    """Bring what is stored of a calendar in line with its connection's settings."""

    work: ClassVar = Work.MAINTENANCE
    lane: ClassVar = Lane.UPKEEP

    tenant: str
    connection: str
    calendar: str
    job: Literal["settle"] = "settle"


@dataclass(frozen=True, slots=True)
class AdvanceErasure:
    """Do the next chunk of an erasure."""

    work: ClassVar = Work.MAINTENANCE
    lane: ClassVar = Lane.UPKEEP

    tenant: str
    erasure: str
    job: Literal["erase"] = "erase"
