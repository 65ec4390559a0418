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
    """What a webhook can be called for."""

    BOOKING_CREATED = "booking.created"
    BOOKING_CHANGED = "booking.changed"
    BOOKING_CANCELLED = "booking.cancelled"
    CONNECTION_CONNECTED = "connection.connected"
    CONNECTION_REAUTH_REQUIRED = "connection.reauth_required"
    CONNECTION_UNREACHABLE = "connection.unreachable"
    CONNECTION_DISCONNECTED = "connection.disconnected"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of a tenant's own system that is called when something happens.

    ``events`` are those that it is called for, all of them where there are none. ``secrets`` are encrypted,
    the newest first, and every message is signed with each. ``failing_since`` is the first failure after the
    last success, ``disabled_at`` when it was switched off.
    """

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
        """Whether it is called at all."""
        return self.disabled_at is None

    def wants(self, event: WebhookEvent) -> bool:
        """Whether it is to be called for this event."""
        return self.enabled and (not self.events or event in self.events)


@dataclass(frozen=True, slots=True)
class WebhookWithSecret:
    """A webhook and its new signing secret, which is shown this once and stored encrypted only."""

    webhook: Webhook
    secret: str = field(repr=False)


class DeliveryState(StrEnum):
    """Whether a message still waits, has arrived, or was given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook, ``hook``; ``id`` and ``body`` stay the same at each try and each replay.

    ``attempts`` counts the tries of this ``round``, which is the number of replays. ``answer`` is what came
    of the last try: an HTTP status, or a word.
    """

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
    """The JSON text of a message: ids and times, never a name, an address or a title."""
    whole = {"type": event.value, "timestamp": at.isoformat(), "data": dict(data)}
    return json.dumps(whole, separators=(",", ":"), sort_keys=True)


def message_id(*cause: str) -> str:
    """The id of a message, the same for the same cause, so that the receiver recognises a repeat."""
    return f"msg_{hashlib.sha256('/'.join(cause).encode()).hexdigest()[:32]}"


def new_secret(token: str) -> str:
    """A signing secret in the form of Standard Webhooks, made of a random token."""
    raw = hashlib.sha256(token.encode()).digest()
    return SECRET_PREFIX + base64.b64encode(raw).decode()


def secret_context(tenant: str, hook: str) -> str:
    """What a secret's encryption is bound to, so that it is of use for its own webhook only."""
    return f"hook/{tenant}/{hook}"


def signed_headers(name: str, body: str, *, secrets: Iterable[str], now: datetime) -> Mapping[str, str]:
    """The headers of one try of message ``name``, with a signature by each secret.

    A receiver accepts any of them, so that a secret can be replaced without a gap.
    """
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
    """A webhook's secrets with a new one in front; the oldest goes where there are too many."""
    return (newest, *secrets)[:MOST_SECRETS]


def next_try(attempts: int, *, now: datetime, asked: float | None = None) -> datetime | None:
    """When to try again after so many failed attempts; None where the message is to be given up.

    ``asked`` is how many seconds the receiver wants us to wait (Retry-After).
    """
    if attempts > len(SCHEDULE):
        return None
    pause = SCHEDULE[attempts - 1]
    return now + max(pause, min(timedelta(seconds=asked or 0), SCHEDULE[-1]))
