"""A shop with a target for its webhooks, and the receiver's side of the standard."""

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
from tests.recipients import Posted
from tests.world import World


def hooked(**wish: Any) -> tuple[World, Any]:
    """A shop with one target."""
    world, _ = shop()
    world.drain()
    return world, add_webhook(world.ports, tenant="t1", url=HOOK, **wish)


def genuine(posted: Posted, secret: str) -> bool:
    """The receiver's side of the standard, written anew."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.{posted.body}"
    expected = base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in posted.headers["webhook-signature"].split(" ")


def messages(world: World, hook: str) -> list[Any]:
    """What a target was told or is to be told."""
    return list(world.ports.webhooks.deliveries("t1", hook, limit=100))


def sweep(world: World, **length: float) -> None:
    """Time passes, and the scheduler fires."""
    world.advance(**length)
    maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()
