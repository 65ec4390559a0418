"""Notifies of a booking's change: its customer by one mail at most, the tenant's systems by webhooks."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking.booking import Booking
from common.domain.notify import (
    Sender,
    booking_mail_kind,
    customer_sender,
    mailing_connection,
    notified_state,
)
from common.domain.shared.outbox import OutboxKind
from common.domain.shared.task_records import NotifyCustomer
from common.domain.webhooks import WebhookEvent
from common.errors import UnknownResource
from common.flows.notify.content import booking_mail
from common.flows.notify.delivery import booking_key, entry_of, inviting_connections, mail_once, notification
from common.flows.webhooks.deliver import enqueue_webhooks
from common.ports import Ports

_EVENTS = {
    OutboxKind.BOOKED: WebhookEvent.BOOKING_CREATED,
    OutboxKind.MOVED: WebhookEvent.BOOKING_CHANGED,
    OutboxKind.CANCELLED: WebhookEvent.BOOKING_CANCELLED,
}


def notify_customer(ports: Ports, task: NotifyCustomer) -> Sender:
    """Queue the webhooks about a booking, and mail its customer if Slotbridge is to do so; who mails them.

    Raises:
        Retry: It did not work now; the outbox entry stays.
        OperatorFault: Mails are not set up as they should be; the outbox entry stays.
    """
    try:
        booking = ports.bookings.get(task.tenant, task.booking)
    except UnknownResource:
        ports.ledger.done(task.entry)
        return Sender.NOBODY
    _enqueue_webhooks(ports, task, booking)
    tenant = ports.catalogue.tenant(booking.tenant)
    service = ports.catalogue.service(booking.tenant, booking.service)
    wanted = tenant.mail.customers and ports.mailer.on and booking.interval.end > ports.clock.now()
    inviting = inviting_connections(ports, booking)
    by = customer_sender(booking, service, inviting, wanted=wanted)
    key = booking_key(booking.id)
    last = ports.notifications.last(booking.tenant, key)
    mail = None
    if by is Sender.SLOTBRIDGE:
        kind = booking_mail_kind(booking, last, task.kind)
        resource = ports.catalogue.resource(booking.tenant, booking.resource)
        mail = booking_mail(ports, kind, booking, tenant=tenant, service=service, resource=resource)
    state, now = notified_state(booking), ports.clock.now()
    notified = notification(last, tenant=booking.tenant, key=key, state=state, by=by, now=now)
    if by is Sender.PROVIDER:
        notified = replace(notified, speaker=mailing_connection(booking, inviting))
    mail_once(ports, entry_of(task), last, notified, mail)
    return by


def _enqueue_webhooks(ports: Ports, task: NotifyCustomer, booking: Booking) -> None:
    data: dict[str, str | int | None] = {
        "booking": booking.id,
        "revision": booking.revision,
        "resource": booking.resource,
        "service": booking.service,
        "status": booking.status.value,
        "start": booking.interval.start.isoformat(),
        "end": booking.interval.end.isoformat(),
        "changed_by": booking.source.value,
    }
    enqueue_webhooks(ports, booking.tenant, _EVENTS[task.kind], cause=task.entry, data=data)
