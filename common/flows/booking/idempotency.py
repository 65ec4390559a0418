"""Recognises a repeated booking request by its idempotency key, and tells it from another one."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.booking.booking_change import IdempotencyRecord
from common.errors import KeyReused
from common.ports import Ports

KEPT = timedelta(hours=48)
_ID_BYTES = 15


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """What somebody asked for under a key; ``said`` is everything that makes two requests differ."""

    tenant: str
    subject: str
    key: str | None
    said: Mapping[str, str | None] = field(repr=False)

    @property
    def record(self) -> str | None:
        """The name of the record of the first request; None without a key."""
        if self.key is None:
            return None
        return hashlib.sha256(f"{len(self.subject)}:{self.subject}{self.key}".encode()).hexdigest()[:40]

    @property
    def text(self) -> str:
        """Everything that was said, in one spelling."""
        return json.dumps(dict(self.said), sort_keys=True)


def booking_id(ports: Ports, request: IdempotentRequest) -> str:
    """The id of the booking: the same for a repeat, random without a key; nobody can guess it."""
    if request.key is None:
        seed = hashlib.sha256(ports.keys.token().encode()).digest()
    else:
        seed = ports.keys.sign("booking", request.tenant, request.subject, request.key)
    return base64.b32hexencode(seed[:_ID_BYTES]).decode().lower()


def earlier_booking(ports: Ports, request: IdempotentRequest) -> str | None:
    """The booking that the first request under this key made, if it lives.

    Raises:
        KeyReused: The first request said something else.
    """
    if request.record is None:
        return None
    record = ports.bookings.idempotency(request.tenant, request.record)
    if record is None or record.expires_at <= ports.clock.now():
        return None
    if not ports.keys.verify(bytes.fromhex(record.fingerprint), "request", request.text):
        raise KeyReused("this idempotency key was used with another request")
    return record.booking


def idempotency_record(
    ports: Ports, request: IdempotentRequest, booking: str, *, now: datetime
) -> IdempotencyRecord | None:
    """The record that is committed with the booking; it holds a signature, nothing of what was said."""
    if request.record is None:
        return None
    return IdempotencyRecord(
        id=request.record,
        tenant=request.tenant,
        fingerprint=ports.keys.sign("request", request.text).hex(),
        booking=booking,
        expires_at=now + KEPT,
    )
