"""Webhooks to a tenant's own system: which events, how they are signed, when to try again.

Signatures follow https://www.standardwebhooks.com (symmetric, ``v1``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# Three days in all: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 50_400, 54_000, 57_600)
)
LONGEST_FAILURE = timedelta(days=3)
DELIVERIES_KEPT = timedelta(days=30)
MOST_WEBHOOKS = 10
MOST_SECRETS = 3
SECRET_PREFIX = "whsec_"  # noqa: S105 - the standard's mark, not a secret


class WebhookEvent(StrEnum):
    """What a tenant's system can be told."""

    BOOKING_CREATED = "booking.created"
    BOOKING_CHANGED = "booking.changed"
    BOOKING_CANCELLED = "booking.cancelled"
    CONNECTION_CONNECTED = "connection.connected"
    CONNECTION_REAUTH_REQUIRED = "connection.reauth_required"
    CONNECTION_UNREACHABLE = "connection.unreachable"
    CONNECTION_DISCONNECTED = "connection.disconnected"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One target; ``secrets`` are ciphertexts, the newest first, and all of them sign."""

    id: str
    tenant: str
    url: str = field(repr=False)
    events: tuple[WebhookEvent, ...]
    secrets: tuple[str, ...] = field(repr=False)
    created_at: datetime
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    version: str | None = None

    @property
    def enabled(self) -> bool:
        """Whether it is called."""
        return self.disabled_at is None

    def wants(self, event: WebhookEvent) -> bool:
        """Whether it is told of this; no chosen events means all of them."""
        return self.enabled and (not self.events or event in self.events)


@dataclass(frozen=True, slots=True)
class WebhookWithSecret:
    """A target just after its secret was made, which is the only time that anybody sees it."""

    hook: Webhook
    secret: str = field(repr=False)


class DeliveryState(StrEnum):
    """What became of a message."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one target; ``id`` and ``body`` stay the same at each try and at each replay."""

    id: str
    tenant: str
    hook: str
    event: WebhookEvent
    body: str = field(repr=False)
    at: datetime
    expires_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    round: int = 0
    answer: str | None = None
    tried_at: datetime | None = None
    next_at: datetime | None = None
    version: str | None = None


def message_body(event: WebhookEvent, *, at: datetime, data: Mapping[str, str | int | None]) -> str:
    """The body: ids and times, never a name, an address or a title."""
    whole = {"type": event.value, "timestamp": at.isoformat(), "data": dict(data)}
    return json.dumps(whole, separators=(",", ":"), sort_keys=True)


def message_id(*cause: str) -> str:
    """The id of a message, the same for the same cause, so that the receiver recognises a repeat."""
    return f"msg_{hashlib.sha256('/'.join(cause).encode()).hexdigest()[:32]}"


def new_secret(token: str) -> str:
    """The text of a signing secret made of a random token."""
    raw = hashlib.sha256(token.encode()).digest()
    return SECRET_PREFIX + base64.b64encode(raw).decode()


def secret_context(tenant: str, hook: str) -> str:
    """The context that binds a sealed secret to its own target."""
    return f"hook/{tenant}/{hook}"


def signed_headers(name: str, body: str, *, secrets: Iterable[str], now: datetime) -> Mapping[str, str]:
    """The signed headers of one try; every secret signs, so that one can be replaced without a gap."""
    timestamp = str(int(now.timestamp()))
    signatures = [_signature(secret, f"{name}.{timestamp}.{body}") for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Slotbridge-Webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, content: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()


def with_new_secret(secrets: Sequence[str], newest: str) -> tuple[str, ...]:
    """The secrets after a new one came; the older ones keep signing until they are dropped."""
    return (newest, *secrets)[:MOST_SECRETS]


def next_try(attempts: int, *, now: datetime, asked: float | None = None) -> datetime | None:
    """When to try again after so many failures; None when it is enough."""
    if attempts > len(SCHEDULE):
        return None
    pause = SCHEDULE[attempts - 1]
    return now + max(pause, min(timedelta(seconds=asked or 0), SCHEDULE[-1]))
