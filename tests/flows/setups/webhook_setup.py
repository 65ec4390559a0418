"""A shop with a webhook endpoint, and how its receiver checks messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.flows.ops.maintain import maintain
from common.flows.webhooks.endpoints import add_webhook
from tests.flows.setups.booking_setup import shop
from tests.flows.setups.notify_setup import HOOK
from tests.recipients import ReceivedWebhook
from tests.world import World


def shop_with_webhook(**wish: Any) -> tuple[World, Any]:
    """A shop with one webhook endpoint."""
    world, _ = shop()
    world.drain()
    return world, add_webhook(world.ports, tenant="t1", url=HOOK, **wish)


def signature_valid(posted: ReceivedWebhook, secret: str) -> bool:
    """Whether a message bears a valid signature, computed as a receiver does."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.{posted.body}"
    expected = base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in posted.headers["webhook-signature"].split(" ")


def messages(world: World, hook: str) -> list[Any]:
    """The messages to an endpoint, delivered or not."""
    return list(world.ports.webhooks.deliveries("t1", hook, limit=100))


def sweep(world: World, **length: float) -> None:
    """Let time pass, and run the outbox job."""
    world.advance(**length)
    maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()
