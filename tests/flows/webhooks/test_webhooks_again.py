"""Webhooks that were not taken are sent again and again for days, under their id."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.notify import NoticeKind
from common.domain.shared.tasks import Work
from common.domain.webhooks import SCHEDULE, DeliveryState
from common.errors import ProviderUnavailable, Rejected
from common.flows.webhooks.deliver import replay_deliveries
from common.flows.webhooks.endpoints import change_webhook
from common.ports.machine import WebhookResponse
from tests.flows.setups.booking_setup import booked
from tests.flows.setups.webhook_setup import genuine, hooked, messages, sweep
from tests.whole_lists import every


@pytest.mark.parametrize(
    "failure",
    [WebhookResponse(500), WebhookResponse(302), WebhookResponse(429, 30.0), ProviderUnavailable("no")],
)
def test_what_was_not_taken_is_sent_again_under_its_id(failure: Any) -> None:
    """A failure and a redirect alike are tried again: the same id, the same body, a new time."""
    world, made = hooked()
    world.targets.answers = [failure, failure]
    booked(world)
    world.drain(within=timedelta(seconds=1))
    world.advance(minutes=10)
    (message,) = messages(world, made.webhook.id)

    assert message.state is DeliveryState.DELIVERED
    assert len(world.targets.posted) == 3
    assert len({(item.headers["webhook-id"], item.body) for item in world.targets.posted}) == 1
    assert len({item.headers["webhook-timestamp"] for item in world.targets.posted}) == 3
    assert all(genuine(item, made.secret) for item in world.targets.posted)


def test_a_target_that_asks_for_time_gets_it() -> None:
    """Retry-After counts where it is longer than our own pause."""
    world, _ = hooked()
    world.targets.answers = [WebhookResponse(503, 3_600.0)]
    booked(world)
    world.drain()
    world.advance(minutes=50)
    before = len(world.targets.posted)
    world.advance(minutes=15)

    assert (before, len(world.targets.posted)) == (1, 2)


def test_a_target_that_fails_for_days_is_switched_off_with_a_notice() -> None:
    """B6: eleven tries over three days, then the owner is told once and nothing more is sent."""
    world, made = hooked()
    world.targets.always = WebhookResponse(500)
    booked(world, "10:00")
    world.drain()
    sweep(world, hours=80)
    hook = world.ports.webhooks.get("t1", made.webhook.id)
    tries = len(world.targets.posted)
    booked(world, "11:00")
    sweep(world, minutes=5)

    assert tries == len(SCHEDULE) + 1
    assert hook.disabled_at is not None
    assert [item.kind for item in every(world.ports.lists.notices, "t1")] == [NoticeKind.WEBHOOK_DISABLED]
    assert len(world.targets.posted) == tries
    assert [item.state for item in messages(world, hook.id)] == [DeliveryState.FAILED]


def test_what_failed_is_kept_and_sent_again_on_demand() -> None:
    """B6: after switching it on again everything that failed is replayed, oldest first, under its old ids."""
    world, made = hooked()
    world.targets.always = WebhookResponse(500)
    booked(world, "10:00")
    booked(world, "11:00")
    world.drain()
    sweep(world, hours=80)
    with pytest.raises(Rejected):
        replay_deliveries(world.ports, tenant="t1", webhook=made.webhook.id)
    world.targets.always = WebhookResponse(204)
    world.targets.posted.clear()
    change_webhook(world.ports, tenant="t1", webhook=made.webhook.id, enabled=True)
    queued = replay_deliveries(world.ports, tenant="t1", webhook=made.webhook.id)
    world.drain()
    found = messages(world, made.webhook.id)
    again = replay_deliveries(world.ports, tenant="t1", webhook=made.webhook.id, delivery=found[0].id)
    world.drain()

    assert (queued, again, len(world.targets.posted)) == (2, 1, 3)
    assert {item.state for item in found} == {DeliveryState.DELIVERED}
    assert {item.headers["webhook-id"] for item in world.targets.posted} == {item.id for item in found}


def test_a_target_that_says_it_is_gone_is_switched_off_at_once() -> None:
    """410 is the receiver's own word for "never again"."""
    world, made = hooked()
    world.targets.always = WebhookResponse(410)
    booked(world)
    world.drain()

    assert len(world.targets.posted) == 1
    assert world.ports.webhooks.get("t1", made.webhook.id).enabled is False


def test_a_task_that_comes_twice_delivers_once() -> None:
    """F17: a repeated task finds the message delivered."""
    world, _ = hooked()
    booked(world)
    world.drain()
    for done in [item for item in world.done if item.task.work is Work.NOTIFY]:
        world.run(Work.NOTIFY, done.task.payload)

    assert len(world.targets.posted) == 1


def test_a_failing_target_is_tried_by_one_worker_at_a_time() -> None:
    """A target that hangs keeps one worker waiting, not all of them; nothing is given up for that."""
    world, made = hooked()
    world.targets.answers = [WebhookResponse(500)]
    booked(world, "10:00")
    world.drain(within=timedelta(seconds=1))
    scope, now = f"hook.{made.webhook.id}", world.clock.now()
    free = now + timedelta(minutes=10)
    world.ports.ledger.lease(scope, holder="another", until=free, now=now)
    booked(world, "11:00")
    world.advance(minutes=15)
    found = messages(world, made.webhook.id)

    assert {item.state for item in found} == {DeliveryState.DELIVERED}
    assert [item.tried_at >= free for item in found] == [True, True]
    assert len(world.targets.posted) == 3
    assert every(world.ports.lists.dead_letters, "t1") == ()


class Deaf:
    """A queue that loses everything."""

    def enqueue(self, task: object) -> bool:
        return True


def test_a_message_whose_task_got_lost_is_swept() -> None:
    """F19: the promise is in the store, whatever became of the task."""
    world, _ = hooked()
    queue = world.ports.queue
    world.ports = replace(world.ports, queue=Deaf())
    booked(world)
    world.drain()
    world.ports = replace(world.ports, queue=queue)
    lost = len(world.targets.posted)
    sweep(world, minutes=2)

    assert (lost, len(world.targets.posted)) == (0, 1)
