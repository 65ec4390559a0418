"""Webhook messages that failed are retried for days, under the same id."""

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
from tests.flows.setups.webhook_setup import messages, shop_with_webhook, signature_valid, sweep
from tests.whole_lists import every


@pytest.mark.parametrize(
    "failure",
    [WebhookResponse(500), WebhookResponse(302), WebhookResponse(429, 30.0), ProviderUnavailable("no")],
)
def test_a_failed_message_is_retried_under_the_same_id(failure: Any) -> None:
    """Also after a redirect: the same id and body, a new time."""
    world, made = shop_with_webhook()
    world.targets.answers = [failure, failure]
    booked(world)
    world.drain(within=timedelta(seconds=1))
    world.advance(minutes=10)
    (message,) = messages(world, made.webhook.id)

    assert message.state is DeliveryState.DELIVERED
    assert len(world.targets.posted) == 3
    assert len({(item.headers["webhook-id"], item.body) for item in world.targets.posted}) == 1
    assert len({item.headers["webhook-timestamp"] for item in world.targets.posted}) == 3
    assert all(signature_valid(item, made.secret) for item in world.targets.posted)


def test_retry_after_is_respected() -> None:
    """It counts where it is longer than Slotbridge's own pause."""
    world, _ = shop_with_webhook()
    world.targets.answers = [WebhookResponse(503, 3_600.0)]
    booked(world)
    world.drain()
    world.advance(minutes=50)
    before = len(world.targets.posted)
    world.advance(minutes=15)

    assert (before, len(world.targets.posted)) == (1, 2)


def test_a_webhook_that_fails_for_days_is_switched_off_with_a_notice() -> None:
    """B6: after eleven attempts in three days the owner gets one notice and nothing more is sent."""
    world, made = shop_with_webhook()
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


def test_failed_messages_are_replayed_on_demand() -> None:
    """B6: once the webhook is enabled, all failed messages are sent under their old ids."""
    world, made = shop_with_webhook()
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


def test_a_webhook_that_answers_410_is_switched_off_at_once() -> None:
    """410 means that the receiver never wants another message."""
    world, made = shop_with_webhook()
    world.targets.always = WebhookResponse(410)
    booked(world)
    world.drain()

    assert len(world.targets.posted) == 1
    assert world.ports.webhooks.get("t1", made.webhook.id).enabled is False


def test_a_repeated_task_delivers_once() -> None:
    """F17: the second task finds the message delivered."""
    world, _ = shop_with_webhook()
    booked(world)
    world.drain()
    for done in [item for item in world.done if item.task.work is Work.NOTIFY]:
        world.run(Work.NOTIFY, done.task.payload)

    assert len(world.targets.posted) == 1


def test_a_failing_webhook_is_retried_by_one_worker_at_a_time() -> None:
    """A slow receiver keeps one worker waiting, not all, and no message is lost."""
    world, made = shop_with_webhook()
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


class LossyQueue:
    """A queue that accepts every task and loses it."""

    def enqueue(self, task: object) -> bool:
        return True


def test_a_message_whose_task_was_lost_is_sent_from_the_outbox() -> None:
    """F19: the outbox entry is stored, whatever happened to the task."""
    world, _ = shop_with_webhook()
    queue = world.ports.queue
    world.ports = replace(world.ports, queue=LossyQueue())
    booked(world)
    world.drain()
    world.ports = replace(world.ports, queue=queue)
    lost = len(world.targets.posted)
    sweep(world, minutes=2)

    assert (lost, len(world.targets.posted)) == (0, 1)
