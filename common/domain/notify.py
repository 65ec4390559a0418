"""Decides who is mailed what about a booking or a notice, and that nobody is told the same thing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.booking.booking import Booking, BookingStatus, Source
from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Language, Service
from common.domain.shared.outbox import OutboxKind

# A mail that could not be sent for this long says nothing that anybody still wants to know.
LONGEST_TRY = timedelta(days=3)
NOTIFICATIONS_KEPT = timedelta(days=400)
# Where the customer is a guest of the event although nobody is mailed by our writes.
_QUIET_GUESTS = frozenset({ProviderKind.GOOGLE})
_LINE = 200


class Sender(StrEnum):
    """The one sender of record of a change."""

    SLOTBRIDGE = "slotbridge"
    PROVIDER = "provider"
    NOBODY = "nobody"


class MailKind(StrEnum):
    """Every text that is mailed; a notice's letter has the name of its kind."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    INVITATION = "invitation"
    REAUTH_REQUIRED = "reauth_required"
    REAUTH_REMINDER = "reauth_reminder"
    UNREACHABLE = "unreachable"
    CALENDAR_GONE = "calendar_gone"
    MASS_DELETION_HELD = "mass_deletion_held"
    EDIT_REVERTED = "edit_reverted"
    EDIT_PROPOSED = "edit_proposed"
    EDIT_CONTESTED = "edit_contested"
    BOOKING_CONFLICT = "booking_conflict"
    EXPORT_STOPPED = "export_stopped"
    WEBHOOK_DISABLED = "hook_disabled"


@dataclass(frozen=True, slots=True)
class Appointment:
    """What a calendar file says; ``uid`` stays the same for all mails about one booking."""

    uid: str
    sequence: int
    interval: Interval
    zone: str
    title: str = field(repr=False)
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class MailContent:
    """One mail before it is written: ``id`` is the same however often it is tried.

    ``to`` are pairs of address and name; ``facts`` are the words that the text may use.
    """

    id: str
    letter: MailKind
    language: Language
    to: tuple[tuple[str, str], ...] = field(repr=False)
    business: str = field(repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    link: str = field(default="", repr=False)
    reply_to: str | None = field(default=None, repr=False)
    appointment: Appointment | None = field(default=None, repr=False)
    interval: Interval | None = None
    until: datetime | None = None
    zone: str = "UTC"
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LastNotified:
    """What somebody was told last under a key, by whom, and when.

    ``speaker`` is the connection whose provider tells it, where a provider does.
    """

    tenant: str
    key: str
    state: str
    by: Sender
    at: datetime
    expires_at: datetime
    speaker: str | None = None
    version: str | None = None


def notification_kind(before: Booking | None, after: Booking) -> OutboxKind | None:
    """What a change of a booking means for its customer; None where nothing that they care about changed.

    A session has no customer: its seats follow it, and each of theirs is told. A hold is told to nobody.
    """
    if after.is_session:
        moved = before is not None and (before.interval, before.status) != (after.interval, after.status)
        return OutboxKind.SESSION if moved else None
    if after.status in {BookingStatus.HELD, BookingStatus.RELEASED}:
        return None
    if before is None or before.status is BookingStatus.HELD:
        return OutboxKind.BOOKED
    if before.active and not after.active:
        return OutboxKind.CANCELLED
    return OutboxKind.MOVED if after.active and before.interval != after.interval else None


def notified_state(booking: Booking) -> str:
    """The part of a booking that its customer is told, as one word: equal words are told once."""
    if not booking.active:
        return booking.status.value
    return f"{booking.status.value} {booking.interval.start.isoformat()}/{booking.interval.end.isoformat()}"


def booking_mail_kind(booking: Booking, told: LastNotified | None, kind: OutboxKind) -> MailKind:
    """Which text brings the customer from what they know to what is true now."""
    if not booking.active:
        return MailKind.CANCELLED
    # The same state told by a provider that then could not do it: nobody knows of it yet.
    known = told is not None and told.by is not Sender.NOBODY and told.state != notified_state(booking)
    return MailKind.MOVED if known or kind is OutboxKind.MOVED else MailKind.BOOKED


def customer_sender(
    booking: Booking, service: Service, connections: Iterable[Connection], *, wanted: bool
) -> Sender:
    """Who tells the customer about this change: one sender of record for each booking and change.

    A provider that mails the attendee is the one. Where the owner changed the event itself, the provider
    asked the owner whether the guest shall hear of it, so that was decided there.
    """
    if not booking.customer.email:
        return Sender.NOBODY
    alone = service.capacity == 1 and booking.session is None
    if alone and any(_tells(item, booking) for item in connections):
        return Sender.PROVIDER
    return Sender.SLOTBRIDGE if wanted else Sender.NOBODY


def mailing_connection(booking: Booking, connections: Iterable[Connection]) -> str | None:
    """The one connection whose provider mails this change, of all in which the customer is a guest.

    Where the owner changed the event of a calendar that knows the guest, that calendar has spoken. Else it is
    always the same one, first where guests can be entered in silence: the others then need not mail anybody.
    """
    telling = [item for item in connections if _tells(item, booking)]
    usual = min(
        telling,
        key=lambda item: (item.provider not in _QUIET_GUESTS, item.created_at, item.id),
        default=None,
    )
    if any(item.provider in _QUIET_GUESTS and owner_edited_in(booking, item) for item in telling):
        return booking.edited_in
    return usual.id if usual else None


def owner_edited_in(booking: Booking, connection: Connection) -> bool:
    """Whether the change was made in this connection's calendar, by its owner."""
    return booking.source is Source.EXTERNAL and booking.edited_in in {None, connection.id}


def _tells(connection: Connection, booking: Booking) -> bool:
    exports = connection.settings.exports
    started = connection.run is not None
    # The event of a cancelled booking is removed also where exports were switched off since.
    written = exports.on or not booking.active
    if not (connection.usable and started and written and exports.attendee):
        return False
    asked = connection.provider in _QUIET_GUESTS and owner_edited_in(booking, connection)
    return exports.notify or asked


def notice_mail_kind(kind: NoticeKind) -> MailKind | None:
    """The text of a notice; None where it only stands in the console, as what its reader did themselves."""
    return MailKind(kind.value) if kind.value in set(MailKind) else None


def mail_id(*parts: str) -> str:
    """A name for a mail that is the same at each try, and that says nothing about anybody."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def single_line(text: str) -> str:
    """A guest's words as one harmless line for a header or a name."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LINE]


def too_late_to_send(since: int, *, now: datetime) -> bool:
    """Whether trying to send something that began at ``since`` (epoch seconds) is no use any more."""
    return now.timestamp() - since > LONGEST_TRY.total_seconds()


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
    WEBHOOK_DISABLED = "hook_disabled"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person is told exactly once: the id is derived from the cause."""

    id: str
    tenant: str
    kind: NoticeKind
    at: datetime
    connection: str | None = None
    booking: str | None = None
