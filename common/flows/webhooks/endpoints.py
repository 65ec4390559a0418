"""Adds and changes webhooks, the addresses of a tenant's own system that are called, and their secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

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


def add_webhook(
    ports: Ports, *, tenant: str, url: str, events: Iterable[WebhookEvent] = ()
) -> WebhookWithSecret:
    """Add a webhook; its signing secret is in the result, and can never be read again.

    Args:
        ports: The outside.
        tenant: Whose webhook it is.
        url: The address to call.
        events: What it is called for; none means every event, also those that later releases add.

    Raises:
        InvalidRequest: The address is not one of the public internet, or cannot be found.
        Rejected: The tenant has as many webhooks as are allowed.
    """
    ports.outbound.check(url)
    if len(ports.webhooks.of_tenant(tenant)) >= MOST_WEBHOOKS:
        raise Rejected(f"a tenant has at most {MOST_WEBHOOKS} webhooks", code="too_many_hooks")
    name = f"hk{hashlib.sha256(ports.keys.token().encode()).hexdigest()[:24]}"
    secret = new_secret(ports.keys.token())
    sealed = ports.vault.conceal(secret, context=secret_context(tenant, name))
    webhook = Webhook(
        id=name,
        tenant=tenant,
        url=url,
        events=tuple(dict.fromkeys(events)),
        secrets=(sealed,),
        created_at=ports.clock.now(),
    )
    return WebhookWithSecret(ports.webhooks.save(webhook), secret)


def change_webhook(
    ports: Ports,
    *,
    tenant: str,
    webhook: str,
    events: Iterable[WebhookEvent] | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Change which events a webhook is called for, or switch it on or off; None leaves a part as it is.

    Switching it on again forgets how long it failed before.

    Raises:
        UnknownResource: There is no such webhook.
        InvalidRequest: Its address may not be called any more.
        Conflict: Somebody else changed it at the same moment.
    """
    found = changed = ports.webhooks.get(tenant, webhook)
    if events is not None:
        changed = replace(changed, events=tuple(dict.fromkeys(events)))
    if enabled is True and not found.enabled:
        ports.outbound.check(found.url)
        changed = replace(changed, disabled_at=None, failing_since=None)
    if enabled is False and found.enabled:
        changed = replace(changed, disabled_at=ports.clock.now())
    return found if changed == found else ports.webhooks.save(changed)


def rotate_webhook_secret(
    ports: Ports, *, tenant: str, webhook: str, drop_old: bool = False
) -> WebhookWithSecret:
    """Give a webhook a new signing secret, which is in the result and can never be read again.

    Messages are signed with the older secrets too, until they are dropped by ``drop_old``.

    Raises:
        UnknownResource: There is no such webhook.
        Conflict: Somebody else changed it at the same moment.
    """
    found = ports.webhooks.get(tenant, webhook)
    secret = new_secret(ports.keys.token())
    sealed = ports.vault.conceal(secret, context=secret_context(found.tenant, found.id))
    old = () if drop_old else found.secrets
    changed = replace(found, secrets=with_new_secret(old, sealed))
    return WebhookWithSecret(ports.webhooks.save(changed), secret)
