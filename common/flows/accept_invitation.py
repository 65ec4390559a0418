"""Accepts an invitation: starts the same consent as the owner would, bound to this one resource."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.account import ProviderKind
from common.domain.invitation import subject
from common.errors import InvalidRequest
from common.flows.steps.consenting import Consent, Wanted, check_consent, open_consent
from common.flows.steps.invited import opened
from common.ports import Ports


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
        Wanted(
            tenant=found.tenant,
            resource=found.resource,
            provider=provider,
            subject=subject(found.id),
            return_to=found.return_to,
            expected_account=found.expected_account,
        ),
    )
