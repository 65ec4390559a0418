"""Invites whoever a resource belongs to, by mail, to connect their own calendar."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from common.domain.account import ProviderKind
from common.domain.invitation import KEPT, LONGEST_LIFE, Invitation
from common.domain.mail_policy import Language
from common.errors import InvalidRequest
from common.flows.steps.consenting import check_consent
from common.flows.steps.inviting import mailable, sent
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
