"""Registers an address of the tenant's own system that is told of events; its secret is shown once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from common.domain.webhooks import (
    MOST_WEBHOOKS,
    Webhook,
    WebhookEvent,
    WebhookWithSecret,
    new_secret,
    secret_context,
    with_new_secret,
)
from common.errors import Rejected
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class AddWebhook:
    """Where, and of what; no ``events`` means all of them, also those that are invented later."""

    tenant: str
    url: str = field(repr=False)
    events: tuple[WebhookEvent, ...] = ()


def add_webhook(ports: Ports, command: AddWebhook) -> WebhookWithSecret:
    """The new target.

    Raises:
        InvalidRequest: The address is not one of the public internet, or cannot be found.
        Rejected: There are enough targets.
    """
    ports.outbound.check(command.url)
    if len(ports.webhooks.of_tenant(command.tenant)) >= MOST_WEBHOOKS:
        raise Rejected(f"a tenant has at most {MOST_WEBHOOKS} webhooks", code="too_many_hooks")
    name = f"hk{hashlib.sha256(ports.keys.token().encode()).hexdigest()[:24]}"
    secret = new_secret(ports.keys.token())
    sealed = ports.vault.conceal(secret, context=secret_context(command.tenant, name))
    hook = Webhook(
        id=name,
        tenant=command.tenant,
        url=command.url,
        events=tuple(dict.fromkeys(command.events)),
        secrets=(sealed,),
        created_at=ports.clock.now(),
    )
    return WebhookWithSecret(ports.webhooks.save(hook), secret)


@dataclass(frozen=True, slots=True)
class ChangeWebhook:
    """Which target; None leaves a part as it is."""

    tenant: str
    hook: str
    events: tuple[WebhookEvent, ...] | None = None
    enabled: bool | None = None


def change_webhook(ports: Ports, command: ChangeWebhook) -> Webhook:
    """The target as it is then; one that is switched on again starts with a clean record.

    Raises:
        UnknownResource: There is no such target.
        InvalidRequest: Its address may not be called any more.
        Conflict: Somebody else changed it at the same moment.
    """
    found = changed = ports.webhooks.get(command.tenant, command.hook)
    if command.events is not None:
        changed = replace(changed, events=tuple(dict.fromkeys(command.events)))
    if command.enabled is True and not found.enabled:
        ports.outbound.check(found.url)
        changed = replace(changed, disabled_at=None, failing_since=None)
    if command.enabled is False and found.enabled:
        changed = replace(changed, disabled_at=ports.clock.now())
    return found if changed == found else ports.webhooks.save(changed)


@dataclass(frozen=True, slots=True)
class RotateWebhookSecret:
    """Which target; ``drop_old`` ends every older secret at once."""

    tenant: str
    hook: str
    drop_old: bool = False


def rotate_webhook_secret(ports: Ports, command: RotateWebhookSecret) -> WebhookWithSecret:
    """The target, and its new secret, shown this once.

    Raises:
        UnknownResource: There is no such target.
        Conflict: Somebody else changed it at the same moment.
    """
    found = ports.webhooks.get(command.tenant, command.hook)
    secret = new_secret(ports.keys.token())
    sealed = ports.vault.conceal(secret, context=secret_context(found.tenant, found.id))
    old = () if command.drop_old else found.secrets
    return WebhookWithSecret(
        ports.webhooks.save(replace(found, secrets=with_new_secret(old, sealed))), secret
    )
