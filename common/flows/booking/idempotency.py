"""Recognises a repeated booking request by its idempotency key, and tells it from another request."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import IdempotencyRecord
from common.errors import KeyReused
from common.ports import Ports
from common.ports.machine import Keys

KEPT = timedelta(hours=48)
_ID_BYTES = 15


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that may come more than once.

    Attributes:
        tenant: The tenant of the booking.
        subject: The member of staff who asks, or empty for a customer: everybody has keys of their own.
        key: The Idempotency-Key that was sent, or None.
        content: Everything that makes two requests differ.
    """

    tenant: str
    subject: str
    key: str | None
    content: Mapping[str, str | None] = field(repr=False)

    @property
    def record_id(self) -> str | None:
        """The id of the record of the first request; None without a key."""
        if self.key is None:
            return None
        return hashlib.sha256(f"{len(self.subject)}:{self.subject}{self.key}".encode()).hexdigest()[:40]

    @property
    def text(self) -> str:
        """The whole content in one spelling, as it is signed."""
        return json.dumps(dict(self.content), sort_keys=True)


def booking_id(keys: Keys, request: IdempotentRequest) -> str:
    """The id of the booking: the same for a repeated request, random without a key; nobody can guess it."""
    if request.key is None:
        return random_booking_id(keys)
    return _as_id(keys.sign("booking", request.tenant, request.subject, request.key))


def random_booking_id(keys: Keys) -> str:
    """An id that no other booking, hold or session has."""
    return _as_id(hashlib.sha256(keys.token().encode()).digest())


def _as_id(seed: bytes) -> str:
    return base64.b32hexencode(seed[:_ID_BYTES]).decode().lower()


def earlier_booking(ports: Ports, request: IdempotentRequest) -> Booking | None:
    """The booking that the first request under this key made; None if there was none in the last 48 hours.

    Raises:
        KeyReused: The first request had another content.
    """
    if request.record_id is None:
        return None
    record = ports.bookings.idempotency(request.tenant, request.record_id)
    if record is None or record.expires_at <= ports.clock.now():
        return None
    if not ports.keys.verify(bytes.fromhex(record.fingerprint), "request", request.text):
        raise KeyReused("this idempotency key was used with another request")
    return ports.bookings.get(request.tenant, record.booking)


def idempotency_record(ports: Ports, request: IdempotentRequest, booking: str) -> IdempotencyRecord | None:
    """The record that is committed with the booking; it holds a signature of the content alone."""
    if request.record_id is None:
        return None
    return IdempotencyRecord(
        id=request.record_id,
        tenant=request.tenant,
        fingerprint=ports.keys.sign("request", request.text).hex(),
        booking=booking,
        expires_at=ports.clock.now() + KEPT,
    )
