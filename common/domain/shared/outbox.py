"""The entries of the outbox: work that is stored in the same commit as its cause, and how each kind is made.

An entry is stored together with the change that makes its work necessary, and deleted when the work is done.
Its task is queued right after the commit; should that fail, the outbox relay (`common/flows/ops/maintain.py`)
queues it later. The name of an entry follows from its cause, so that the same cause twice is one entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from common.domain.calendar.connection import Status

if TYPE_CHECKING:
    from common.domain.booking.booking import Booking
    from common.domain.calendar.connection import Connection
    from common.domain.connect.invitation import Invitation
    from common.domain.notify import Notice
    from common.domain.webhooks import Delivery

# A task that was queued after the commit is done by then; an entry that is still there was never queued.
RELAYED_AFTER = timedelta(seconds=60)
# When an entry is due that was given up: its dead letter wakes it again, and never the outbox relay.
AT_REST = datetime(9999, 1, 1, tzinfo=UTC)
# How often the owner of a connection that must be connected again is reminded of it.
REMINDED_EVERY = timedelta(days=1)


class OutboxKind(StrEnum):
    """What has to be done for an entry; the values are stored, and name the kind in a task's payload."""

    EXPORT = "export"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    NOTICE = "notice"
    INVITATION = "invitation"
    WEBHOOK = "hook"
    PROPOSAL = "proposal"
    REMINDER = "reminder"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Work to do, stored in the same commit as its cause and deleted when the work is done.

    An export names its ``booking`` and its ``connection``, a message about a booking the booking alone.
    Everything else is about ``subject`` (the id of a connection, notice, invitation or webhook message), so
    that a query for a connection's waiting exports finds nothing else. From ``due_at`` on the outbox relay
    queues the entry again; ``waiting_until`` says until when an export is known not to work, ``error`` why.

    ``words`` is what has to be said and stands in records that may be removed before it is said: the names of
    a booking's service and resource, whose connection it was. Nothing of a customer is among them.
    ``letter`` is the dead letter of an entry that was given up; it goes with the entry.
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
    words: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    letter: str | None = None
    error: str | None = None

    @property
    def at_rest(self) -> bool:
        """Whether it was given up, and waits for a person who has it tried again."""
        return self.due_at >= AT_REST


# What is mailed: tried again after it was given up, it may be tried for as long as something new.
_MAILED = frozenset(
    {OutboxKind.BOOKED, OutboxKind.MOVED, OutboxKind.CANCELLED, OutboxKind.NOTICE, OutboxKind.INVITATION}
)


def woken(entry: OutboxEntry, *, now: datetime) -> OutboxEntry:
    """An entry that was given up, as it is when a person has it tried again."""
    created_at = now if entry.kind in _MAILED else entry.created_at
    return replace(entry, created_at=created_at, due_at=now + RELAYED_AFTER)


def export_entry(
    booking: Booking,
    connection: str,
    *,
    created_at: datetime,
    due_at: datetime,
    waiting_until: datetime | None = None,
    cause: str = "",
    error: str | None = None,
) -> OutboxEntry:
    """The entry to export the booking, as it is at this revision, to one connection's calendar.

    Several requests can change the same session at once, and its revision is known only afterwards: their
    entries are told apart by a ``cause``.
    """
    return OutboxEntry(
        id=export_entry_id(booking, connection) + (f".{cause}" if cause else ""),
        tenant=booking.tenant,
        kind=OutboxKind.EXPORT,
        booking=booking.id,
        connection=connection,
        revision=booking.revision,
        created_at=created_at,
        due_at=due_at,
        waiting_until=waiting_until,
        error=error,
    )


def export_entry_id(booking: Booking, connection: str) -> str:
    """The id of the entry to export this revision of a booking to a connection's calendar."""
    return f"{booking.tenant}.{booking.id}.{connection}.{booking.revision}"


def export_entries(
    booking: Booking, connections: Iterable[Connection], *, now: datetime, cause: str = ""
) -> tuple[OutboxEntry, ...]:
    """The entries to export this revision of the booking to every connection that shows it.

    A connection whose exports were switched off is among them when an existing booking changes: the event
    that was written before may have become wrong. For ``cause`` see `export_entry`.
    """
    return tuple(
        export_entry(booking, connection.id, created_at=now, due_at=now + RELAYED_AFTER, cause=cause)
        for connection in connections
        if exporting(connection) or (booking.revision > 1 and _has_synchronised(connection))
    )


def exporting(connection: Connection) -> bool:
    """Whether changes of bookings have to reach this connection's calendar.

    Also where the account must be connected again: the exports wait until then. Not where no synchronisation
    was ever started: the first one exports what is there by then.
    """
    return connection.settings.exports.on and _has_synchronised(connection)


def _has_synchronised(connection: Connection) -> bool:
    started = connection.status is Status.ACTIVE or connection.run is not None
    return started and not connection.ended


def booking_news_entry(
    booking: Booking, kind: OutboxKind, *, words: Mapping[str, str] | None = None
) -> OutboxEntry:
    """The entry to tell the customer (of a session: its seats) about this revision of a booking."""
    return _booking_entry(
        booking,
        kind,
        name=f"{booking.tenant}.{booking.id}.news.{booking.revision}",
        created_at=booking.updated_at,
        due_at=booking.updated_at + RELAYED_AFTER,
        words=words,
    )


def replacement_mail_entry(booking: Booking, *, words: Mapping[str, str], now: datetime) -> OutboxEntry:
    """The entry to mail the customer ourselves, where the provider was to do it and could not."""
    kind = OutboxKind.BOOKED if booking.revision == 1 else OutboxKind.MOVED
    return _booking_entry(
        booking,
        kind if booking.active else OutboxKind.CANCELLED,
        name=replacement_mail_id(booking),
        created_at=now,
        due_at=now + RELAYED_AFTER,
        words=words,
    )


def replacement_mail_id(booking: Booking) -> str:
    """The id of the entry to mail this revision ourselves, where the provider was to do it."""
    return f"{booking.tenant}.{booking.id}.instead.{booking.revision}"


def proposal_entries(before: Booking, after: Booking) -> tuple[OutboxEntry, ...]:
    """The entry to end a proposal that a change of a booking brought, due when it expires; else none."""
    if after.proposal is None or after.proposal == before.proposal:
        return ()
    return (
        _booking_entry(
            after,
            OutboxKind.PROPOSAL,
            name=proposal_entry_id(after),
            created_at=after.updated_at,
            due_at=after.proposal.expires_at,
        ),
    )


def proposal_entry_id(booking: Booking) -> str:
    """The id of the entry that ends the booking's present proposal; each proposal has an id of its own."""
    expires = int(booking.proposal.expires_at.timestamp()) if booking.proposal else 0
    return f"{booking.tenant}.{booking.id}.proposal.{expires}"


def connection_news_entry(connection: Connection, kind: OutboxKind, *, now: datetime) -> OutboxEntry:
    """The entry to tell the tenant's webhooks that a connection was made or has ended."""
    return _subject_entry(
        connection.tenant,
        kind,
        name=f"{connection.tenant}.{connection.id}.{kind.value}.{int(now.timestamp())}",
        subject=connection.id,
        created_at=now,
        due_at=now + RELAYED_AFTER,
        words={"resource": connection.resource, "provider": connection.provider.value},
    )


def reminder_entry(connection: Connection, *, since: datetime, due_at: datetime) -> OutboxEntry:
    """The entry to remind a connection's owner to connect the account again.

    ``since`` is when the account failed. A connection has one such entry: if the account fails once more, the
    days are counted from then on.
    """
    return _subject_entry(
        connection.tenant,
        OutboxKind.REMINDER,
        name=reminder_entry_id(connection),
        subject=connection.id,
        created_at=since,
        due_at=due_at,
    )


def reminder_entry_id(connection: Connection) -> str:
    """The id of the entry that reminds a connection's owner."""
    return f"{connection.tenant}.reminder.{connection.id}"


def notice_entry(notice: Notice) -> OutboxEntry:
    """The entry to tell people and systems about a notice; it is worked off by the outbox relay."""
    name = hashlib.sha256(notice.id.encode()).hexdigest()[:32]
    return _subject_entry(
        notice.tenant,
        OutboxKind.NOTICE,
        name=f"{notice.tenant}.notice.{name}",
        subject=notice.id,
        created_at=notice.at,
        due_at=notice.at,
    )


def invitation_entry(invitation: Invitation, *, now: datetime) -> OutboxEntry:
    """The entry to mail an invitation; each time that it is sent has an entry of its own."""
    return _subject_entry(
        invitation.tenant,
        OutboxKind.INVITATION,
        name=f"{invitation.tenant}.{invitation.id}.invitation.{invitation.sendings}",
        subject=invitation.id,
        created_at=now,
        due_at=now + RELAYED_AFTER,
        revision=invitation.sendings,
    )


def webhook_entry(delivery: Delivery) -> OutboxEntry:
    """The entry to try (again) to deliver a webhook message; ``revision`` counts the tries made before."""
    return _subject_entry(
        delivery.tenant,
        OutboxKind.WEBHOOK,
        name=f"{delivery.tenant}.{delivery.hook}.{delivery.id}",
        subject=f"{delivery.hook}.{delivery.id}",
        created_at=delivery.at,
        due_at=(delivery.next_at or delivery.at) + RELAYED_AFTER,
        revision=delivery.attempts,
    )


def _booking_entry(
    booking: Booking,
    kind: OutboxKind,
    *,
    name: str,
    created_at: datetime,
    due_at: datetime,
    words: Mapping[str, str] | None = None,
) -> OutboxEntry:
    return OutboxEntry(
        id=name,
        tenant=booking.tenant,
        kind=kind,
        booking=booking.id,
        connection="",
        revision=booking.revision,
        created_at=created_at,
        due_at=due_at,
        words=words or {},
    )


def _subject_entry(
    tenant: str,
    kind: OutboxKind,
    *,
    name: str,
    subject: str,
    created_at: datetime,
    due_at: datetime,
    revision: int = 0,
    words: Mapping[str, str] | None = None,
) -> OutboxEntry:
    return OutboxEntry(
        id=name,
        tenant=tenant,
        kind=kind,
        booking="",
        connection="",
        revision=revision,
        created_at=created_at,
        due_at=due_at,
        subject=subject,
        words=words or {},
    )
