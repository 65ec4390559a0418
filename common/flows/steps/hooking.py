"""Writes down what a tenant's own systems are told, one message per target, and queues their delivery."""

from __future__ import annotations

from collections.abc import Mapping

from common.domain.hooks import DELIVERIES_KEPT, Delivery, HookEvent, message, message_id
from common.domain.work import OutboxEntry, OutboxKind
from common.flows.steps.outbox import SWEEP_AFTER, announce
from common.ports import Ports


def tell_hooks(
    ports: Ports, tenant: str, event: HookEvent, *, cause: str, data: Mapping[str, str | int | None]
) -> int:
    """Promise a message to every target that wants this event; the same ``cause`` is one message."""
    now = ports.clock.now()
    wanting = [hook for hook in ports.hooks.of_tenant(tenant) if hook.wants(event)]
    for hook in wanting:
        delivery = Delivery(
            id=message_id(tenant, cause, hook.id),
            tenant=tenant,
            hook=hook.id,
            event=event,
            body=message(event, at=now, data={"tenant": tenant, **data}),
            at=now,
            expires_at=now + DELIVERIES_KEPT,
            next_at=now,
        )
        promise = promise_of(delivery)
        ports.hooks.post(delivery, promise)
        # Also where it was written before: whoever wrote it may have died before this line.
        announce(ports, [promise])
    return len(wanting)


def promise_of(delivery: Delivery) -> OutboxEntry:
    """The promise of the next try; ``revision`` counts them, so that each has a task of its own."""
    due = delivery.next_at or delivery.at
    return OutboxEntry(
        id=f"{delivery.tenant}.{delivery.hook}.{delivery.id}",
        tenant=delivery.tenant,
        kind=OutboxKind.HOOK,
        booking="",
        connection="",
        revision=delivery.attempts,
        created_at=delivery.at,
        due_at=due + SWEEP_AFTER,
        subject=f"{delivery.hook}.{delivery.id}",
    )
