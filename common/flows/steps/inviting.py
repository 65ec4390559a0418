"""Sends an invitation: a new secret, kept as its hash, and the promise to mail it."""

from __future__ import annotations

from dataclasses import replace

from common.domain.catalogue import Resource
from common.domain.invitation import Invitation, hashed, sealed_for
from common.domain.quota import Limit
from common.domain.work import OutboxEntry, OutboxKind
from common.errors import InvalidRequest, RateLimited
from common.flows.steps.outbox import SWEEP_AFTER, announce
from common.ports import Ports

# Nobody is to be flooded with mails in a business's name.
A_MINUTE, AT_ONCE = 10, 30


def mailable(ports: Ports, *, tenant: str, resource: str) -> tuple[Resource, str]:
    """The resource and its address, if it can be sent an invitation.

    Raises:
        UnknownResource: There is no such resource.
        InvalidRequest: It has no address, or this installation sends no mails.
    """
    found = ports.catalogue.resource(tenant, resource)
    if not found.email:
        raise InvalidRequest("this resource has no e-mail address", code="no_address")
    if not ports.mailer.on or not ports.tuning.invite_url:
        raise InvalidRequest("this installation sends no invitations", code="mail_not_configured")
    return found, found.email


def sent(ports: Ports, invitation: Invitation) -> Invitation:
    """Store it with a new secret, together with the promise to mail that; every older link is dead.

    Raises:
        RateLimited: This business has sent too many in a short time.
        Conflict: Somebody else changed the invitation meanwhile.
    """
    now = ports.clock.now()
    limit = Limit(f"invitations.{invitation.tenant}", per_minute=A_MINUTE, burst=AT_ONCE)
    wait = ports.ledger.reserve([limit], units=1, now=now)
    if wait > 0:
        raise RateLimited("too many invitations at once", code="too_many_invitations", retry_after=wait)
    secret = ports.keys.token()
    context = sealed_for(invitation.tenant, invitation.id)
    fresh = replace(
        invitation,
        secret_hash=hashed(secret),
        sealed=ports.vault.conceal(secret, context=context),
        sent_at=None,
    )
    promise = OutboxEntry(
        id=f"{fresh.tenant}.{fresh.id}.invitation.{fresh.sendings}",
        tenant=fresh.tenant,
        kind=OutboxKind.INVITATION,
        booking="",
        connection="",
        revision=fresh.sendings,
        created_at=now,
        due_at=now + SWEEP_AFTER,
        subject=fresh.id,
    )
    stored = ports.invitations.save(fresh, tasks=[promise])
    announce(ports, [promise])
    return stored
