"""Lets support look at a tenant's data for a while, for a reason that the owner names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from common.domain.privacy.support import Action, SupportGrant, length
from common.errors import NotAllowed
from common.flows.shared.audit import entry
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
    if ports.support.locked(command.tenant):
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
    return ports.support.save(grant, told)


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
    grant = ports.support.grant(command.tenant, command.grant)
    if grant.revoked_at is not None:
        return grant
    ended = replace(grant, revoked_at=ports.clock.now(), revoked_by=command.subject)
    told = entry(
        ports, tenant=command.tenant, who=command.subject, action=Action.SUPPORT_REVOKED, grant=grant
    )
    return ports.support.save(ended, told)


@dataclass(frozen=True, slots=True)
class LockSupport:
    """Whether support is locked out from now on, and who says so."""

    tenant: str
    subject: str
    locked: bool


def lock_support(ports: Ports, command: LockSupport) -> bool:
    """Whether support is locked out now; a lock that is lifted revives no grant that ended meanwhile."""
    action = Action.SUPPORT_LOCKED if command.locked else Action.SUPPORT_UNLOCKED
    told = entry(ports, tenant=command.tenant, who=command.subject, action=action)
    ports.support.lock(command.tenant, told, locked=command.locked)
    return command.locked
