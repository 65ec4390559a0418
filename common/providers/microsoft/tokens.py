"""Reads what a token answer of Microsoft says: how long the token lives, for what, and who consented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common.errors import UnexpectedReply
from common.providers import tokens
from common.providers.tokens import text

RESOURCE = "https://graph.microsoft.com/"
_LONGEST_LIFE = 86_400


def claims_of(reply: Mapping[str, Any], *, client_id: str, now: datetime) -> Mapping[str, Any]:
    """What the ID token says; nothing where none came.

    The token came over TLS straight from the token endpoint, which stands in for its signature:
    https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    """
    claims = reply.get("id_token_claims")
    if not isinstance(claims, dict):
        return {}
    expires = claims.get("exp")
    ours = claims.get("aud") == client_id
    if not (ours and isinstance(expires, int | float) and expires > now.timestamp()):
        raise UnexpectedReply("an ID token that is not for us", code="id_token")
    return claims


def identity(claims: Mapping[str, Any]) -> str | None:
    """Tenant and object, which a new name leaves as they are; the name itself must never identify anybody.

    Personal accounts share one tenant, and have an object in it as well; where none is told, ``sub`` names
    the person to our application: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    """
    tenant, person = text(claims, "tid"), text(claims, "oid") or text(claims, "sub")
    return f"{tenant}/{person}" if tenant and person else None


def lifetime(reply: Mapping[str, Any]) -> timedelta:
    """How long the access token lives."""
    seconds = reply.get("expires_in")
    if not isinstance(seconds, int) or seconds < 0:
        raise UnexpectedReply("a token answer without expires_in")
    return timedelta(seconds=min(seconds, _LONGEST_LIFE))


def scopes(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """What was given, by the short names: Graph is the resource of whatever names none."""
    return tuple(name.removeprefix(RESOURCE) for name in tokens.scopes(reply))
