"""Sends mails, each once: under a lease, with what was mailed last, and with another try where it failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Connection
from common.domain.catalogue.records import Resource, Service, Tenant
from common.domain.export.exported_event import ExportLink, LinkState, guest_key, may_invite
from common.domain.export.own_events import has_guest
from common.domain.notify import (
    LONGEST_SILENCE,
    NOTIFICATIONS_KEPT,
    GuestEvent,
    LastNotified,
    MailContent,
    NoticeKind,
    Sender,
    booking_key,
    booking_words,
    mail_id,
    mailing_event,
    new_notice,
    notification_kind,
    notified_state,
    owner_edited_in,
    too_late_to_send,
)
from common.domain.shared.outbox import (
    OutboxEntry,
    booking_news_entry,
    export_entry_id,
    replacement_mail_entry,
)
from common.domain.shared.task_records import MailInvitation, NotifyCustomer, NotifyOwner
from common.domain.shared.tasks import DeadLetter, letter_id, task_for
from common.errors import Conflict, Forbidden, GivenUp, OperatorFault, Retry, UnknownResource
from common.flows.shared.lease import lease
from common.flows.shared.outbox import store_and_enqueue
from common.mail_address import can_be_mailed
from common.ports import Ports

MailTask = NotifyCustomer | NotifyOwner | MailInvitation
RETRY_AFTER = timedelta(minutes=15)
RETRY_MISCONFIGURED_AFTER = timedelta(hours=1)
_TRIES = 3


def booking_news(ports: Ports, change: BookingChange) -> tuple[OutboxEntry, ...]:
    """The outbox entry to tell the customer about a change of a booking, if it is one that they are told.

    It holds what the mail says of service and resource, which may be removed before it is sent.
    """
    after = change.after
    kind = notification_kind(change.before, after)
    if kind is None:
        return ()
    words = change.words
    if words is None and not after.is_session:
        words = booking_words(known_service(ports, after), known_resource(ports, after))
    return (booking_news_entry(after, kind, words=words),)


def known_service(ports: Ports, booking: Booking) -> Service | None:
    """The booking's service; None where it was removed."""
    try:
        return ports.catalogue.service(booking.tenant, booking.service)
    except UnknownResource:
        return None


def known_resource(ports: Ports, booking: Booking) -> Resource | None:
    """The booking's resource; None where it was removed."""
    try:
        return ports.catalogue.resource(booking.tenant, booking.resource)
    except UnknownResource:
        return None


@dataclass(frozen=True, slots=True)
class DueMail:
    """What one person is to be told for an outbox entry.

    Attributes:
        last: What was stored last under the key of ``wanted``.
        wanted: What is stored once they are told.
        mail: What to send; None where somebody else notifies, or nobody: then this is only stored.
    """

    last: LastNotified | None
    wanted: LastNotified
    mail: MailContent | None


def mail_all(ports: Ports, task: MailTask, mails: Iterable[DueMail]) -> None:
    """Send each mail of an outbox entry, unless the same was sent before, and finish the entry.

    People are mailed independently: whoever cannot be mailed keeps no other from it. A lease keeps two tasks
    from sending the same mail. No transport can be asked afterwards what it has sent: if the process dies
    between sending and storing, the mail goes out a second time, with the same id. It never gets lost.

    Args:
        ports: The outside.
        task: The task that works off the entry.
        mails: One for each person.

    Raises:
        Retry: It did not work now; the entry is due again in a while.
        OperatorFault: Mails are not set up as they should be; the entry is due again in an hour.
        GivenUp: A mail will never be taken, or was tried for too long; a dead letter keeps it.
    """
    failed = [error for due in mails if (error := _mail_once(ports, task, due))]
    waiting = [error for error in failed if not isinstance(error, Forbidden)]
    now = ports.clock.now()
    if any(isinstance(error, Conflict) for error in waiting) or (
        waiting and not too_late_to_send(task.since, now=now)
    ):
        first = waiting[0]
        pause = RETRY_MISCONFIGURED_AFTER if isinstance(first, OperatorFault) else RETRY_AFTER
        ports.ledger.put_off(task.entry, until=now + pause)
        raise first
    if failed:
        raise _given_up(ports, task, failed[0].reason)
    ports.ledger.done(task.entry)


def _mail_once(ports: Ports, task: MailTask, due: DueMail) -> Retry | OperatorFault | Forbidden | None:
    """Send one mail and store that its reader was told; why that was not possible, None where it was."""
    last, wanted = due.last, due.wanted
    if last is not None and last.state == wanted.state and last.by in {Sender.SLOTBRIDGE, wanted.by}:
        return None
    busy = Conflict("the same mail is on its way at the moment", code="mail_under_way")
    try:
        with lease(ports, f"mail.{mail_id(wanted.tenant, wanted.key)}", busy=busy):
            if ports.notifications.last(wanted.tenant, wanted.key) != last:
                raise Conflict("somebody else told this meanwhile", code="told_meanwhile")
            if due.mail is not None:
                ports.mailer.send(due.mail)
                ports.log.info("mail_sent", tenant=task.tenant, kind=due.mail.kind.value, mail=due.mail.id)
            _store_notified(ports, wanted)
    except (Retry, OperatorFault, Forbidden) as failed:
        return failed
    return None


def _given_up(ports: Ports, task: MailTask, code: str) -> GivenUp:
    """Keep a mail that was not sent as a dead letter, which a person can find and replay.

    Its entry rests meanwhile, with what the mail has to say; nothing is stored as told.
    """
    letter = DeadLetter(
        id=letter_id(task.tenant, task.entry),
        tenant=task.tenant,
        work=task.work,
        lane=task.lane,
        payload=task_for(task, name=None).payload,
        code=code,
        attempts=1,
        died_at=ports.clock.now(),
    )
    ports.ledger.put_dead_letter(letter, entry=task.entry, rest=True)
    ports.log.warning("mail_given_up", tenant=task.tenant, kind=task.kind.value, code=code)
    return GivenUp("this mail was not sent", code=code)


def answers_to(ports: Ports, tenant: Tenant) -> str | None:
    """The address that customers' answers go to; one that cannot be mailed to is left out.

    A notice says so once for each such address, in the console: the owner cannot be mailed.
    """
    owner = tenant.mail.owner
    if owner is None or can_be_mailed(owner):
        return owner
    ports.log.warning("reply_address_left_out", tenant=tenant.id)
    ports.ledger.record_notice(
        new_notice(
            NoticeKind.OWNER_ADDRESS_UNUSABLE,
            tenant=tenant.id,
            cause=mail_id(tenant.id, owner),
            at=ports.clock.now(),
        )
    )
    return None


def _store_notified(ports: Ports, wanted: LastNotified) -> None:
    """Store what was mailed; tried a few times, because what is not stored is mailed again."""
    for attempt in range(_TRIES):
        try:
            ports.notifications.save(wanted)
        except Conflict:
            return
        except Retry:
            if attempt == _TRIES - 1:
                raise
            continue
        return


def notification(
    last: LastNotified | None, *, tenant: str, key: str, state: str, by: Sender, now: datetime
) -> LastNotified:
    """What is to be stored under a key as mailed last, in place of ``last``."""
    return LastNotified(
        tenant, key, state, by, now, now + NOTIFICATIONS_KEPT, version=last.version if last else None
    )


def guest_events(
    ports: Ports, booking: Booking, *, revision: int, exporting: str | None = None
) -> tuple[GuestEvent, ...]:
    """The booking's events in the calendars of its resource's connections, as far as they have guests.

    None where the customer's address is one that cannot be mailed to: no provider is given it.

    Args:
        ports: The outside.
        booking: The booking.
        revision: Which of its changes the customer is to be told of.
        exporting: The connection whose event is about to be written.
    """
    if not can_be_mailed(booking.customer.email):
        return ()
    found = ports.connections.of_resource(booking.tenant, booking.resource)
    return tuple(
        _guest_event(ports, item, booking, revision=revision, exporting=item.id == exporting)
        for item in found
    )


def _guest_event(
    ports: Ports, connection: Connection, booking: Booking, *, revision: int, exporting: bool
) -> GuestEvent:
    if booking.revision == 1 and not connection.settings.exports.attendee:
        # Nobody was a guest of an event before, and nobody becomes one.
        return GuestEvent(connection)
    link = ports.bookings.link(booking.tenant, connection.id, booking.id)
    there = link is not None and (
        link.state not in {LinkState.GONE, LinkState.FAILED} or owner_edited_in(booking, connection)
    )
    event = GuestEvent(
        connection,
        guest=link is not None and there and has_guest(link),
        # Nobody is invited to an event that is cancelled, and its owner's own choice of guests is kept.
        invitable=booking.active
        and may_invite(link, guest=guest_key(booking, connection.settings.exports))
        and not (link and link.keeps_guests),
        told=link is not None and link.mailed >= revision,
    )
    if event.told or not event.invites:
        return event
    return replace(event, due=exporting or _export_is_due(ports, connection, booking, link))


def _export_is_due(ports: Ports, connection: Connection, booking: Booking, link: ExportLink | None) -> bool:
    """Whether the event is still to be written for this revision of its booking, and soon."""
    if link is not None and link.state is not LinkState.PENDING and link.revision >= booking.revision:
        return False
    entry = ports.ledger.outbox(export_entry_id(booking, connection.id))
    if entry is None:
        return False
    return entry.waiting_until is None or entry.waiting_until - ports.clock.now() <= LONGEST_SILENCE


def provider_notifies(ports: Ports, connection: Connection, booking: Booking) -> bool:
    """Whether this connection's provider may mail the customer about the booking as it is now.

    Not where Slotbridge did so already, where another connection's provider does, where it was mailed before,
    or where the owner made the change in this very calendar: then the provider asked them.
    """
    if not (connection.settings.exports.attendee and connection.settings.exports.notify):
        return True
    last = ports.notifications.last(booking.tenant, booking_key(booking.id))
    if last is not None and last.state == notified_state(booking):
        if last.by is Sender.SLOTBRIDGE:
            return False
        if last.speaker is not None:
            return last.speaker == connection.id and _is_owed(ports, last, connection, booking)
    events = guest_events(ports, booking, revision=booking.revision, exporting=connection.id)
    mailing = mailing_event(booking, events)
    return mailing is not None and mailing.connection.id == connection.id


def _is_owed(ports: Ports, last: LastNotified, connection: Connection, booking: Booking) -> bool:
    """Whether the mail that a connection's provider was to send has not been sent yet."""
    if last.promised is None:
        return True
    link = ports.bookings.link(booking.tenant, connection.id, booking.id)
    return link is None or link.mailed < last.promised


def mail_instead(ports: Ports, connection: Connection, booking: Booking) -> None:
    """Mail the customer ourselves where this connection's provider was to do it, and has not.

    To be called once the event is as it should be, or where that will take too long.
    """
    if not booking.customer.email:
        return
    last = ports.notifications.last(booking.tenant, booking_key(booking.id))
    if last is None or last.by is not Sender.PROVIDER or last.speaker != connection.id:
        return
    promised = bool(last.promised) and last.state == notified_state(booking)
    if promised and _is_owed(ports, last, connection, booking):
        words = booking_words(known_service(ports, booking), known_resource(ports, booking))
        store_and_enqueue(ports, [replacement_mail_entry(booking, words=words, now=ports.clock.now())])
