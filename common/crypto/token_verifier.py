"""Proves OpenID tokens: signature, issuer, audience and time."""

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
MOST_KEY_SETS = 500
FETCH_SECONDS = 5.0
HTTP_OK = 200
TYPES = frozenset({"", "JWT"})
KNOWN = frozenset().union(*ALGORITHMS.values())
# The signature alone: everything else is judged by the clock and the rules of common/domain/issuers.py.
_SIGNATURE_ONLY = {
    "verify_signature": True,
    **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
}


class Outside(Protocol):
    """Fetches from addresses that tenants named."""

    def fetch(self, url: str, *, largest: int) -> bytes:
        """The document at an address of the public internet."""


def installation_verifier(
    installation: Callable[[], tuple[Issuer, ...]],
    *,
    now: Callable[[], datetime],
    foreign: Outside | None,
) -> JwtVerifier:
    """A verifier that fetches the operator's addresses as they are, and others by ``foreign``.

    ``installation`` is asked at the first token: functions without staff have no such setting.
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
    """Proves the tokens of any issuer that it is asked about; one for all requests of an instance."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        fetch: Fetch,
        fetch_foreign: Fetch,
        installation: Callable[[], tuple[Issuer, ...]] = tuple,
    ) -> None:
        """Fetch the installation's keys by ``fetch``, and by ``fetch_foreign`` those that tenants named."""
        self._now, self._fetch, self._fetch_foreign = now, fetch, fetch_foreign
        self._installation = installation
        self._sets: OrderedDict[tuple[str, bool], Jwks] = OrderedDict()
        self._lock = Lock()

    @property
    def installation(self) -> tuple[Issuer, ...]:
        """The issuers of the installation itself."""
        return self._installation()

    def unverified_issuer(self, token: str) -> tuple[str, str]:
        """The issuer and the audience that a token names, of which nothing is proven yet."""
        _, claims = _opened(token)
        issuer = claims.get("iss")
        if not isinstance(issuer, str):
            raise UntrustedCaller("the bearer token is not valid")
        return issuer, audience_of(claims)

    def verify(self, issuer: Issuer, token: str) -> Mapping[str, Any]:
        """The claims of a token, proven to be this issuer's, made out to its audience, and of now."""
        header, _ = _opened(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in KNOWN or not isinstance(key_id, str):
            raise UntrustedCaller("the bearer token is not valid")
        # Neither is an ID token: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
        if "crit" in header or str(header.get("typ", "")).upper() not in TYPES:
            raise UntrustedCaller("the bearer token is not valid")
        key = self._keys(issuer).key(key_id, algorithm)
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)  # type: ignore[arg-type]
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UntrustedCaller("the bearer token is not valid") from error
        if claims.get("iss") != issuer.url or audience_of(claims) != issuer.audience:
            raise UntrustedCaller("the bearer token is not valid")
        check_times(claims, self._now())
        return claims

    def _keys(self, issuer: Issuer) -> Jwks:
        foreign = issuer.tenant is not None
        name = issuer.jwks_uri, foreign
        with self._lock:
            if name not in self._sets:
                fetch = self._fetch_foreign if foreign else self._fetch
                self._sets[name] = Jwks(issuer.jwks_uri, fetch, now=self._now)
            self._sets.move_to_end(name)
            while len(self._sets) > MOST_KEY_SETS:
                self._sets.popitem(last=False)
            return self._sets[name]


def _opened(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, unproven."""
    if len(token) > LONGEST_TOKEN:
        raise UntrustedCaller("the bearer token is too long")
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise UntrustedCaller("the bearer token is not valid") from error
    return whole["header"], whole["payload"]
