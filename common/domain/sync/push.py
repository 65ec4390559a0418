"""What a push message claims, and the signed token that proves the claim without a database."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

PURPOSE = "channel"
# 128 bits: Microsoft Graph takes 128 characters in all, and a tenant's id may have 64 of them.
SIGNATURE_BYTES = 16
CHANNEL_LENGTH = 10
_TOKEN = re.compile(
    r"(?P<connection>[\w-]{16})(?P<calendar>[\w-]{16})(?P<channel>[\w-]{10})(?P<signature>[\w-]{22})"
    r"(?P<tenant>[!-~]{1,64})",
    re.ASCII,
)


class Cause(StrEnum):
    """Why a provider calls; the words are part of task names and payloads."""

    CHANGED = "push"
    MISSED = "missed"
    REMOVED = "removed"
    REAUTHORIZE = "reauthorize"


@dataclass(frozen=True, slots=True)
class PushClaims:
    """Which channel of which calendar a push message says that it comes from; ids of ours only."""

    tenant: str
    connection: str
    calendar: str
    channel: str
    signature: bytes = field(repr=False)

    @property
    def signed(self) -> tuple[str, str, str, str]:
        """The parts under the signature."""
        return self.tenant, self.connection, self.calendar, self.channel


@dataclass(frozen=True, slots=True)
class PushNotice:
    """One push message as an adapter read it.

    ``channel`` is the channel id that the provider sent beside the token, None where it sends none of ours.
    ``opening`` marks the message that only says that the channel works (Google's ``sync``).
    """

    token: str | None = field(repr=False)
    channel: str | None = None
    opening: bool = False
    cause: Cause = Cause.CHANGED

    @property
    def claims(self) -> PushClaims | None:
        """The claims in the token; None where it is not one of ours or names another channel."""
        claims = decode_token(self.token) if self.token else None
        if claims is None or self.channel not in {None, claims.channel}:
            return None
        return claims


def encode_token(claims: PushClaims) -> str:
    """The token text: 64 characters of ids and signature, then the tenant; 128 characters at most.

    Google takes 256 characters, Microsoft Graph 128:
    https://developers.google.com/workspace/calendar/api/guides/push
    https://learn.microsoft.com/graph/api/resources/subscription (clientState)

    Raises:
        ValueError: The ids are not those that Slotbridge gives (24 hexadecimal digits, a short channel id).
    """
    ids = "".join(_text(bytes.fromhex(part)) for part in (claims.connection, claims.calendar))
    token = f"{ids}{claims.channel}{_text(claims.signature[:SIGNATURE_BYTES])}{claims.tenant}"
    read = decode_token(token)
    if read is None or read.signed != claims.signed:
        message = "these ids do not fit into a push token"
        raise ValueError(message)
    return token


def decode_token(token: str) -> PushClaims | None:
    """The claims of a token, still to be verified; None where it has not the form of ours."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    try:
        signature = _bytes(f"{found['signature']}==")
    except binascii.Error:
        return None
    connection, calendar = (_bytes(found[name]).hex() for name in ("connection", "calendar"))
    return PushClaims(found["tenant"], connection, calendar, found["channel"], signature)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)


# The last change of a burst is read no later than a bucket and the skew after it: within five seconds.
BUCKET = timedelta(seconds=3)
# The trailing task waits a little longer than the bucket: clocks of two instances differ.
SKEW = timedelta(seconds=1)
# Microsoft may ask for a reauthorization every few minutes, and wants no two renewals within ten:
# https://learn.microsoft.com/graph/change-notifications-lifecycle-events
ONCE_IN = timedelta(minutes=10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PushNames:
    """The two task names of one calendar in one bucket, and when the trailing one runs.

    The first message of a bucket takes the leading name and is worked off at once. All others share the
    trailing task, which runs after the bucket has ended and so sees what they announced. A used name stays
    blocked for up to a day, which is why it always holds its bucket.
    """

    lead: str
    trail: str
    trail_at: datetime


def push_names(*, tenant: str, connection: str, calendar: str, now: datetime) -> PushNames:
    """The names for a message that arrives ``now``."""
    number = (now - _EPOCH) // BUCKET
    stem = f"push/{tenant}/{connection}/{calendar}/{number}"
    return PushNames(f"{stem}/lead", f"{stem}/trail", _EPOCH + (number + 1) * BUCKET + SKEW)


def once_name(*, tenant: str, connection: str, calendar: str, cause: str, now: datetime) -> str:
    """The name for what is worth doing once in ten minutes."""
    return f"push/{tenant}/{connection}/{calendar}/{cause}/{(now - _EPOCH) // ONCE_IN}"
