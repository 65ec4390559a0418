"""Tells the owner, and whoever the calendar belongs to, about a notice: by one mail at most."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.account import Connection
from common.domain.booking import Booking
from common.domain.catalogue import Resource
from common.domain.hooks import HookEvent
from common.domain.mailing import Teller, letter_of, mail_id
from common.domain.work import Notice, NoticeKind, OutboxKind
from common.errors import UnknownResource
from common.flows.steps.hooking import tell_hooks
from common.flows.steps.letters import notice_letter
from common.flows.steps.telling import Promise, fresh, tell_once
from common.ports import Ports

_EVENTS = {
    NoticeKind.REAUTH_REQUIRED: HookEvent.CONNECTION_REAUTH_REQUIRED,
    NoticeKind.UNREACHABLE: HookEvent.CONNECTION_UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class TellOwner:
    """Which promise; ``subject`` is the notice."""

    tenant: str
    subject: str
    entry: str
    since: int = 0


def tell_owner(ports: Ports, command: TellOwner) -> bool:
    """Whether there was anybody to mail.

    Raises:
        Retry: It did not work now; the promise stays.
        OperatorFault: Mails are not set up as they should be; the promise stays.
    """
    try:
        notice = ports.telling.notice(command.tenant, command.subject)
        tenant = ports.catalogue.tenant(command.tenant)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return False
    connection = _connection(ports, notice)
    _tell_systems(ports, notice, connection)
    booking = _booking(ports, notice)
    resource = _resource(ports, notice, connection, booking)
    letter, mail = letter_of(notice.kind), None
    if letter is not None and ports.mailer.on:
        mail = notice_letter(
            ports,
            letter,
            notice,
            tenant=tenant,
            resource=resource,
            connection=connection,
            booking=booking,
        )
    key = f"notice-{mail_id(notice.id)}"
    told = ports.telling.told(notice.tenant, key)
    by, now = Teller.SLOTBRIDGE if mail else Teller.NOBODY, ports.clock.now()
    wish = fresh(told, tenant=notice.tenant, key=key, state="told", by=by, now=now)
    promise = Promise(
        command.entry, OutboxKind.NOTICE, command.tenant, subject=command.subject, since=command.since
    )
    tell_once(ports, promise, told, wish, mail)
    return mail is not None


def _tell_systems(ports: Ports, notice: Notice, connection: Connection | None) -> None:
    event = _EVENTS.get(notice.kind)
    if event is not None and connection is not None:
        data = {
            "connection": connection.id,
            "resource": connection.resource,
            "provider": connection.provider.value,
        }
        tell_hooks(ports, notice.tenant, event, cause=f"notice/{notice.id}", data=data)


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
