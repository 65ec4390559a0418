"""Tells people and systems what happened: the promises to do so, and each mail once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.export.export_plan import may_invite
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
from common.domain.shared.outbox import OutboxEntry, OutboxKind, booking_news_entry
from common.domain.shared.tasks import DeadLetter, Lane, Payload, Work
from common.errors import Conflict, Forbidden, OperatorFault, Retry
from common.ports import Ports

# Longer than any transport waits for its server.
LEASE = timedelta(seconds=60)
SWEPT_AFTER = timedelta(minutes=15)
MISCONFIGURED = timedelta(hours=1)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Promise:
    """The outbox entry that a task keeps, as far as its payload tells it."""

    id: str
    kind: OutboxKind
    tenant: str
    booking: str = ""
    revision: int = 0
    subject: str = ""
    since: int = 0

    def again(self, *, due_at: datetime, created_at: datetime) -> OutboxEntry:
        """The same promise, to be swept at another time."""
        return OutboxEntry(
            id=self.id,
            tenant=self.tenant,
            kind=self.kind,
            booking=self.booking,
            connection="",
            revision=self.revision,
            created_at=created_at,
            due_at=due_at,
            subject=self.subject,
        )

    @property
    def payload(self) -> Payload:
        """What a task has to name."""
        return {
            "kind": self.kind.value,
            "tenant": self.tenant,
            "booking": self.booking,
            "revision": self.revision,
            "subject": self.subject,
            "entry": self.id,
            "since": self.since,
        }


def booking_news(before: Booking | None, after: Booking) -> tuple[OutboxEntry, ...]:
    """The outbox entry to tell the customer about a change of a booking, if it is one that they are told."""
    kind = notification_kind(before, after)
    return () if kind is None else (booking_news_entry(after, kind),)


def notify_once(
    ports: Ports, promise: Promise, told: LastNotified | None, wanted: LastNotified, mail: MailContent | None
) -> None:
    """Bring what is told to ``wanted``, with at most one mail, and keep the promise.

    A mail leaves under a lease, so that the same task twice at once is one mail, and what was told is written
    down right after it. There is no transport that could be asked afterwards: if the instance dies between
    the two, the mail goes out a second time with the same id. It never gets lost instead.

    Raises:
        Retry: It did not work now; the promise stays.
        OperatorFault: Mails are not set up as they should be; the promise stays.
    """
    if told is not None and told.state == wanted.state and told.by in {Sender.SLOTBRIDGE, wanted.by}:
        ports.ledger.done(promise.id)
        return
    scope, holder = f"mail.{mail_id(wanted.tenant, wanted.key)}", ports.keys.token()
    now = ports.clock.now()
    if not ports.ledger.lease(scope, holder=holder, until=now + LEASE, now=now):
        raise Conflict("the same mail is on its way at the moment", code="mail_under_way")
    current = ports.notifications.last(wanted.tenant, wanted.key)
    if current != told:
        ports.ledger.release(scope, holder=holder)
        raise Conflict("somebody else told this meanwhile", code="told_meanwhile")
    try:
        if mail is None or _sent(ports, promise, mail):
            _remember(ports, wanted)
            ports.ledger.done(promise.id)
    finally:
        # Else the tries that follow soon would meet our own lease, and each would wait longer than the last.
        ports.ledger.release(scope, holder=holder)


def _sent(ports: Ports, promise: Promise, mail: MailContent) -> bool:
    """Whether it is dealt with; one that will never go out is buried where a person finds it."""
    try:
        ports.mailer.send(mail)
    except Forbidden as refused:
        bury(ports, promise, refused.reason)
    except (Retry, OperatorFault) as failed:
        return _put_off(ports, promise, failed)
    ports.log.info("mail_sent", tenant=promise.tenant, letter=mail.letter.value, mail=mail.id)
    return True


def _put_off(ports: Ports, promise: Promise, failed: Retry | OperatorFault) -> bool:
    """Keep the promise for later, or give it up where nobody wants to hear it any more."""
    now = ports.clock.now()
    if too_late_to_send(promise.since, now=now):
        bury(ports, promise, failed.reason)
        ports.ledger.done(promise.id)
        return False
    pause = MISCONFIGURED if isinstance(failed, OperatorFault) else SWEPT_AFTER
    began = datetime.fromtimestamp(promise.since, tz=now.tzinfo)
    ports.ledger.put_outbox(promise.again(due_at=now + pause, created_at=began))
    raise failed


def bury(ports: Ports, promise: Promise, code: str) -> None:
    """Keep what could not be sent where a person can find and replay it."""
    now = ports.clock.now()
    ports.ledger.add_dead_letter(
        DeadLetter(
            id=mail_id(promise.tenant, promise.id),
            tenant=promise.tenant,
            work=Work.NOTIFY,
            lane=Lane.LIVE,
            payload={**promise.payload, "since": int(now.timestamp())},
            code=code,
            attempts=1,
            died_at=now,
        )
    )
    ports.log.warning("mail_given_up", tenant=promise.tenant, kind=promise.kind.value, code=code)


def _remember(ports: Ports, wanted: LastNotified) -> None:
    """Write down what was told; tried a few times, because forgetting it means telling it again."""
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
    told: LastNotified | None, *, tenant: str, key: str, state: str, by: Sender, now: datetime
) -> LastNotified:
    """What shall have been told after this."""
    return LastNotified(
        tenant, key, state, by, now, now + NOTIFICATIONS_KEPT, version=told.version if told else None
    )


def booking_key(booking: str) -> str:
    """Under which key it is remembered what a booking's customer knows."""
    return f"booking-{booking}"


def inviting_connections(ports: Ports, booking: Booking) -> list[Connection]:
    """The connections in which the customer is a guest of the event, or becomes one with this change."""
    found = ports.connections.of_resource(booking.tenant, booking.resource)
    return [item for item in found if item.settings.exports.attendee and _guest(ports, item, booking)]


def _guest(ports: Ports, connection: Connection, booking: Booking) -> bool:
    link = ports.bookings.link(booking.tenant, connection.id, booking.id)
    # Nobody is invited to be told that it is off.
    return may_invite(link) and (booking.active or (link is not None and invited(link.written)))


def provider_notifies(ports: Ports, connection: Connection, booking: Booking) -> bool:
    """Whether this connection's provider may mail the customer about the booking as it is now.

    Not where Slotbridge did so already, where another connection's provider does, or where the owner made
    the change in this very calendar: then the provider asked them.
    """
    if not (connection.settings.exports.attendee and connection.settings.exports.notify):
        return True
    told = ports.notifications.last(booking.tenant, booking_key(booking.id))
    if told is not None and told.state == notified_state(booking):
        if told.by is Sender.SLOTBRIDGE:
            return False
        if told.speaker is not None:
            return told.speaker == connection.id
    return mailing_connection(booking, inviting_connections(ports, booking)) == connection.id
