"""Tells about a change of a booking: the customer by one mail at most, the tenant's systems by webhooks."""

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
from common.flows.notify.delivery import Promise, booking_key, inviting_connections, notification, notify_once
from common.flows.webhooks.deliver import enqueue_webhooks
from common.ports import Ports

_EVENTS = {
    OutboxKind.BOOKED: WebhookEvent.BOOKING_CREATED,
    OutboxKind.MOVED: WebhookEvent.BOOKING_CHANGED,
    OutboxKind.CANCELLED: WebhookEvent.BOOKING_CANCELLED,
}


def notify_customer(ports: Ports, command: NotifyCustomer) -> Sender:
    """Who told the customer: this mail, the provider's own, or nobody.

    Raises:
        Retry: It did not work now; the promise stays.
        OperatorFault: Mails are not set up as they should be; the promise stays.
    """
    promise = Promise(
        command.entry,
        command.kind,
        command.tenant,
        booking=command.booking,
        revision=command.revision,
        since=command.since,
    )
    try:
        booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return Sender.NOBODY
    _tell_systems(ports, command, booking)
    tenant = ports.catalogue.tenant(booking.tenant)
    service = ports.catalogue.service(booking.tenant, booking.service)
    wanted = tenant.mail.customers and ports.mailer.on and booking.interval.end > ports.clock.now()
    guest_of = inviting_connections(ports, booking)
    by = customer_sender(booking, service, guest_of, wanted=wanted)
    key = booking_key(booking.id)
    told = ports.notifications.last(booking.tenant, key)
    mail = None
    if by is Sender.SLOTBRIDGE:
        letter = booking_mail_kind(booking, told, command.kind)
        resource = ports.catalogue.resource(booking.tenant, booking.resource)
        mail = booking_mail(ports, letter, booking, tenant=tenant, service=service, resource=resource)
    state, now = notified_state(booking), ports.clock.now()
    wish = notification(told, tenant=booking.tenant, key=key, state=state, by=by, now=now)
    if by is Sender.PROVIDER:
        wish = replace(wish, speaker=mailing_connection(booking, guest_of))
    notify_once(ports, promise, told, wish, mail)
    return by


def _tell_systems(ports: Ports, command: NotifyCustomer, booking: Booking) -> None:
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
    enqueue_webhooks(ports, booking.tenant, _EVENTS[command.kind], cause=command.entry, data=data)
