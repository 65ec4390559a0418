"""Recognises a booking request that comes again: by its idempotency key, or as a second click.

With a key a repeat is told from another request under the same key. Without one it is the same wish when the
same person asks for the same service, resource (or any) and start, from the same network address, within a
minute.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import IdempotencyRecord
from common.errors import KeyReused
from common.ports import Ports
from common.ports.machine import Keys

KEPT = timedelta(hours=48)
# So long may somebody wait for an answer, and click once more.
CLICKS_KEPT = timedelta(minutes=1)
_ID_BYTES = 15


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that may come more than once.

    Attributes:
        tenant: The tenant of the booking.
        subject: The member of staff who asks, or empty for a customer: everybody has keys of their own.
        key: The Idempotency-Key that was sent, or None.
        content: Everything that makes two requests differ.
        start: The wanted time.
        address: Whence the request came: the answer to a click opens a booking, so nobody else gets it.
        after: The booking that an earlier click made and that was given up or moved since.
    """

    tenant: str
    subject: str
    key: str | None
    content: Mapping[str, str | None] = field(repr=False)
    start: datetime
    address: str = field(default="", repr=False)
    after: str = ""

    @property
    def text(self) -> str:
        """The whole content in one spelling, as it is signed."""
        return json.dumps(dict(self.content), sort_keys=True)

    @property
    def click(self) -> str:
        """Who wants what and when, in one spelling: what a second click has in common with the first."""
        person = [
            " ".join((self.content[name] or "").split()).casefold() for name in ("name", "email", "phone")
        ]
        wish = [self.content["service"], self.content["resource"], self.content["start"]]
        return json.dumps([self.subject, self.address, *person, *wish, self.after])


def _record_id(keys: Keys, request: IdempotentRequest) -> str:
    """The id of the record of the first request."""
    if request.key is None:
        # Keyed, since names and addresses can be guessed.
        return keys.sign("click", request.tenant, request.click).hex()[:40]
    return hashlib.sha256(f"{len(request.subject)}:{request.subject}{request.key}".encode()).hexdigest()[:40]


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


def earlier_booking(ports: Ports, request: IdempotentRequest) -> tuple[IdempotentRequest, Booking | None]:
    """The request as it is recorded, and the booking that its first one made.

    There is none if there was no such request within the last 48 hours (with a key) or the last minute (a
    click). A click is no repeat either once that booking is cancelled or has another time: then its customer
    books anew.

    Raises:
        KeyReused: The first request under this key had another content.
    """
    while True:
        record = ports.bookings.idempotency(request.tenant, _record_id(ports.keys, request))
        if record is None or record.expires_at <= ports.clock.now():
            return request, None
        booking = ports.bookings.get(request.tenant, record.booking)
        if request.key is None:
            if booking.active and booking.interval.start == request.start:
                return request, booking
            request = replace(request, after=booking.id)
        elif ports.keys.verify(bytes.fromhex(record.fingerprint), "request", request.text):
            return request, booking
        else:
            raise KeyReused("this idempotency key was used with another request")


def idempotency_record(ports: Ports, request: IdempotentRequest, booking: str) -> IdempotencyRecord:
    """The record that is committed with the booking; it holds a signature of the content alone."""
    return IdempotencyRecord(
        id=_record_id(ports.keys, request),
        tenant=request.tenant,
        fingerprint=ports.keys.sign("request", request.text).hex(),
        booking=booking,
        expires_at=ports.clock.now() + (CLICKS_KEPT if request.key is None else KEPT),
    )
