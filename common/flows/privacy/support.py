"""Lets support look at a tenant's data for a while, for a reason that the owner names."""

from __future__ import annotations

from dataclasses import replace

from common.domain.privacy.support import Action, SupportGrant, length
from common.errors import NotAllowed
from common.flows.shared.audit import entry
from common.ports import Ports


def allow_support(
    ports: Ports,
    *,
    tenant: str,
    subject: str,
    reason: str,
    ticket: str | None = None,
    hours: int | None = None,
) -> SupportGrant:
    """Grant support access, which ends by itself after ``hours`` (24 where none are named).

    ``subject`` is the owner who allows it; ``ticket`` names the case in some other system.

    Raises:
        NotAllowed: The tenant locks support out; the lock has to be lifted first.
        InvalidRequest: It would last too long.
    """
    lasts = length(hours)
    if ports.support.locked(tenant):
        raise NotAllowed("this tenant locks support out", code="support_locked")
    now = ports.clock.now()
    grant = SupportGrant(
        id=ports.keys.token().replace("_", "").replace("-", "")[:20],
        tenant=tenant,
        reason=reason,
        granted_by=subject,
        granted_at=now,
        ends_at=now + lasts,
        ticket=ticket,
    )
    audited = entry(ports, tenant=tenant, who=subject, action=Action.SUPPORT_GRANTED, grant=grant)
    return ports.support.save(grant, audited)


def revoke_support(ports: Ports, *, tenant: str, grant: str, subject: str) -> SupportGrant:
    """End a grant before its time, in the name of ``subject``; ending it twice is fine.

    Raises:
        UnknownResource: There is no such grant.
    """
    found = ports.support.grant(tenant, grant)
    if found.revoked_at is not None:
        return found
    revoked = replace(found, revoked_at=ports.clock.now(), revoked_by=subject)
    audited = entry(ports, tenant=tenant, who=subject, action=Action.SUPPORT_REVOKED, grant=found)
    return ports.support.save(revoked, audited)


def lock_support(ports: Ports, *, tenant: str, subject: str, locked: bool) -> None:
    """Lock support out whatever was granted, or lift the lock; grants that ended meanwhile stay ended."""
    action = Action.SUPPORT_LOCKED if locked else Action.SUPPORT_UNLOCKED
    ports.support.lock(tenant, entry(ports, tenant=tenant, who=subject, action=action), locked=locked)
