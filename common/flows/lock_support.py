"""Locks support out of a tenant whatever was granted, or lifts that lock; both are in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.support import Action
from common.flows.steps.oversight import entry
from common.ports import Ports


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
    ports.oversight.lock(command.tenant, told, locked=command.locked)
    return command.locked
