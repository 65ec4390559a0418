"""What Google's push requests claim, and the channel token that makes the claim worth reading.

Imported by the webhook's cold start: nothing beyond the standard library and our errors.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from common.errors import UntrustedCaller

# https://developers.google.com/workspace/calendar/api/v3/reference/events/watch
LONGEST_TOKEN = 256

_PREFIX = "x-goog-"
_PARTS = 5


@dataclass(frozen=True, slots=True)
class PushClaims:
    """What a push request says of itself; believed only after its token's signature was checked.

    ``state`` is ``sync`` once after the channel was opened, else ``exists`` or ``not_exists``.
    ``number`` grows within a channel, with gaps.
    """

    channel: str
    resource: str
    state: str
    token: str = field(repr=False)
    number: int = 0


@dataclass(frozen=True, slots=True)
class ChannelClaims:
    """Whose channel a token belongs to, and the signature over these four."""

    tenant: str
    connection: str
    calendar: str
    channel: str
    signature: bytes = field(repr=False)


def parse(headers: Mapping[str, str]) -> PushClaims:
    """The claims of a push request, which are all in its headers.

    Raises:
        UntrustedCaller: It does not name a channel and its token, so it is none of ours.
    """
    goog = {name.lower(): value for name, value in headers.items() if name.lower().startswith(_PREFIX)}
    number = goog.get("x-goog-message-number", "")
    claims = PushClaims(
        channel=goog.get("x-goog-channel-id", ""),
        resource=goog.get("x-goog-resource-id", ""),
        state=goog.get("x-goog-resource-state", ""),
        token=goog.get("x-goog-channel-token", ""),
        number=int(number[:18]) if number.isascii() and number.isdigit() else 0,
    )
    if not (claims.channel and claims.token and claims.state):
        raise UntrustedCaller("not a push request of a channel")
    return claims


def encode_token(*, tenant: str, connection: str, calendar: str, channel: str, signature: bytes) -> str:
    """The channel token: the ids, so that no database is asked, and the caller's signature over them.

    Raises:
        ValueError: It is longer than Google takes.
    """
    ids = (quote(part, safe="") for part in (tenant, connection, calendar, channel))
    token = ":".join((*ids, urlsafe_b64encode(signature).decode().rstrip("=")))
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"a channel token has at most {LONGEST_TOKEN} characters")
    return token


def decode_token(token: str) -> ChannelClaims:
    """The ids and the signature of a channel token; the signature is still to be checked.

    Raises:
        UntrustedCaller: It is not of our making.
    """
    parts = token.split(":") if len(token) <= LONGEST_TOKEN else []
    if len(parts) != _PARTS or not all(parts):
        raise UntrustedCaller("not a channel token of ours")
    *ids, signed = parts
    try:
        signature = urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
        tenant, connection, calendar, channel = (unquote(part, errors="strict") for part in ids)
    except (binascii.Error, ValueError):
        raise UntrustedCaller("not a channel token of ours") from None
    return ChannelClaims(tenant, connection, calendar, channel, signature)
