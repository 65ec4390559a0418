"""Sends webhook messages once more: one of them, or all that failed since a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.hooks import Delivery, DeliveryState
from common.errors import Conflict, Rejected
from common.flows.steps.hooking import promise_of
from common.flows.steps.outbox import task_of
from common.ports import Ports

MOST = 500


@dataclass(frozen=True, slots=True)
class ReplayHook:
    """Which target's messages; without ``delivery`` all that failed, from ``since`` on."""

    tenant: str
    hook: str
    delivery: str | None = None
    since: datetime | None = None


def replay_hook(ports: Ports, command: ReplayHook) -> int:
    """How many were queued; each keeps its id, so that a receiver that has it already can tell.

    Raises:
        UnknownResource: There is no such target or message.
        Rejected: The target is switched off.
    """
    hook = ports.hooks.get(command.tenant, command.hook)
    if not hook.enabled:
        raise Rejected("this webhook is switched off", code="hook_disabled")
    if command.delivery is not None:
        chosen = [ports.hooks.delivery(command.tenant, command.hook, command.delivery)]
    else:
        found = ports.hooks.deliveries(command.tenant, command.hook, limit=MOST)
        failed = (item for item in found if item.state is DeliveryState.FAILED)
        chosen = [item for item in failed if command.since is None or item.at >= command.since]
    # The oldest first, as they happened.
    return sum(_again(ports, item) for item in reversed(chosen))


def _again(ports: Ports, delivery: Delivery) -> bool:
    fresh = replace(
        delivery,
        state=DeliveryState.PENDING,
        attempts=0,
        round=delivery.round + 1,
        next_at=ports.clock.now(),
    )
    promise = promise_of(fresh)
    try:
        ports.hooks.note(fresh, task=promise)
    except Conflict:
        # It is being tried at this moment.
        return False
    ports.queue.enqueue(task_of(promise, bucket=f"{fresh.round}/replay"))
    return True
