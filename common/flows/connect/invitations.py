"""Invites whoever a resource belongs to, by mail, to connect their calendar: from invitation to use."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language, Resource
from common.domain.connect.invitation import (
    INVITATION_BUSY,
    KEPT,
    LONGEST_LIFE,
    MOST_SENDINGS,
    Invitation,
    InvitationOffer,
    InvitationState,
    hash_secret,
    secret_context,
    subject_of,
)
from common.domain.notify import Sender
from common.domain.shared.concurrency import retry_conflicts
from common.domain.shared.outbox import invitation_entry
from common.domain.shared.rate_limits import RateLimit
from common.domain.shared.task_records import MailInvitation
from common.errors import Conflict, InvalidRequest, RateLimited, Rejected, UnknownResource
from common.flows.connect.consent import Consent, check_consent, open_consent
from common.flows.notify.content import invitation_mail
from common.flows.notify.delivery import DueMail, answers_to, mail_all, notification
from common.flows.shared.outbox import enqueue_entries, nothing_to_do
from common.mail_address import can_be_mailed
from common.ports import Ports

# Nobody is to be flooded with mails in a business's name.
MAILS_PER_MINUTE, MAILS_AT_ONCE = 10, 30


def invite(
    ports: Ports,
    *,
    tenant: str,
    resource: str,
    subject: str,
    return_to: str,
    provider: ProviderKind | None = None,
    expected_account: str | None = None,
    language: Language | None = None,
    hours: int = 72,
) -> Invitation:
    """Make an invitation and queue its mail.

    Args:
        ports: Everything outside.
        tenant: The business that invites.
        resource: The resource whose calendar shall be connected; the mail goes to its address.
        subject: Who invites.
        return_to: One of the tenant's registered addresses, where the browser goes in the end.
        provider: The only provider that is offered; None leaves the choice to whoever is invited.
        expected_account: The only mailbox that is accepted.
        language: The language of the mail; None is the tenant's.
        hours: How long it can be accepted.

    Raises:
        UnknownResource: There is no such resource.
        InvalidRequest: It has no address, the return address is not registered, the provider is not offered.
        RateLimited: This business has sent too many in a short time.
    """
    found, address = _resource_to_invite(ports, tenant=tenant, resource=resource)
    check_consent(ports, tenant=tenant, provider=provider, return_to=return_to)
    life, now = timedelta(hours=hours), ports.clock.now()
    if not timedelta() < life <= LONGEST_LIFE:
        raise InvalidRequest("an invitation lives for 72 hours at most", code="too_long")
    business = ports.catalogue.tenant(tenant)
    return _store_with_new_secret(
        ports,
        Invitation(
            id=f"inv{hashlib.sha256(ports.keys.token().encode()).hexdigest()[:24]}",
            tenant=business.id,
            resource=found.id,
            address=address,
            return_to=return_to,
            language=language or business.mail.language,
            created_by=subject,
            created_at=now,
            ends_at=now + life,
            expires_at=now + KEPT,
            secret_hash="",
            provider=provider,
            expected_account=expected_account,
        ),
    )


def resend_invitation(ports: Ports, *, tenant: str, invitation: str) -> Invitation:
    """Send an invitation again, with a new link and a new life, to the resource's address as it is now.

    Raises:
        UnknownResource: There is no such invitation, or its resource is gone.
        InvalidRequest: The resource has no address any more.
        Rejected: It was used or revoked, or was sent often enough.
        RateLimited: This business has sent too many in a short time.
    """
    found = ports.invitations.get(tenant, invitation)
    now = ports.clock.now()
    if found.state(now=now) in {InvitationState.USED, InvitationState.REVOKED}:
        raise Rejected("this invitation has ended; make a new one", code="invitation_ended")
    if found.sendings >= MOST_SENDINGS:
        raise Rejected("this invitation was sent often enough; make a new one", code="sent_too_often")
    _, address = _resource_to_invite(ports, tenant=tenant, resource=found.resource)
    life = min(found.ends_at - found.created_at, LONGEST_LIFE)
    renewed = replace(
        found,
        address=address,
        created_at=now,
        ends_at=now + life,
        expires_at=now + KEPT,
        sendings=found.sendings + 1,
    )
    return _store_with_new_secret(ports, renewed)


def _resource_to_invite(ports: Ports, *, tenant: str, resource: str) -> tuple[Resource, str]:
    """The resource and its address, if an invitation can be mailed to it.

    Raises:
        UnknownResource: There is no such resource.
        InvalidRequest: It has no address that can be mailed to, or this installation sends no mails.
    """
    found = ports.catalogue.resource(tenant, resource)
    if not found.email:
        raise InvalidRequest("this resource has no e-mail address", code="no_address")
    if not can_be_mailed(found.email):
        raise InvalidRequest("this resource's e-mail address cannot be mailed to", code="no_address")
    if not ports.mailer.on or not ports.tuning.invite_url:
        raise InvalidRequest("this installation sends no invitations", code="mail_not_configured")
    return found, found.email


def _store_with_new_secret(ports: Ports, invitation: Invitation) -> Invitation:
    """Store an invitation with a new secret and queue its mail; every older link stops working.

    Raises:
        RateLimited: This business has sent too many in a short time.
        Conflict: Somebody else changed the invitation meanwhile.
    """
    now = ports.clock.now()
    limit = RateLimit(f"invitations.{invitation.tenant}", per_minute=MAILS_PER_MINUTE, burst=MAILS_AT_ONCE)
    wait = ports.ledger.reserve([limit], units=1, now=now)
    if wait > 0:
        raise RateLimited("too many invitations at once", code="too_many_invitations", retry_after=wait)
    secret = ports.keys.token()
    context = secret_context(invitation.tenant, invitation.id)
    renewed = replace(
        invitation,
        secret_hash=hash_secret(secret),
        sealed=ports.vault.conceal(secret, context=context),
        sent_at=None,
    )
    mail = invitation_entry(renewed, now=now)
    stored = ports.invitations.save(renewed, tasks=[mail])
    enqueue_entries(ports, [mail])
    return stored


def mail_invitation(ports: Ports, command: MailInvitation) -> bool:
    """Mail an invitation, once for each sending; False where there is nothing to mail any more.

    Raises:
        Retry: It did not work now; the outbox entry stays.
        OperatorFault: Mails are not set up as they should be; the outbox entry stays.
        GivenUp: The mail will never be taken; a dead letter keeps it, and the invitation its secret.
    """
    try:
        found = ports.invitations.get(command.tenant, command.subject)
        resource = ports.catalogue.resource(found.tenant, found.resource)
        tenant = ports.catalogue.tenant(found.tenant)
    except UnknownResource:
        # Without its resource an invitation leads nowhere.
        nothing_to_do(ports, command, why="erased")
        return False
    now = ports.clock.now()
    outdated = found.sealed is None or found.sendings != command.revision
    if outdated or found.state(now=now) is not InvitationState.OPEN or not ports.tuning.invite_url:
        nothing_to_do(ports, command, why="invitation_ended")
        return False
    secret = ports.vault.reveal(found.sealed or "", context=secret_context(found.tenant, found.id))
    answers = answers_to(ports, tenant)
    mail = invitation_mail(ports, found, secret=secret, tenant=tenant, resource=resource, answers_to=answers)
    key = f"invitation-{found.id}-{found.sendings}"
    last = ports.notifications.last(found.tenant, key)
    notified = notification(last, tenant=found.tenant, key=key, state="told", by=Sender.SLOTBRIDGE, now=now)
    mail_all(ports, command, [DueMail(last, notified, mail)])
    _forget_secret(ports, found)
    return True


def _forget_secret(ports: Ports, mailed: Invitation) -> None:
    """Remove the secret that was mailed; a later sending has stored another one, which is left alone."""

    def forget() -> None:
        current = ports.invitations.get(mailed.tenant, mailed.id)
        if current.sendings == mailed.sendings:
            ports.invitations.save(replace(current, sealed=None, sent_at=ports.clock.now()))

    try:
        retry_conflicts(forget, message=INVITATION_BUSY)
    except Conflict:
        # The mail is out; what is left of the secret is encrypted and goes with the record.
        return


def revoke_invitation(ports: Ports, *, tenant: str, invitation: str) -> Invitation:
    """Revoke an invitation, so that its link stops working; repeating it changes nothing.

    One that was used stays used. The invitation as it is then is returned.

    Raises:
        UnknownResource: There is no such invitation.
        Conflict: Others keep changing it.
    """

    def revoke() -> Invitation:
        found = ports.invitations.get(tenant, invitation)
        now = ports.clock.now()
        if found.state(now=now) in {InvitationState.USED, InvitationState.REVOKED}:
            return found
        return ports.invitations.save(replace(found, revoked_at=now, sealed=None))

    return retry_conflicts(revoke, message=INVITATION_BUSY)


def read_invitation(ports: Ports, *, tenant: str, invitation: str, secret: str) -> InvitationOffer:
    """What an invitation offers; reading it changes nothing, however often mail scanners do it.

    Raises:
        UnknownResource: It is unknown, expired, used or revoked, or the secret is wrong.
    """
    found = _open_invitation(ports, tenant=tenant, invitation=invitation, secret=secret)
    return InvitationOffer(
        business=ports.catalogue.tenant(found.tenant).name,
        resource=ports.catalogue.resource(found.tenant, found.resource).name,
        providers=(found.provider,) if found.provider else tuple(sorted(ports.providers)),
        expected_account=found.expected_account,
        language=found.language,
        ends_at=found.ends_at,
    )


def accept_invitation(
    ports: Ports, *, tenant: str, invitation: str, secret: str, provider: ProviderKind | None = None
) -> Consent:
    """Start the consent that an invitation offers; the invitation is used up only when that has succeeded.

    Nobody's identity is made or changed by it: all that a success leaves is a connection of this resource.
    ``provider`` is the chosen one, where there is a choice.

    Raises:
        UnknownResource: It is unknown, expired, used or revoked, or the secret is wrong.
        InvalidRequest: No provider was chosen, or another one than the invitation is for.
    """
    found = _open_invitation(ports, tenant=tenant, invitation=invitation, secret=secret)
    chosen = provider or found.provider
    if chosen is None:
        raise InvalidRequest("choose a provider", code="no_provider")
    if found.provider not in {None, chosen}:
        raise InvalidRequest("this invitation is for another provider", code="other_provider")
    check_consent(ports, tenant=found.tenant, provider=chosen, return_to=found.return_to)
    return open_consent(
        ports,
        tenant=found.tenant,
        resource=found.resource,
        provider=chosen,
        subject=subject_of(found.id),
        return_to=found.return_to,
        expected_account=found.expected_account,
    )


def _open_invitation(ports: Ports, *, tenant: str, invitation: str, secret: str) -> Invitation:
    """The invitation, if this is its secret and it can still be accepted.

    Unknown, expired, used, revoked and wrongly guessed all get the same answer.

    Raises:
        UnknownResource: One of these is the case.
    """
    refused = UnknownResource(
        "this invitation is not valid (any more); ask for a new one", code="invitation_invalid"
    )
    try:
        found = ports.invitations.get(tenant, invitation)
        resource = ports.catalogue.resource(tenant, found.resource)
    except UnknownResource:
        raise refused from None
    known = found.opened_by(secret)
    valid = found.state(now=ports.clock.now()) is InvitationState.OPEN and resource.email == found.address
    if not known or not valid:
        raise refused
    return found
