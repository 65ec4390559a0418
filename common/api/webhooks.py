"""What the routes of webhooks to a tenant's own system read and answer."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import AfterValidator, Field

from common.api.http import Json
from common.api.models import FROM_JSON, Instant, Model, moment
from common.domain.webhooks import Delivery, Webhook, WebhookEvent, WebhookWithSecret

Url = Annotated[str, Field(min_length=8, max_length=2000, examples=["https://shop.example/hooks/slotbridge"])]
Events = Annotated[
    tuple[Annotated[WebhookEvent, FROM_JSON], ...], FROM_JSON, Field(max_length=20), AfterValidator(tuple)
]


class NewHook(Model):
    """POST /hooks: a new webhook; no ``events`` means every event."""

    url: Url
    events: Events = ()


class HookPatch(Model):
    """PATCH /hooks/{id}: what is left out stays as it is."""

    events: Events | None = None
    enabled: bool | None = None


class RotateRequest(Model):
    """POST /hooks/{id}/secret: a new secret; ``drop_old`` ends the older ones at once."""

    drop_old: bool = False


class ReplayRequest(Model):
    """POST /hooks/{id}/replay: send the failed messages again, those since a time or all."""

    since: Instant | None = None


def webhook_view(webhook: Webhook) -> Json:
    """A webhook as the owner sees it; of its secrets only how many there are."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": [event.value for event in webhook.events],
        "enabled": webhook.enabled,
        "secrets": len(webhook.secrets),
        "created_at": moment(webhook.created_at),
        "failing_since": moment(webhook.failing_since) if webhook.failing_since else None,
        "disabled_at": moment(webhook.disabled_at) if webhook.disabled_at else None,
    }


def webhook_with_secret_view(made: WebhookWithSecret) -> Json:
    """A webhook together with its new signing secret, which is shown this once."""
    return {**webhook_view(made.webhook), "secret": made.secret}


def delivery_view(delivery: Delivery) -> Json:
    """One message to a webhook, how often it was tried, and what was answered last."""
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
