"""Lets support look at a tenant's data for a while, for a reason that the owner names."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.support import Action, SupportGrant, length
from common.errors import NotAllowed
from common.flows.steps.oversight import entry
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class AllowSupport:
    """Who allows it, why, and for how many hours (24)."""

    tenant: str
    subject: str
    reason: str = field(repr=False)
    ticket: str | None = None
    hours: int | None = None


def allow_support(ports: Ports, command: AllowSupport) -> SupportGrant:
    """The grant, which ends by itself.

    Raises:
        NotAllowed: The tenant locks support out; the lock has to be lifted first.
        InvalidRequest: It would last too long.
    """
    lasts = length(command.hours)
    if ports.oversight.locked(command.tenant):
        raise NotAllowed("this tenant locks support out", code="support_locked")
    now = ports.clock.now()
    grant = SupportGrant(
        id=ports.keys.token().replace("_", "").replace("-", "")[:20],
        tenant=command.tenant,
        reason=command.reason,
        granted_by=command.subject,
        granted_at=now,
        ends_at=now + lasts,
        ticket=command.ticket,
    )
    told = entry(
        ports, tenant=command.tenant, who=command.subject, action=Action.SUPPORT_GRANTED, grant=grant
    )
    return ports.oversight.save(grant, told)
