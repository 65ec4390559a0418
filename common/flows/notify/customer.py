"""Notifies of a booking's change: its customer by one mail at most, the tenant's systems by webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.catalogue.records import Service
from common.domain.export.exported_event import LinkState
from common.domain.notify import (
    GuestEvent,
    Sender,
    booking_key,
    booking_mail_kind,
    booking_words,
    customer_sender,
    mailing_event,
    notified_state,
    told_uid,
)
from common.domain.shared.outbox import OutboxKind, replacement_mail_id
from common.domain.shared.task_records import NotifyCustomer
from common.domain.webhooks import WebhookEvent
from common.errors import UnknownResource
from common.flows.notify.content import booking_mail, file_identity, own_uid
from common.flows.notify.delivery import (
    DueMail,
    answers_to,
    guest_events,
    known_resource,
    known_service,
    mail_all,
    mail_instead,
    notification,
)
from common.flows.shared.outbox import nothing_to_do
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
        GivenUp: The mail will never be taken; a dead letter keeps it.
    """
    try:
        booking = ports.bookings.get(task.tenant, task.booking)
        tenant = ports.catalogue.tenant(task.tenant)
    except UnknownResource:
        nothing_to_do(ports, task, why="erased")
        return Sender.NOBODY
    _enqueue_webhooks(ports, task, booking)
    wanted = tenant.mail.customers and ports.mailer.on and booking.interval.end > ports.clock.now()
    events = _guest_events(ports, task, booking)
    service = known_service(ports, booking)
    by = customer_sender(booking, service, events, wanted=wanted)
    key = booking_key(booking.id)
    last = ports.notifications.last(booking.tenant, key)
    mail, uid = None, told_uid(last, own=own_uid(booking))
    if by is Sender.SLOTBRIDGE:
        kind = booking_mail_kind(booking, last, task.kind)
        words, answers = _words(ports, task, booking, service), answers_to(ports, tenant)
        inviting = [event.connection for event in events if event.invites]
        identity = file_identity(ports, booking, last, inviting)
        mail = booking_mail(
            ports, kind, booking, tenant=tenant, words=words, answers_to=answers, identity=identity
        )
        uid = identity.uid
    state, now = notified_state(booking), ports.clock.now()
    notified = notification(last, tenant=booking.tenant, key=key, state=state, by=by, now=now)
    notified = replace(notified, uid=uid)
    if by is Sender.NOBODY:
        ports.log.info("no_mail_due", tenant=task.tenant, kind=task.kind.value, booking=booking.id)
    mailing = mailing_event(booking, events) if by is Sender.PROVIDER else None
    if mailing is not None:
        promised = task.revision if mailing.due else 0
        notified = replace(notified, speaker=mailing.connection.id, promised=promised)
    mail_all(ports, task, [DueMail(last, notified, mail)])
    if mailing is not None and mailing.due:
        _check_promise(ports, mailing.connection, booking)
    return by


def _guest_events(ports: Ports, task: NotifyCustomer, booking: Booking) -> tuple[GuestEvent, ...]:
    """The booking's events; where a mail takes the place of a provider's, nothing is expected of them."""
    events = guest_events(ports, booking, revision=task.revision)
    instead = task.entry == replacement_mail_id(booking)
    return tuple(replace(event, due=event.due and not instead) for event in events)


def _check_promise(ports: Ports, connection: Connection, booking: Booking) -> None:
    """Mail the customer after all where the export, which knew of no promise yet, was done meanwhile."""
    link = ports.bookings.link(booking.tenant, connection.id, booking.id)
    if link is not None and link.state is not LinkState.PENDING and link.revision >= booking.revision:
        mail_instead(ports, connection, booking)


def _words(
    ports: Ports, task: NotifyCustomer, booking: Booking, service: Service | None
) -> Mapping[str, str]:
    """The names of service and resource as they are now; of what was removed, as the outbox entry says."""
    resource = known_resource(ports, booking)
    words = booking_words(service, resource)
    if service is not None and resource is not None:
        return words
    entry = ports.ledger.outbox(task.entry)
    return {**(entry.words if entry else {}), **words}


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
