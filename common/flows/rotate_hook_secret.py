"""Gives a webhook target a new signing secret; the old ones go on signing until they are dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.hooks import Registered, new_secret, rotated, sealed_for
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class RotateHookSecret:
    """Which target; ``drop_old`` ends every older secret at once."""

    tenant: str
    hook: str
    drop_old: bool = False


def rotate_hook_secret(ports: Ports, command: RotateHookSecret) -> Registered:
    """The target, and its new secret, shown this once.

    Raises:
        UnknownResource: There is no such target.
        Conflict: Somebody else changed it at the same moment.
    """
    found = ports.hooks.get(command.tenant, command.hook)
    secret = new_secret(ports.keys.token())
    sealed = ports.vault.conceal(secret, context=sealed_for(found.tenant, found.id))
    old = () if command.drop_old else found.secrets
    return Registered(ports.hooks.save(replace(found, secrets=rotated(old, sealed))), secret)
