"""Registers an address of the tenant's own system that is told of events; its secret is shown once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from common.domain.hooks import MOST_HOOKS, Hook, HookEvent, Registered, new_secret, sealed_for
from common.errors import Rejected
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class AddHook:
    """Where, and of what; no ``events`` means all of them, also those that are invented later."""

    tenant: str
    url: str = field(repr=False)
    events: tuple[HookEvent, ...] = ()


def add_hook(ports: Ports, command: AddHook) -> Registered:
    """The new target.

    Raises:
        InvalidRequest: The address is not one of the public internet, or cannot be found.
        Rejected: There are enough targets.
    """
    ports.courier.check(command.url)
    if len(ports.hooks.of_tenant(command.tenant)) >= MOST_HOOKS:
        raise Rejected(f"a tenant has at most {MOST_HOOKS} webhooks", code="too_many_hooks")
    name = f"hk{hashlib.sha256(ports.keys.token().encode()).hexdigest()[:24]}"
    secret = new_secret(ports.keys.token())
    sealed = ports.vault.conceal(secret, context=sealed_for(command.tenant, name))
    hook = Hook(
        id=name,
        tenant=command.tenant,
        url=command.url,
        events=tuple(dict.fromkeys(command.events)),
        secrets=(sealed,),
        created_at=ports.clock.now(),
    )
    return Registered(ports.hooks.save(hook), secret)
