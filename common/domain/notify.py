"""Decides who mails whom about a booking or a notice, with which text, and that nothing is mailed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.booking.booking import Booking, BookingStatus, Source
from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Language, Resource, Service
from common.domain.shared.outbox import OutboxKind

# A mail that could not be sent for this long is given up: what it says is too old.
LONGEST_TRY = timedelta(days=3)
# Where a provider cannot mail the customer for longer than this after a change, Slotbridge does.
LONGEST_SILENCE = timedelta(minutes=10)
NOTIFICATIONS_KEPT = timedelta(days=400)
# Whose events can have the customer as a guest without the provider mailing them.
_SILENT_GUESTS = frozenset({ProviderKind.GOOGLE})
_LINE = 200


class Sender(StrEnum):
    """Who mails the customer about a change: Slotbridge, the calendar's provider, or nobody."""

    SLOTBRIDGE = "slotbridge"
    PROVIDER = "provider"
    NOBODY = "nobody"


class MailKind(StrEnum):
    """Every kind of mail, each with its own text; a mail about a notice is named like the notice's kind."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    INVITATION = "invitation"
    REAUTH_REQUIRED = "reauth_required"
    REAUTH_REMINDER = "reauth_reminder"
    UNREACHABLE = "unreachable"
    SYNC_STALLED = "sync_stalled"
    CALENDAR_GONE = "calendar_gone"
    MASS_DELETION_HELD = "mass_deletion_held"
    EDIT_REVERTED = "edit_reverted"
    EDIT_PROPOSED = "edit_proposed"
    EDIT_CONTESTED = "edit_contested"
    BOOKING_CONFLICT = "booking_conflict"
    EXPORT_STOPPED = "export_stopped"
    EVENTS_UNREADABLE = "events_unreadable"
    WEBHOOK_DISABLED = "hook_disabled"


@dataclass(frozen=True, slots=True)
class Appointment:
    """What the calendar file in a mail says.

    ``uid`` stays the same for all mails about one booking, and ``sequence`` grows with each change.
    ``recurrence_id`` is the original start of the date of a series that the appointment is (RFC 5545).
    """

    uid: str
    sequence: int
    interval: Interval
    zone: str
    title: str = field(repr=False)
    cancelled: bool = False
    recurrence_id: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailContent:
    """What a mail says and to whom, before it is written; ``id`` is the same however often it is tried.

    ``to`` is the address and the name of its one recipient: what cannot reach one person keeps no other from
    being mailed. ``facts`` are the values that the text's template may use.
    """

    id: str
    kind: MailKind
    language: Language
    to: tuple[str, str] = field(repr=False)
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
    """What was mailed last under a key (a booking, a notice, an invitation), by whom, and when.

    ``state`` is what was said, in one word that can be compared. ``speaker`` is the connection whose provider
    mails it, where a provider does. ``uid`` is the UID of the calendar files that were mailed, and stays.
    ``promised`` is the revision of the booking whose export is to have the provider mail it: 0 where no
    export is, None where that was not stored.
    """

    tenant: str
    key: str
    state: str
    by: Sender
    at: datetime
    expires_at: datetime
    speaker: str | None = None
    uid: str | None = None
    promised: int | None = None
    version: str | None = None


def told_uid(last: LastNotified | None, *, own: str) -> str | None:
    """The UID of the calendar files that a customer has; None where they have none yet.

    Before it was stored, every file had the booking's ``own``.
    """
    if last is None or last.uid is not None:
        return last.uid if last else None
    return own if last.by is Sender.SLOTBRIDGE else None


def notification_kind(before: Booking | None, after: Booking) -> OutboxKind | None:
    """Which kind of outbox entry tells the customer of a change; None where there is nothing to tell.

    A session has no customer: its entry changes the bookings of its seats, whose customers are then notified.
    Nobody is notified of a hold.
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


def booking_key(booking: str) -> str:
    """The key under which it is stored what a booking's customer was told last."""
    return f"booking-{booking}"


def notified_state(booking: Booking) -> str:
    """What the customer is told of a booking, as text to compare: of equal texts only one is mailed."""
    if not booking.active:
        return booking.status.value
    return f"{booking.status.value} {booking.interval.start.isoformat()}/{booking.interval.end.isoformat()}"


def booking_mail_kind(booking: Booking, last: LastNotified | None, kind: OutboxKind) -> MailKind:
    """Which text brings the customer from what they know to what is true now."""
    if not booking.active:
        return MailKind.CANCELLED
    # The same state, left to a provider that then could not mail it: the customer does not know of it.
    known = last is not None and last.by is not Sender.NOBODY and last.state != notified_state(booking)
    return MailKind.MOVED if known or kind is OutboxKind.MOVED else MailKind.BOOKED


class ProviderMail(StrEnum):
    """What a connection's provider says to the customer about a change of their booking.

    Attributes:
        NEVER: It mails nothing about this change.
        IF_ASKED: It mails where the write of the event asks for it.
        SURELY: It mails whatever is asked, or has mailed, or asked the owner about it.
    """

    NEVER = "never"
    IF_ASKED = "if_asked"
    SURELY = "surely"


@dataclass(frozen=True, slots=True)
class GuestEvent:
    """A booking's event in one connection's calendar: what decides who tells the customer of a change.

    Attributes:
        connection: Whose calendar it is.
        guest: Whether the customer is a guest of the event now.
        invitable: Whether writing the event may make them one.
        due: Whether the write that brings this change to the event is still to come.
        told: Whether the provider mailed the customer about this change already.
    """

    connection: Connection
    guest: bool = False
    invitable: bool = False
    due: bool = False
    told: bool = False

    @property
    def invites(self) -> bool:
        """Whether the customer is a guest of the event, or may become one with the next write."""
        return self.guest or (self.invitable and self.connection.settings.exports.attendee)


def provider_mail(event: GuestEvent, booking: Booking) -> ProviderMail:
    """What the provider of one event does about a change of its booking.

    | the customer is | who writes | Google | Exchange |
    |---|---|---|---|
    | a guest | the owner, in this calendar | surely: asks them whether to mail | surely |
    | a guest | nobody any more | never | never |
    | a guest | we, exports on or booking cancelled | if asked, with ``notify`` | surely |
    | a guest | we, exports off and another time | never: removed in silence | never: left as it is |
    | becomes a guest | we | if asked, with ``notify`` | if asked: without it nobody is added |
    | no guest | anybody | never | never |

    https://developers.google.com/workspace/calendar/api/v3/reference/events/patch (sendUpdates) and
    https://learn.microsoft.com/graph/api/event-update (attendees are mailed whatever a request says)
    """
    connection, exports = event.connection, event.connection.settings.exports
    if event.told or (event.guest and owner_edited_in(booking, connection)):
        return ProviderMail.SURELY
    started = connection.usable and connection.run is not None
    # The event of a cancelled booking is removed also where exports were switched off since.
    if not (event.due and started and (exports.on or not booking.active)):
        return ProviderMail.NEVER
    if event.guest and connection.provider not in _SILENT_GUESTS:
        return ProviderMail.SURELY
    asked = exports.attendee and exports.notify and (event.guest or (event.invitable and booking.active))
    return ProviderMail.IF_ASKED if asked else ProviderMail.NEVER


def customer_sender(
    booking: Booking, service: Service | None, events: Iterable[GuestEvent], *, wanted: bool
) -> Sender:
    """Who mails the customer about this change: exactly one sender, or nobody.

    Where a provider mails the guests of its event, it is the provider. Where the owner changed the event in
    their calendar, the provider has asked them whether to mail the guest, and Slotbridge does not.

    Args:
        booking: The booking after the change.
        service: What was booked; None where it was removed meanwhile.
        events: Its events in the calendars of its resource's connections.
        wanted: Whether Slotbridge is to send mails about this booking at all.
    """
    if not booking.customer.email:
        return Sender.NOBODY
    alone = booking.session is None and (service is None or service.capacity == 1)
    if alone and mailing_event(booking, events) is not None:
        return Sender.PROVIDER
    return Sender.SLOTBRIDGE if wanted else Sender.NOBODY


def mailing_event(booking: Booking, events: Iterable[GuestEvent]) -> GuestEvent | None:
    """The one event whose provider mails the customer, of all in which they are a guest.

    One that mails whatever is asked comes first, and of those the one that the owner changed. Else it is
    always the same one: the oldest connection's, and Google's before Microsoft's.
    """
    said = [(provider_mail(event, booking), event) for event in events]
    mailing = [event for mail, event in said if mail is ProviderMail.SURELY] or [
        event for mail, event in said if mail is ProviderMail.IF_ASKED
    ]
    return min(mailing, key=lambda event: _turn(event.connection, booking), default=None)


def _turn(connection: Connection, booking: Booking) -> tuple[bool, bool, datetime, str]:
    silent = connection.provider in _SILENT_GUESTS
    return not owner_edited_in(booking, connection), not silent, connection.created_at, connection.id


def owner_edited_in(booking: Booking, connection: Connection) -> bool:
    """Whether the owner made this change in the connection's own calendar."""
    return booking.source is Source.EXTERNAL and booking.edited_in in {None, connection.id}


def notice_mail_kind(kind: NoticeKind) -> MailKind | None:
    """The mail about a notice; None for those that are only shown in the console."""
    return MailKind(kind.value) if kind.value in set(MailKind) else None


def booking_words(service: Service | None, resource: Resource | None) -> dict[str, str]:
    """What a mail about a booking says of its service and its resource; nothing of one that is not there."""
    words = {} if service is None else {"service": service.name}
    return words if resource is None else {**words, "resource": resource.name, "zone": resource.zone}


def mail_id(*parts: str) -> str:
    """The id of a mail: the same at each try, and a hash, so that it tells nothing about anybody."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def single_line(text: str) -> str:
    """Text as one line without control characters, for a header or a name; at most 200 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LINE]


def too_late_to_send(since: int, *, now: datetime) -> bool:
    """Whether trying to send something that began at ``since`` (epoch seconds) is no use any more."""
    return now.timestamp() - since > LONGEST_TRY.total_seconds()


class NoticeKind(StrEnum):
    """What an owner is notified of."""

    REAUTH_REQUIRED = "reauth_required"
    REAUTH_REMINDER = "reauth_reminder"
    UNREACHABLE = "unreachable"
    SYNC_STALLED = "sync_stalled"
    CALENDAR_GONE = "calendar_gone"
    MASS_DELETION_HELD = "mass_deletion_held"
    BOOKING_MOVED = "booking_moved"
    BOOKING_CANCELLED = "booking_cancelled"
    EDIT_REVERTED = "edit_reverted"
    EDIT_PROPOSED = "edit_proposed"
    EDIT_CONTESTED = "edit_contested"
    BOOKING_CONFLICT = "booking_conflict"
    EXPORT_STOPPED = "export_stopped"
    EVENTS_UNREADABLE = "events_unreadable"
    WEBHOOK_DISABLED = "hook_disabled"
    OWNER_ADDRESS_UNUSABLE = "owner_address_unusable"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that an owner is notified of once: its id is derived from its cause."""

    id: str
    tenant: str
    kind: NoticeKind
    at: datetime
    connection: str | None = None
    booking: str | None = None


# The beginning of a notice's id, where it is not the kind itself.
_ID_PREFIXES = {
    NoticeKind.CALENDAR_GONE: "gone",
    NoticeKind.EXPORT_STOPPED: "export",
    NoticeKind.MASS_DELETION_HELD: "held",
    NoticeKind.REAUTH_REQUIRED: "reauth",
    NoticeKind.REAUTH_REMINDER: "reauth",
    NoticeKind.BOOKING_CONFLICT: "conflict",
    NoticeKind.SYNC_STALLED: "stalled",
    NoticeKind.WEBHOOK_DISABLED: "hook",
}


def new_notice(
    kind: NoticeKind,
    *,
    tenant: str,
    cause: str,
    at: datetime,
    connection: str | None = None,
    booking: str | None = None,
) -> Notice:
    """A notice about a cause: the same kind and cause twice are one notice, and one mail."""
    id_ = f"{_ID_PREFIXES.get(kind, kind.value)}-{cause}"
    return Notice(id_, tenant, kind, at, connection=connection, booking=booking)
