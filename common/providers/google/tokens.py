"""Reads what a token answer says: how long the token lives, and who consented."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.errors import UnexpectedReply
from common.providers.tokens import text

_ASSUMED_LIFE = timedelta(minutes=10)
_LONGEST_LIFE = 86_400


def lifetime(reply: Mapping[str, Any]) -> timedelta:
    """How long the access token lives; it is only recommended to say so (RFC 6749 section 5.1).

    Raises:
        UnexpectedReply: It is no number of seconds.
    """
    told = reply.get("expires_in")
    if told is None:
        return _ASSUMED_LIFE
    try:
        seconds = int(told)
    except (OverflowError, TypeError, ValueError):
        seconds = -1
    if seconds < 0:
        raise UnexpectedReply("a token answer with an odd expires_in")
    return timedelta(seconds=min(seconds, _LONGEST_LIFE))


@dataclass(frozen=True, slots=True)
class Person:
    """Who consented: the verified address, else the subject; and the subject, which stays for good.

    https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
    """

    account: str | None = field(default=None, repr=False)
    identity: str | None = field(default=None, repr=False)


def person_of(reply: Mapping[str, Any], *, client_id: str, issuer: str | None, now: datetime) -> Person:
    """Who consented; nobody where no ID token came.

    The token came over TLS straight from the token endpoint, which stands in for its signature:
    https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation (point 6).

    Raises:
        UnexpectedReply: The ID token is not for us, or of somebody else than ``issuer``.
    """
    id_token = text(reply, "id_token")
    if id_token is None:
        return Person()
    claims = _claims(id_token)
    expires, audience = claims.get("exp"), claims.get("aud")
    issued = issuer is None or claims.get("iss") in {issuer, issuer.removeprefix("https://")}
    ours = client_id in (audience if isinstance(audience, list) else [audience])
    if not (issued and ours and isinstance(expires, int | float) and expires > now.timestamp()):
        raise UnexpectedReply("an ID token that is not for us", code="id_token")
    verified = claims.get("email_verified") is True
    subject = text(claims, "sub")
    return Person((text(claims, "email") if verified else None) or subject, subject)


def _claims(id_token: str) -> Mapping[str, Any]:
    try:
        payload = id_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise UnexpectedReply("an ID token that cannot be read", code="id_token")
    return claims
