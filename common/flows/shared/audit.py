"""Admits support under a grant, and makes the entries of the audit trail."""

from __future__ import annotations

from common.domain.privacy.support import Action, AuditEntry, SupportGrant, admitting, entry_id
from common.errors import NotAllowed
from common.ports import Ports


def entry(
    ports: Ports,
    *,
    tenant: str,
    who: str,
    action: Action,
    target: str = "",
    grant: SupportGrant | None = None,
    reason: str | None = None,
) -> AuditEntry:
    """A new audit entry, as of now."""
    now = ports.clock.now()
    return AuditEntry(
        id=entry_id(now, ports.keys.token()),
        tenant=tenant,
        at=now,
        who=who,
        action=action,
        target=target,
        reason=grant.reason if grant else reason,
        ticket=grant.ticket if grant else None,
        grant=grant.id if grant else None,
    )


def admit(ports: Ports, *, tenant: str, who: str, target: str) -> None:
    """Admit support to ``target`` once, and record it; what is not recorded is not shown.

    Raises:
        NotAllowed: Support is locked out, or has no active grant; the attempt is in the trail too.
    """
    now = ports.clock.now()
    try:
        grant = admitting(ports.support.grants(tenant, now=now), locked=ports.support.locked(tenant), now=now)
    except NotAllowed as refused:
        action = Action.SUPPORT_REFUSED
        ports.support.record(
            entry(ports, tenant=tenant, who=who, action=action, target=target, reason=refused.reason)
        )
        raise
    ports.support.record(
        entry(ports, tenant=tenant, who=who, action=Action.SUPPORT_READ, target=target, grant=grant)
    )
