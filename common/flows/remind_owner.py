"""Reminds the owner once a day that a calendar must be connected again, until it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from common.domain.account import Status
from common.domain.work import Notice, NoticeKind
from common.errors import UnknownResource
from common.flows.steps.reminding import EVERY, reminder
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class RemindOwner:
    """Which promise; ``subject`` is the connection, ``since`` when its grant died (epoch seconds)."""

    tenant: str
    subject: str
    entry: str
    since: int


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
    number = (now - since) // EVERY
    told = number > 0 and tenant.mail.reminders
    if told:
        ports.ledger.tell(
            Notice(
                id=f"reauth-{connection.id}-{command.since}-{number}",
                tenant=command.tenant,
                kind=NoticeKind.REAUTH_REMINDER,
                at=now,
                connection=connection.id,
            )
        )
    ports.ledger.put_outbox(reminder(connection, since=since, due_at=since + (number + 1) * EVERY))
    return told
