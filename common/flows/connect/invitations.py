"""Invites whoever a resource belongs to, by mail, to connect their own calendar."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language, Resource
from common.domain.connect.consent import CONNECTING, CompletedConsent, ConsentOutcome, ConsentState
from common.domain.connect.invitation import (
    KEPT,
    LONGEST_LIFE,
    MOST_SENDINGS,
    Invitation,
    InvitationOffer,
    InvitationState,
    hashed,
    invited,
    sealed_for,
    subject,
)
from common.domain.notify import Sender
from common.domain.shared.rate_limit import RateLimit
from common.domain.shared.task_records import MailInvitation
from common.domain.shared.tasks import OutboxEntry, OutboxKind
from common.errors import Conflict, InvalidRequest, RateLimited, Rejected, UnknownResource
from common.flows.connect.consent import Consent, ConsentWish, check_consent, open_consent
from common.flows.notify.content import invitation_mail
from common.flows.notify.delivery import Promise, notification, notify_once
from common.flows.shared.outbox import SWEEP_AFTER, announce
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Invite:
    """Who (``subject``) invites for which resource; ``expected_account`` pins the mailbox to be connected."""

    tenant: str
    resource: str
    subject: str
    return_to: str
    provider: ProviderKind | None = None
    expected_account: str | None = field(default=None, repr=False)
    language: Language | None = None
    hours: int = 72


def invite(ports: Ports, command: Invite) -> Invitation:
    """The invitation, whose mail is on its way.

    Raises:
        UnknownResource: There is no such resource.
        InvalidRequest: It has no address, the return address is not registered, the provider is not offered.
        RateLimited: This business has sent too many in a short time.
    """
    resource, address = mailable(ports, tenant=command.tenant, resource=command.resource)
    check_consent(ports, tenant=command.tenant, provider=command.provider, return_to=command.return_to)
    life, now = timedelta(hours=command.hours), ports.clock.now()
    if not timedelta() < life <= LONGEST_LIFE:
        raise InvalidRequest("an invitation lives for 72 hours at most", code="too_long")
    tenant = ports.catalogue.tenant(command.tenant)
    return sent(
        ports,
        Invitation(
            id=f"inv{hashlib.sha256(ports.keys.token().encode()).hexdigest()[:24]}",
            tenant=tenant.id,
            resource=resource.id,
            address=address,
            return_to=command.return_to,
            language=command.language or tenant.mail.language,
            created_by=command.subject,
            created_at=now,
            ends_at=now + life,
            expires_at=now + KEPT,
            secret_hash="",
            provider=command.provider,
            expected_account=command.expected_account,
        ),
    )


@dataclass(frozen=True, slots=True)
class ResendInvitation:
    """Which one."""

    tenant: str
    invitation: str


def resend_invitation(ports: Ports, command: ResendInvitation) -> Invitation:
    """The invitation with a new life, sent to the resource's address as it is now.

    Raises:
        UnknownResource: There is no such invitation, or its resource is gone.
        InvalidRequest: The resource has no address any more.
        Rejected: It was used or revoked, or was sent often enough.
        RateLimited: This business has sent too many in a short time.
    """
    found = ports.invitations.get(command.tenant, command.invitation)
    now = ports.clock.now()
    if found.state(now=now) in {InvitationState.USED, InvitationState.REVOKED}:
        raise Rejected("this invitation has ended; make a new one", code="invitation_ended")
    if found.sendings >= MOST_SENDINGS:
        raise Rejected("this invitation was sent often enough; make a new one", code="sent_too_often")
    _, address = mailable(ports, tenant=command.tenant, resource=found.resource)
    life = min(found.ends_at - found.created_at, LONGEST_LIFE)
    again = replace(
        found,
        address=address,
        created_at=now,
        ends_at=now + life,
        expires_at=now + KEPT,
        sendings=found.sendings + 1,
    )
    return sent(ports, again)


TRIES = 5


@dataclass(frozen=True, slots=True)
class RevokeInvitation:
    """Which one."""

    tenant: str
    invitation: str


def revoke_invitation(ports: Ports, command: RevokeInvitation) -> Invitation:
    """The invitation as it is then; revoking twice is fine, and one that was used stays used.

    Raises:
        UnknownResource: There is no such invitation.
        Conflict: Others keep changing it.
    """
    for _ in range(TRIES):
        found = ports.invitations.get(command.tenant, command.invitation)
        now = ports.clock.now()
        if found.state(now=now) in {InvitationState.USED, InvitationState.REVOKED}:
            return found
        try:
            return ports.invitations.save(replace(found, revoked_at=now, sealed=None))
        except Conflict:
            continue
    raise Conflict("the invitation is being changed at the moment")


@dataclass(frozen=True, slots=True)
class ReadInvitation:
    """Which one, and its secret."""

    tenant: str
    invitation: str
    secret: str = field(repr=False)


def read_invitation(ports: Ports, command: ReadInvitation) -> InvitationOffer:
    """What is offered; mail scanners and curious people may look as often as they like.

    Raises:
        UnknownResource: It is unknown, expired, used or revoked, or the secret is wrong.
    """
    found = opened(ports, tenant=command.tenant, invitation=command.invitation, secret=command.secret)
    return InvitationOffer(
        business=ports.catalogue.tenant(found.tenant).name,
        resource=ports.catalogue.resource(found.tenant, found.resource).name,
        providers=(found.provider,) if found.provider else tuple(sorted(ports.providers)),
        expected_account=found.expected_account,
        language=found.language,
        ends_at=found.ends_at,
    )


@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Which one, its secret, and the provider where there is a choice."""

    tenant: str
    invitation: str
    secret: str = field(repr=False)
    provider: ProviderKind | None = None


def accept_invitation(ports: Ports, command: AcceptInvitation) -> Consent:
    """The provider's consent page; the invitation is used up only when that has succeeded.

    Nobody's identity is made or changed by it: all that a success leaves is a connection of this resource.

    Raises:
        UnknownResource: It is unknown, expired, used or revoked, or the secret is wrong.
        InvalidRequest: No provider was chosen, or another one than the invitation is for.
    """
    found = opened(ports, tenant=command.tenant, invitation=command.invitation, secret=command.secret)
    provider = command.provider or found.provider
    if provider is None:
        raise InvalidRequest("choose a provider", code="no_provider")
    if found.provider not in {None, provider}:
        raise InvalidRequest("this invitation is for another provider", code="other_provider")
    check_consent(ports, tenant=found.tenant, provider=provider, return_to=found.return_to)
    return open_consent(
        ports,
        ConsentWish(
            tenant=found.tenant,
            resource=found.resource,
            provider=provider,
            subject=subject(found.id),
            return_to=found.return_to,
            expected_account=found.expected_account,
        ),
    )


_TRIES = 5


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
    mail = invitation_mail(ports, found, secret=secret, tenant=tenant, resource=resource)
    key = f"invitation-{found.id}-{found.sendings}"
    told = ports.notifications.last(found.tenant, key)
    wish = notification(told, tenant=found.tenant, key=key, state="told", by=Sender.SLOTBRIDGE, now=now)
    promise = Promise(
        command.entry,
        OutboxKind.INVITATION,
        command.tenant,
        revision=command.revision,
        subject=command.subject,
        since=command.since,
    )
    notify_once(ports, promise, told, wish, mail)
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
    limit = RateLimit(f"invitations.{invitation.tenant}", per_minute=A_MINUTE, burst=AT_ONCE)
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


# Longer than an exchange and a listing of calendars take.
CLAIMED_FOR = timedelta(minutes=5)


def opened(ports: Ports, *, tenant: str, invitation: str, secret: str) -> Invitation:
    """The invitation, if this is its secret and it is still good for something.

    Unknown, expired, used, revoked and wrongly guessed all get the same answer.

    Raises:
        UnknownResource: It is none of that.
    """
    refused = UnknownResource(
        "this invitation is not valid (any more); ask for a new one", code="invitation_invalid"
    )
    try:
        found = ports.invitations.get(tenant, invitation)
        resource = ports.catalogue.resource(tenant, found.resource)
    except UnknownResource:
        raise refused from None
    good = found.opened_by(secret)
    still = found.state(now=ports.clock.now()) is InvitationState.OPEN and resource.email == found.address
    if not good or not still:
        raise refused
    return found


def under_invitation(
    ports: Ports, state: ConsentState, join: Callable[[], CompletedConsent]
) -> CompletedConsent:
    """Finish a consent; one that began with an invitation only while that is good, and then it is used up.

    The invitation is claimed first, so that of two people with one link only one is connected; a consent
    that fails gives it back, and one that dies loses its claim after a few minutes.
    """
    name = invited(state.subject)
    if name is None:
        return join()
    if not _claimed(ports, state, name):
        return CompletedConsent(ConsentOutcome.STATE_EXPIRED_OR_USED)
    joined = CompletedConsent(ConsentOutcome.PROVIDER_UNAVAILABLE)
    try:
        joined = join()
    finally:
        _released(ports, state, name, joined)
    return joined


def _claimed(ports: Ports, state: ConsentState, name: str) -> bool:
    now = ports.clock.now()
    try:
        found = ports.invitations.get(state.tenant, name)
        resource = ports.catalogue.resource(state.tenant, found.resource)
    except UnknownResource:
        return False
    same = found.resource == state.resource and resource.email == found.address
    if not same or not found.claimable(state.id, now=now):
        return False
    try:
        ports.invitations.save(replace(found, claim=state.id, claimed_until=now + CLAIMED_FOR))
    except Conflict:
        return False
    return True


def _released(ports: Ports, state: ConsentState, name: str, joined: CompletedConsent) -> None:
    for _ in range(_TRIES):
        found = ports.invitations.get(state.tenant, name)
        if found.claim != state.id:
            return
        freed = replace(found, claim=None, claimed_until=None)
        if joined.outcome in CONNECTING:
            freed = replace(freed, used_at=ports.clock.now(), connection=joined.connection, sealed=None)
        try:
            ports.invitations.save(freed)
        except Conflict:
            continue
        return
    raise Conflict("the invitation is being changed at the moment")
