"""Verifies OpenID tokens: of staff, and of Cloud Tasks and Cloud Scheduler."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import jwt

from common.api.http import Caller, Role
from common.errors import NotAllowed, Retry, UntrustedCaller

ALGORITHMS = ["RS256", "ES256"]
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
LEEWAY_SECONDS = 30
KEYS_LIVE_SECONDS = 3600
FETCH_TIMEOUT_SECONDS = 5


class KeysUnavailable(Retry):
    """The issuer's keys cannot be fetched now: not the caller's fault, so not a 401."""

    code = "issuer_unavailable"


class TokenVerifier:
    """Checks signature, issuer, audience and time of one issuer's tokens; keys are cached and rotated."""

    def __init__(self, *, issuer: str, jwks_uri: str, cooldown: float = 30) -> None:
        """Fetch keys lazily; an unknown key id fetches them anew, at most every ``cooldown`` seconds."""
        self._issuer = issuer
        self._keys = jwt.PyJWKClient(
            jwks_uri,
            lifespan=KEYS_LIVE_SECONDS,
            timeout=FETCH_TIMEOUT_SECONDS,
            cache_keys=False,
            cooldown_duration=cooldown,
        )

    def claims(self, token: str, *, audience: str) -> dict[str, Any]:
        """The verified claims.

        Raises:
            UntrustedCaller: anything about the token is not as it must be.
            KeysUnavailable: the issuer could not be asked for its keys.
        """
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=ALGORITHMS,
                audience=audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise KeysUnavailable("the token issuer's keys cannot be fetched now") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise UntrustedCaller("the bearer token is not valid") from error
        return claims


class StaffGate:
    """Turns a staff member's ID token into a caller."""

    def __init__(self, verifier: TokenVerifier, *, audience: str) -> None:
        """Accept tokens made out to ``audience``."""
        self._verifier = verifier
        self._audience = audience

    def __call__(self, token: str) -> Caller:
        """The caller behind a token.

        Raises:
            UntrustedCaller: the token is not valid.
            NotAllowed: it names no tenant or no role that we know.
        """
        claims = self._verifier.claims(token, audience=self._audience)
        tenant, role, resources = claims.get("tenant"), claims.get("role"), claims.get("resources", [])
        # A tenant's id stands in document paths and push tokens, so it has the form of all ids.
        if not isinstance(tenant, str) or not TENANT.fullmatch(tenant) or role not in set(Role):
            raise NotAllowed("the token names no tenant or no known role", code="no_role")
        named = (
            tuple(item for item in resources if isinstance(item, str)) if isinstance(resources, list) else ()
        )
        return Caller(subject=str(claims["sub"]), tenant=tenant, role=Role(role), resources=named)


class ServiceGate:
    """Lets exactly these service accounts call, with a token made out to exactly this function.

    See https://cloud.google.com/tasks/docs/creating-http-target-tasks#token.
    """

    def __init__(self, verifier: TokenVerifier, *, audience: str, accounts: Collection[str]) -> None:
        """Accept ``accounts`` with tokens made out to ``audience``."""
        self._verifier = verifier
        self._audience = audience
        self._accounts = frozenset(accounts)

    def __call__(self, token: str) -> Caller:
        """The calling service account.

        Raises:
            UntrustedCaller: the token is not valid, or another account's.
        """
        claims = self._verifier.claims(token, audience=self._audience)
        account = claims.get("email")
        if account not in self._accounts or claims.get("email_verified") is not True:
            raise UntrustedCaller("this service account may not call here")
        return Caller(subject=str(account))
