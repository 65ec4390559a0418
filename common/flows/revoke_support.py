"""Ends a support grant before its time; from this moment on it allows nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.support import Action, SupportGrant
from common.flows.steps.oversight import entry
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class RevokeSupport:
    """Which grant, and who ends it."""

    tenant: str
    grant: str
    subject: str


def revoke_support(ports: Ports, command: RevokeSupport) -> SupportGrant:
    """The ended grant; ending it twice is fine.

    Raises:
        UnknownResource: There is no such grant.
    """
    grant = ports.oversight.grant(command.tenant, command.grant)
    if grant.revoked_at is not None:
        return grant
    ended = replace(grant, revoked_at=ports.clock.now(), revoked_by=command.subject)
    told = entry(
        ports, tenant=command.tenant, who=command.subject, action=Action.SUPPORT_REVOKED, grant=grant
    )
    return ports.oversight.save(ended, told)
