"""Verifies OpenID tokens: signature, issuer, audience and time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

import jwt
import urllib3

from common.crypto.jwks import ALGORITHMS, LARGEST_JWKS, Fetch, Jwks, KeysUnavailable
from common.domain.issuers import Issuer, audience_of, check_times
from common.errors import UntrustedCaller

LONGEST_TOKEN = 16 * 1024
MOST_JWKS = 500
FETCH_SECONDS = 5.0
HTTP_OK = 200
TYPES = frozenset({"", "JWT"})
KNOWN = frozenset().union(*ALGORITHMS.values())
# The signature alone: everything else is judged by the clock and the rules of common/domain/issuers.py.
_SIGNATURE_ONLY = {
    "verify_signature": True,
    **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
}


class PublicFetch(Protocol):
    """Fetches documents from addresses that tenants named."""

    def fetch(self, url: str, *, largest: int) -> bytes:
        """The document at an address of the public internet."""


def installation_verifier(
    installation: Callable[[], tuple[Issuer, ...]],
    *,
    now: Callable[[], datetime],
    foreign: PublicFetch | None,
) -> JwtVerifier:
    """The verifier of an installation.

    Args:
        installation: Gives the installation's own issuers; called at the first token, as functions without
            staff have no such setting.
        now: The clock.
        foreign: Fetches the keys of issuers that tenants added; None where none of those count. The keys of
            the installation's issuers are fetched from wherever the operator put them.
    """

    def fetch_foreign(uri: str) -> bytes:
        if foreign is None:
            raise KeysUnavailable("no tenant's issuer counts here")
        return foreign.fetch(uri, largest=LARGEST_JWKS)

    return JwtVerifier(now=now, fetch=fetch_trusted, fetch_foreign=fetch_foreign, installation=installation)


def fetch_trusted(uri: str) -> bytes:
    """A document at an address that the operator configured, wherever that is.

    Raises:
        KeysUnavailable: It did not come.
    """
    try:
        with urllib3.PoolManager(num_pools=1) as pool:
            response = pool.request(
                "GET", uri, timeout=FETCH_SECONDS, retries=False, redirect=False, preload_content=False
            )
            content = response.read(LARGEST_JWKS + 1)
            response.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise KeysUnavailable("the token issuer's keys cannot be fetched now") from error
    if response.status != HTTP_OK or len(content) > LARGEST_JWKS:
        raise KeysUnavailable("the token issuer's keys cannot be fetched now")
    return content


class JwtVerifier:
    """Verifies tokens of any issuer, with that issuer's public keys; one for all requests of an instance."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        fetch: Fetch,
        fetch_foreign: Fetch,
        installation: Callable[[], tuple[Issuer, ...]] = tuple,
    ) -> None:
        """Fetch the keys of the installation's issuers by ``fetch``, of tenants' own by ``fetch_foreign``."""
        self._now, self._fetch, self._fetch_foreign = now, fetch, fetch_foreign
        self._installation = installation
        self._jwks: OrderedDict[tuple[str, bool], Jwks] = OrderedDict()
        self._lock = Lock()

    @property
    def installation(self) -> tuple[Issuer, ...]:
        """The issuers of the installation itself."""
        return self._installation()

    def unverified_issuer(self, token: str) -> tuple[str, str]:
        """The issuer and the audience that a token names; nothing of it is verified yet."""
        _, claims = _unverified(token)
        issuer = claims.get("iss")
        if not isinstance(issuer, str):
            raise UntrustedCaller("the bearer token is not valid")
        return issuer, audience_of(claims)

    def verify(self, issuer: Issuer, token: str) -> Mapping[str, Any]:
        """The claims of a token that is this issuer's, made out to its audience, and valid now.

        Raises:
            UntrustedCaller: It is not.
            KeysUnavailable: The issuer's keys cannot be fetched now.
        """
        header, _ = _unverified(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in KNOWN or not isinstance(key_id, str):
            raise UntrustedCaller("the bearer token is not valid")
        # Neither is an ID token: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
        if "crit" in header or str(header.get("typ", "")).upper() not in TYPES:
            raise UntrustedCaller("the bearer token is not valid")
        key = self._jwks_of(issuer).key(key_id, algorithm)
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)  # type: ignore[arg-type]
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UntrustedCaller("the bearer token is not valid") from error
        if claims.get("iss") != issuer.url or audience_of(claims) != issuer.audience:
            raise UntrustedCaller("the bearer token is not valid")
        check_times(claims, self._now())
        return claims

    def _jwks_of(self, issuer: Issuer) -> Jwks:
        foreign = issuer.tenant is not None
        name = issuer.jwks_uri, foreign
        with self._lock:
            if name not in self._jwks:
                fetch = self._fetch_foreign if foreign else self._fetch
                self._jwks[name] = Jwks(issuer.jwks_uri, fetch, now=self._now)
            self._jwks.move_to_end(name)
            while len(self._jwks) > MOST_JWKS:
                self._jwks.popitem(last=False)
            return self._jwks[name]


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A token's header and claims; nothing of them is verified."""
    if len(token) > LONGEST_TOKEN:
        raise UntrustedCaller("the bearer token is too long")
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise UntrustedCaller("the bearer token is not valid") from error
    return whole["header"], whole["payload"]
