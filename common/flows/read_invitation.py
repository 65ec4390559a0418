"""Shows whoever holds an invitation's secret who invites them for what; it has no effect."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.invitation import Offered
from common.flows.steps.invited import opened
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ReadInvitation:
    """Which one, and its secret."""

    tenant: str
    invitation: str
    secret: str = field(repr=False)


def read_invitation(ports: Ports, command: ReadInvitation) -> Offered:
    """What is offered; mail scanners and curious people may look as often as they like.

    Raises:
        UnknownResource: It is unknown, expired, used or revoked, or the secret is wrong.
    """
    found = opened(ports, tenant=command.tenant, invitation=command.invitation, secret=command.secret)
    return Offered(
        business=ports.catalogue.tenant(found.tenant).name,
        resource=ports.catalogue.resource(found.tenant, found.resource).name,
        providers=(found.provider,) if found.provider else tuple(sorted(ports.providers)),
        expected_account=found.expected_account,
        language=found.language,
        ends_at=found.ends_at,
    )
