"""Requests and views of webhooks to a tenant's own system."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from common.api.http import Json
from common.api.models import Instant, Model, moment
from common.domain.shared.paging import Page, PageRequest
from common.domain.webhooks import Delivery, Webhook, WebhookEvent, WebhookWithSecret
from common.ports import Ports

Url = Annotated[str, Field(min_length=8, max_length=2000, examples=["https://shop.example/hooks/slotbridge"])]
Events = Annotated[tuple[WebhookEvent, ...], Field(max_length=20), AfterValidator(tuple)]


class NewHook(Model):
    """POST /hooks; no events means all of them."""

    url: Url
    events: Events = ()


class HookPatch(Model):
    """PATCH /hooks/{id}: only what is named changes."""

    events: Events | None = None
    enabled: bool | None = None


class RotateRequest(Model):
    """POST /hooks/{id}/secret."""

    drop_old: bool = False


class ReplayRequest(Model):
    """POST /hooks/{id}/replay: what failed since then; everything that failed without a time."""

    since: Instant | None = None


def hook_view(hook: Webhook) -> Json:
    """A target as the owner sees it; nothing of its secrets but how many sign."""
    return {
        "id": hook.id,
        "url": hook.url,
        "events": [event.value for event in hook.events],
        "enabled": hook.enabled,
        "secrets": len(hook.secrets),
        "created_at": moment(hook.created_at),
        "failing_since": moment(hook.failing_since) if hook.failing_since else None,
        "disabled_at": moment(hook.disabled_at) if hook.disabled_at else None,
    }


def registered_view(registered: WebhookWithSecret) -> Json:
    """The same with the secret, this once."""
    return {**hook_view(registered.hook), "secret": registered.secret}


def delivery_view(delivery: Delivery) -> Json:
    """One message and what became of it."""
    return {
        "id": delivery.id,
        "event": delivery.event.value,
        "at": moment(delivery.at),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "tried_at": moment(delivery.tried_at) if delivery.tried_at else None,
        "next_at": moment(delivery.next_at) if delivery.next_at else None,
        "body": json.loads(delivery.body),
    }


def one_view(ports: Ports, tenant: str, hook: str) -> Json:
    """GET /hooks/{id}."""
    return hook_view(ports.webhooks.get(tenant, hook))


def deliveries(ports: Ports) -> Callable[..., Page[Delivery]]:
    """The messages to a target, which has to be there."""

    def find(*, tenant: str, hook: str, page: PageRequest) -> Page[Delivery]:
        return ports.lists.deliveries(tenant, ports.webhooks.get(tenant, hook).id, page)

    return find


def queued_view(count: int) -> Json:
    """How many messages are sent again."""
    return {"queued": count}
