"""What a push message claims, and the signed token that makes the claim believable without a database."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

PURPOSE = "channel"
_SEPARATOR = ":"
_PARTS = 5


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

    @property
    def claims(self) -> PushClaims | None:
        """The claims in the token; None where it is not one of ours or names another channel."""
        claims = decoded(self.token) if self.token else None
        if claims is None or self.channel not in {None, claims.channel}:
            return None
        return claims


def encoded(claims: PushClaims) -> str:
    """The token text: ids and signature; Google takes 256 characters, Microsoft Graph 128.

    https://developers.google.com/workspace/calendar/api/guides/push
    """
    signature = base64.urlsafe_b64encode(claims.signature).decode().rstrip("=")
    return _SEPARATOR.join((*claims.signed, signature))


def decoded(token: str) -> PushClaims | None:
    """The claims of a token, still to be verified; None where it has not the form of ours."""
    parts = token.split(_SEPARATOR)
    if len(parts) != _PARTS or not all(parts) or not token.isascii():
        return None
    tenant, connection, calendar, channel, text = parts
    try:
        signature = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return PushClaims(tenant, connection, calendar, channel, signature)
