"""Tells the owner, and whoever the calendar belongs to, about a notice: by one mail at most."""

from __future__ import annotations

from datetime import UTC, datetime

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, Status
from common.domain.catalogue.records import Resource
from common.domain.notify import Notice, NoticeKind, Sender, mail_id, notice_mail_kind
from common.domain.shared.outbox import REMINDED_EVERY, OutboxKind, reminder_entry
from common.domain.shared.task_records import NotifyOwner, RemindOwner
from common.domain.webhooks import WebhookEvent
from common.errors import UnknownResource
from common.flows.notify.content import notice_mail
from common.flows.notify.delivery import Promise, notification, notify_once
from common.flows.webhooks.deliver import enqueue_webhooks
from common.ports import Ports

_EVENTS = {
    NoticeKind.REAUTH_REQUIRED: WebhookEvent.CONNECTION_REAUTH_REQUIRED,
    NoticeKind.UNREACHABLE: WebhookEvent.CONNECTION_UNREACHABLE,
}


def notify_owner(ports: Ports, command: NotifyOwner) -> bool:
    """Whether there was anybody to mail.

    Raises:
        Retry: It did not work now; the promise stays.
        OperatorFault: Mails are not set up as they should be; the promise stays.
    """
    try:
        notice = ports.notifications.notice(command.tenant, command.subject)
        tenant = ports.catalogue.tenant(command.tenant)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return False
    connection = _connection(ports, notice)
    _tell_systems(ports, notice, connection)
    booking = _booking(ports, notice)
    resource = _resource(ports, notice, connection, booking)
    letter, mail = notice_mail_kind(notice.kind), None
    if letter is not None and ports.mailer.on:
        mail = notice_mail(
            ports,
            letter,
            notice,
            tenant=tenant,
            resource=resource,
            connection=connection,
            booking=booking,
        )
    key = f"notice-{mail_id(notice.id)}"
    told = ports.notifications.last(notice.tenant, key)
    by, now = Sender.SLOTBRIDGE if mail else Sender.NOBODY, ports.clock.now()
    wish = notification(told, tenant=notice.tenant, key=key, state="told", by=by, now=now)
    promise = Promise(
        command.entry, OutboxKind.NOTICE, command.tenant, subject=command.subject, since=command.since
    )
    notify_once(ports, promise, told, wish, mail)
    return mail is not None


def _tell_systems(ports: Ports, notice: Notice, connection: Connection | None) -> None:
    event = _EVENTS.get(notice.kind)
    if event is not None and connection is not None:
        data = {
            "connection": connection.id,
            "resource": connection.resource,
            "provider": connection.provider.value,
        }
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


def remind_owner(ports: Ports, command: RemindOwner) -> bool:
    """Whether today's reminder was given now.

    The days are counted from the death of the grant, and each has one notice, however often this runs. With
    reminders switched off the promise stays, silent, so that switching them on again is enough.
    """
    try:
        connection = ports.connections.get(command.tenant, command.subject)
        tenant = ports.catalogue.tenant(command.tenant)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return False
    if connection.status is not Status.REAUTH_REQUIRED:
        ports.ledger.done(command.entry)
        return False
    now, since = ports.clock.now(), datetime.fromtimestamp(command.since, tz=UTC)
    number = (now - since) // REMINDED_EVERY
    told = number > 0 and tenant.mail.reminders
    if told:
        ports.ledger.record_notice(
            Notice(
                id=f"reauth-{connection.id}-{command.since}-{number}",
                tenant=command.tenant,
                kind=NoticeKind.REAUTH_REMINDER,
                at=now,
                connection=connection.id,
            )
        )
    ports.ledger.put_outbox(
        reminder_entry(connection, since=since, due_at=since + (number + 1) * REMINDED_EVERY)
    )
    return told
