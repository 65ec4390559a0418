"""Mails a notice to the tenant's owner and to the person whose calendar it is about, each notice once."""

from __future__ import annotations

from datetime import UTC, datetime

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, Status
from common.domain.catalogue.records import Resource
from common.domain.notify import Notice, NoticeKind, Sender, mail_id, new_notice, notice_mail_kind
from common.domain.shared.outbox import REMINDED_EVERY, reminder_entry
from common.domain.shared.task_records import NotifyOwner, RemindOwner
from common.domain.webhooks import WebhookEvent
from common.errors import UnknownResource
from common.flows.notify.content import notice_mail
from common.flows.notify.delivery import entry_of, mail_once, notification
from common.flows.webhooks.deliver import connection_data, enqueue_webhooks
from common.ports import Ports

_EVENTS = {
    NoticeKind.REAUTH_REQUIRED: WebhookEvent.CONNECTION_REAUTH_REQUIRED,
    NoticeKind.UNREACHABLE: WebhookEvent.CONNECTION_UNREACHABLE,
}


def notify_owner(ports: Ports, task: NotifyOwner) -> bool:
    """Queue the webhooks about a notice, and mail the owner and whose calendar it is; whether one was mailed.

    Raises:
        Retry: It did not work now; the outbox entry stays.
        OperatorFault: Mails are not set up as they should be; the outbox entry stays.
    """
    try:
        notice = ports.notifications.notice(task.tenant, task.subject)
        tenant = ports.catalogue.tenant(task.tenant)
    except UnknownResource:
        ports.ledger.done(task.entry)
        return False
    connection = _connection(ports, notice)
    _enqueue_webhooks(ports, notice, connection)
    booking = _booking(ports, notice)
    resource = _resource(ports, notice, connection, booking)
    kind, mail = notice_mail_kind(notice.kind), None
    if kind is not None and ports.mailer.on:
        mail = notice_mail(
            ports,
            kind,
            notice,
            tenant=tenant,
            resource=resource,
            connection=connection,
            booking=booking,
        )
    key = f"notice-{mail_id(notice.id)}"
    last = ports.notifications.last(notice.tenant, key)
    by, now = Sender.SLOTBRIDGE if mail else Sender.NOBODY, ports.clock.now()
    notified = notification(last, tenant=notice.tenant, key=key, state="told", by=by, now=now)
    mail_once(ports, entry_of(task), last, notified, mail)
    return mail is not None


def _enqueue_webhooks(ports: Ports, notice: Notice, connection: Connection | None) -> None:
    event = _EVENTS.get(notice.kind)
    if event is not None and connection is not None:
        data = connection_data(connection)
        enqueue_webhooks(ports, notice.tenant, event, cause=f"notice/{notice.id}", data=data)


def _connection(ports: Ports, notice: Notice) -> Connection | None:
    if notice.connection is None:
        return None
    try:
        return ports.connections.get(notice.tenant, notice.connection)
    except UnknownResource:
        return None


def _booking(ports: Ports, notice: Notice) -> Booking | None:
    if notice.booking is None:
        return None
    try:
        return ports.bookings.get(notice.tenant, notice.booking)
    except UnknownResource:
        return None


def _resource(
    ports: Ports, notice: Notice, connection: Connection | None, booking: Booking | None
) -> Resource | None:
    about = connection or booking
    if about is None:
        return None
    try:
        return ports.catalogue.resource(notice.tenant, about.resource)
    except UnknownResource:
        return None


def remind_owner(ports: Ports, task: RemindOwner) -> bool:
    """Remind the owner of a connection that must be connected again, once a day; whether it was done now.

    The days are counted from when the grant ended, and each has one notice, however often this runs. Where
    reminders are switched off the outbox entry stays, so that they go on once they are switched on again.
    """
    try:
        connection = ports.connections.get(task.tenant, task.subject)
        tenant = ports.catalogue.tenant(task.tenant)
    except UnknownResource:
        ports.ledger.done(task.entry)
        return False
    if connection.status is not Status.REAUTH_REQUIRED:
        ports.ledger.done(task.entry)
        return False
    now, since = ports.clock.now(), datetime.fromtimestamp(task.since, tz=UTC)
    number = (now - since) // REMINDED_EVERY
    remind = number > 0 and tenant.mail.reminders
    if remind:
        ports.ledger.record_notice(
            new_notice(
                NoticeKind.REAUTH_REMINDER,
                tenant=task.tenant,
                cause=f"{connection.id}-{task.since}-{number}",
                at=now,
                connection=connection.id,
            )
        )
    ports.ledger.put_outbox(
        reminder_entry(connection, since=since, due_at=since + (number + 1) * REMINDED_EVERY)
    )
    return remind
