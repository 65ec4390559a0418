"""Mails a notice to the tenant's owner and to the person whose calendar it is about, each notice once."""

from __future__ import annotations

from datetime import UTC, datetime

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, Status
from common.domain.catalogue.records import Resource, Tenant
from common.domain.notify import (
    MailContent,
    Notice,
    NoticeKind,
    Sender,
    mail_id,
    new_notice,
    notice_mail_kind,
)
from common.domain.shared.outbox import REMINDED_EVERY, reminder_entry
from common.domain.shared.task_records import NotifyOwner, RemindOwner
from common.domain.webhooks import WebhookEvent
from common.errors import UnknownResource
from common.flows.notify.content import notice_mail
from common.flows.notify.delivery import DueMail, mail_all, notification
from common.flows.shared.outbox import nothing_to_do
from common.flows.webhooks.deliver import connection_data, enqueue_webhooks
from common.ports import Ports

_EVENTS = {
    NoticeKind.REAUTH_REQUIRED: WebhookEvent.CONNECTION_REAUTH_REQUIRED,
    NoticeKind.UNREACHABLE: WebhookEvent.CONNECTION_UNREACHABLE,
}


def notify_owner(ports: Ports, task: NotifyOwner) -> int:
    """Queue the webhooks about a notice, and mail the owner and whose calendar it is; how many are mailed.

    A notice about a resource that was removed since asks for nothing any more: nobody is mailed.

    Raises:
        Retry: It did not work now; the outbox entry stays.
        OperatorFault: Mails are not set up as they should be; the outbox entry stays.
        GivenUp: A mail will never be taken; a dead letter keeps it, and who else can be mailed was.
    """
    try:
        notice = ports.notifications.notice(task.tenant, task.subject)
        tenant = ports.catalogue.tenant(task.tenant)
    except UnknownResource:
        nothing_to_do(ports, task, why="erased")
        return 0
    connection = _connection(ports, notice)
    _enqueue_webhooks(ports, notice, connection)
    booking = _booking(ports, notice)
    resource = _resource(ports, notice, connection, booking)
    if resource is None and (notice.connection or notice.booking):
        nothing_to_do(ports, task, why="resource_removed")
        return 0
    kind = notice_mail_kind(notice.kind)
    people = _recipients(tenant, resource) if kind is not None and ports.mailer.on else {}
    mails = [
        _due(
            ports,
            notice,
            role,
            notice_mail(
                ports,
                kind,
                notice,
                to=address,
                tenant=tenant,
                resource=resource,
                connection=connection,
                booking=booking,
            ),
        )
        for role, address in people.items()
        if kind is not None
    ]
    mail_all(ports, task, mails)
    return len(mails)


def _recipients(tenant: Tenant, resource: Resource | None) -> dict[str, str]:
    """Who is mailed, by what they are: the owner, and whose calendar it is; one address is mailed once."""
    owner, person = tenant.mail.owner, resource.email if resource else None
    people = {"owner": owner, "resource": None if person == owner else person}
    return {role: address for role, address in people.items() if address}


def _due(ports: Ports, notice: Notice, role: str, mail: MailContent) -> DueMail:
    """A mail to one recipient, each of whom has a record of its own of what was mailed."""
    key = f"notice-{mail_id(notice.id)}-{role}"
    last, now = ports.notifications.last(notice.tenant, key), ports.clock.now()
    told = notification(last, tenant=notice.tenant, key=key, state="told", by=Sender.SLOTBRIDGE, now=now)
    return DueMail(last, told, mail)


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
        nothing_to_do(ports, task, why="erased")
        return False
    if connection.status is not Status.REAUTH_REQUIRED:
        nothing_to_do(ports, task, why="connected_again")
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
