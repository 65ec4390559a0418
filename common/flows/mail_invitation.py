"""Mails an invitation's link, once, and then forgets its secret."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.invitation import Invitation, InvitationState, sealed_for
from common.domain.mailing import Teller
from common.domain.work import OutboxKind
from common.errors import Conflict, UnknownResource
from common.flows.steps.letters import invitation_letter
from common.flows.steps.telling import Promise, fresh, tell_once
from common.ports import Ports

_TRIES = 5


@dataclass(frozen=True, slots=True)
class MailInvitation:
    """Which promise; ``subject`` is the invitation, ``revision`` which sending of it."""

    tenant: str
    subject: str
    revision: int
    entry: str
    since: int = 0


def mail_invitation(ports: Ports, command: MailInvitation) -> bool:
    """Whether there was still something to send.

    Raises:
        Retry: It did not work now; the promise stays.
        OperatorFault: Mails are not set up as they should be; the promise stays.
    """
    try:
        found = ports.invitations.get(command.tenant, command.subject)
        resource = ports.catalogue.resource(found.tenant, found.resource)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return False
    now = ports.clock.now()
    late = found.sealed is None or found.sendings != command.revision
    if late or found.state(now=now) is not InvitationState.OPEN or not ports.tuning.invite_url:
        ports.ledger.done(command.entry)
        return False
    tenant = ports.catalogue.tenant(found.tenant)
    secret = ports.vault.reveal(found.sealed or "", context=sealed_for(found.tenant, found.id))
    mail = invitation_letter(ports, found, secret=secret, tenant=tenant, resource=resource)
    key = f"invitation-{found.id}-{found.sendings}"
    told = ports.telling.told(found.tenant, key)
    wish = fresh(told, tenant=found.tenant, key=key, state="told", by=Teller.SLOTBRIDGE, now=now)
    promise = Promise(
        command.entry,
        OutboxKind.INVITATION,
        command.tenant,
        revision=command.revision,
        subject=command.subject,
        since=command.since,
    )
    tell_once(ports, promise, told, wish, mail)
    _forget_secret(ports, found)
    return True


def _forget_secret(ports: Ports, invitation: Invitation) -> None:
    """A later sending has put another secret there, which is left alone."""
    for _ in range(_TRIES):
        try:
            ports.invitations.save(replace(invitation, sealed=None, sent_at=ports.clock.now()))
        except Conflict:
            current = ports.invitations.get(invitation.tenant, invitation.id)
            if current.sendings == invitation.sendings:
                invitation = current
                continue
        return
