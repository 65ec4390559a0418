"""Webhooks have a task queue of their own, so that slow receivers delay no other work."""

from __future__ import annotations

from common.domain.shared.task_records import Maintain
from common.domain.shared.tasks import Lane, Work
from common.errors import ProviderUnavailable
from common.flows.ops.maintain import maintain
from common.flows.webhooks.endpoints import add_webhook
from tests.flows.setups.booking_setup import booked, shop
from tests.flows.setups.notify_setup import HOOK
from tests.world import World


def unreachable_webhook() -> World:
    """A world with a webhook whose receiver never answers, and with a booking."""
    world, _ = shop()
    add_webhook(world.ports, tenant="t1", url=HOOK, events=())
    world.targets.always = ProviderUnavailable("nobody answers", code="target_unreachable")
    booked(world)
    world.advance(hours=1)
    return world


def test_the_webhook_queue_holds_webhooks_only() -> None:
    """All attempts are in it, also those that the outbox starts, and nothing else."""
    world = unreachable_webhook()
    for _ in range(3):
        maintain(world.ports, Maintain())
        world.advance(hours=2)
    tasks = [done.task for done in world.done]
    deliveries = [task for task in tasks if task.payload.get("kind") == "hook"]

    assert len(deliveries) > 3
    assert {task.lane for task in deliveries} == {Lane.WEBHOOKS}
    assert all(task in deliveries for task in tasks if task.lane is Lane.WEBHOOKS)


def test_the_maintenance_queue_holds_no_notifications() -> None:
    """Mails and webhooks are never queued together with maintenance tasks."""
    world = unreachable_webhook()
    maintain(world.ports, Maintain())
    world.advance(hours=2)

    assert {done.task.work for done in world.done if done.task.lane is Lane.UPKEEP} <= {Work.MAINTENANCE}
    assert {done.task.lane for done in world.done if done.task.work is Work.NOTIFY} == {
        Lane.LIVE,
        Lane.WEBHOOKS,
    }
