"""Other people's servers have a queue of their own: however slow they are, nothing else waits for them."""

from __future__ import annotations

from common.domain.shared.task_records import Maintain
from common.domain.shared.tasks import Lane, Work
from common.errors import ProviderUnavailable
from common.flows.ops.maintain import maintain
from common.flows.webhooks.endpoints import add_webhook
from tests.flows.setups.booking_setup import booked, shop
from tests.flows.setups.notify_setup import HOOK
from tests.world import World


def deaf() -> World:
    """A world whose webhook target never answers, with a booking that it should hear of."""
    world, _ = shop()
    add_webhook(world.ports, tenant="t1", url=HOOK, events=())
    world.targets.always = ProviderUnavailable("nobody answers", code="target_unreachable")
    booked(world)
    world.advance(hours=1)
    return world


def test_deliveries_are_alone_in_their_queue() -> None:
    """The first try and every later one, also those that the sweep of the outbox finds."""
    world = deaf()
    for _ in range(3):
        maintain(world.ports, Maintain())
        world.advance(hours=2)
    tasks = [done.task for done in world.done]
    deliveries = [task for task in tasks if task.payload.get("kind") == "hook"]

    assert len(deliveries) > 3
    assert {task.lane for task in deliveries} == {Lane.WEBHOOKS}
    assert all(task in deliveries for task in tasks if task.lane is Lane.WEBHOOKS)


def test_nothing_of_the_upkeep_is_notified() -> None:
    """Channels, polls and reconciliations share their queue with no mail and no webhook."""
    world = deaf()
    maintain(world.ports, Maintain())
    world.advance(hours=2)

    assert {done.task.work for done in world.done if done.task.lane is Lane.UPKEEP} <= {Work.MAINTENANCE}
    assert {done.task.lane for done in world.done if done.task.work is Work.NOTIFY} == {
        Lane.LIVE,
        Lane.WEBHOOKS,
    }
