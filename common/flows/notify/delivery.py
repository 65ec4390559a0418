"""Sends mails, each once: under a lease, with what was mailed last, and with another try where it failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.export.exported_event import may_invite
from common.domain.export.own_events import invited
from common.domain.notify import (
    NOTIFICATIONS_KEPT,
    LastNotified,
    MailContent,
    Sender,
    mail_id,
    mailing_connection,
    notification_kind,
    notified_state,
    too_late_to_send,
)
from common.domain.shared.outbox import OutboxEntry, booking_news_entry
from common.domain.shared.task_records import MailInvitation, NotifyCustomer, NotifyOwner
from common.domain.shared.tasks import DeadLetter, Lane, Work
from common.errors import Conflict, Forbidden, OperatorFault, Retry
from common.flows.shared.lease import lease
from common.flows.shared.outbox import outbox_task
from common.ports import Ports

RETRY_AFTER = timedelta(minutes=15)
RETRY_MISCONFIGURED_AFTER = timedelta(hours=1)
_TRIES = 3


def booking_news(before: Booking | None, after: Booking) -> tuple[OutboxEntry, ...]:
    """The outbox entry to tell the customer about a change of a booking, if it is one that they are told."""
    kind = notification_kind(before, after)
    return () if kind is None else (booking_news_entry(after, kind),)


def entry_of(task: NotifyCustomer | NotifyOwner | MailInvitation) -> OutboxEntry:
    """The outbox entry that a task works off, as far as the task's payload says."""
    return OutboxEntry(
        id=task.entry,
        tenant=task.tenant,
        kind=task.kind,
        booking=task.booking if isinstance(task, NotifyCustomer) else "",
        connection="",
        revision=0 if isinstance(task, NotifyOwner) else task.revision,
        created_at=datetime.fromtimestamp(task.since, tz=UTC),
        due_at=datetime.fromtimestamp(task.since, tz=UTC),
        subject="" if isinstance(task, NotifyCustomer) else task.subject,
    )


def mail_once(
    ports: Ports,
    entry: OutboxEntry,
    last: LastNotified | None,
    wanted: LastNotified,
    mail: MailContent | None,
) -> None:
    """Send a mail, unless the same was mailed before, store that it was sent, and finish the outbox entry.

    A lease keeps two tasks from sending the same mail. No transport can be asked afterwards what it has sent:
    if the process dies between sending and storing, the mail goes out a second time, with the same id. It
    never gets lost instead.

    Args:
        ports: The outside.
        entry: The outbox entry that this mail works off.
        last: What was stored last under the key of ``wanted``.
        wanted: What is to be stored now.
        mail: What to send; None where somebody else notifies, or nobody: then this is only stored.

    Raises:
        Retry: It did not work now; the entry stays.
        OperatorFault: Mails are not set up as they should be; the entry stays.
    """
    if last is not None and last.state == wanted.state and last.by in {Sender.SLOTBRIDGE, wanted.by}:
        ports.ledger.done(entry.id)
        return
    busy = Conflict("the same mail is on its way at the moment", code="mail_under_way")
    with lease(ports, f"mail.{mail_id(wanted.tenant, wanted.key)}", busy=busy):
        if ports.notifications.last(wanted.tenant, wanted.key) != last:
            raise Conflict("somebody else told this meanwhile", code="told_meanwhile")
        if mail is None or _send(ports, entry, mail):
            _store_notified(ports, wanted)
            ports.ledger.done(entry.id)


def _send(ports: Ports, entry: OutboxEntry, mail: MailContent) -> bool:
    """Send a mail; True where it was sent, or never can be, which leaves a dead letter; False where given up.

    Raises:
        Retry: It did not work now; the entry is due again in a while.
        OperatorFault: Mails are not set up as they should be; the entry is due again in an hour.
    """
    try:
        ports.mailer.send(mail)
    except Forbidden as refused:
        _bury(ports, entry, refused.reason)
    except (Retry, OperatorFault) as failed:
        now = ports.clock.now()
        if too_late_to_send(int(entry.created_at.timestamp()), now=now):
            _bury(ports, entry, failed.reason)
            ports.ledger.done(entry.id)
            return False
        pause = RETRY_MISCONFIGURED_AFTER if isinstance(failed, OperatorFault) else RETRY_AFTER
        ports.ledger.put_outbox(replace(entry, due_at=now + pause))
        raise
    else:
        ports.log.info("mail_sent", tenant=entry.tenant, kind=mail.kind.value, mail=mail.id)
    return True


def _bury(ports: Ports, entry: OutboxEntry, code: str) -> None:
    """Keep a mail that could not be sent as a dead letter, which a person can find and replay."""
    now = ports.clock.now()
    ports.ledger.add_dead_letter(
        DeadLetter(
            id=mail_id(entry.tenant, entry.id),
            tenant=entry.tenant,
            work=Work.NOTIFY,
            lane=Lane.LIVE,
            # Who replays it begins anew: it may be tried for as long as a new mail.
            payload=outbox_task(replace(entry, created_at=now)).payload,
            code=code,
            attempts=1,
            died_at=now,
        )
    )
    ports.log.warning("mail_given_up", tenant=entry.tenant, kind=entry.kind.value, code=code)


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


def booking_key(booking: str) -> str:
    """The key under which it is stored what a booking's customer was told last."""
    return f"booking-{booking}"


def inviting_connections(ports: Ports, booking: Booking) -> list[Connection]:
    """The connections in which the customer is a guest of the event, or becomes one with this change."""
    found = ports.connections.of_resource(booking.tenant, booking.resource)
    return [item for item in found if item.settings.exports.attendee and _guest(ports, item, booking)]


def _guest(ports: Ports, connection: Connection, booking: Booking) -> bool:
    link = ports.bookings.link(booking.tenant, connection.id, booking.id)
    # Nobody is invited to an event that is cancelled.
    return may_invite(link) and (booking.active or (link is not None and invited(link.written)))


def provider_notifies(ports: Ports, connection: Connection, booking: Booking) -> bool:
    """Whether this connection's provider may mail the customer about the booking as it is now.

    Not where Slotbridge did so already, where another connection's provider does, or where the owner made
    the change in this very calendar: then the provider asked them.
    """
    if not (connection.settings.exports.attendee and connection.settings.exports.notify):
        return True
    last = ports.notifications.last(booking.tenant, booking_key(booking.id))
    if last is not None and last.state == notified_state(booking):
        if last.by is Sender.SLOTBRIDGE:
            return False
        if last.speaker is not None:
            return last.speaker == connection.id
    return mailing_connection(booking, inviting_connections(ports, booking)) == connection.id
