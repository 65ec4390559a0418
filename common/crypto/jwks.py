"""Public keys of token issuers (JSON Web Key Sets): fetched, cached, and kept while an issuer is down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from common.errors import Retry, SyncError, UntrustedCaller

# Asymmetric ones alone: with "none" or HS256 whoever reads the public keys could sign.
ALGORITHMS: Mapping[tuple[str, str], frozenset[str]] = {
    ("RSA", ""): frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
FRESH = timedelta(hours=1)
STALE = timedelta(hours=24)
COOLDOWN = timedelta(seconds=30)
LARGEST_JWKS = 256 * 1024
MOST_KEYS = 100
SHORTEST_RSA = 2048
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, and the algorithms that it may be used with."""

    key: Any
    algorithms: frozenset[str]


class KeysUnavailable(Retry):
    """The issuer's keys cannot be fetched now: not the caller's fault, so not a 401."""

    code = "issuer_unavailable"


class Jwks:
    """The key set of one issuer; safe for threads.

    Keys are an hour old at most while the issuer answers. An unknown key id asks it again, at most every
    half minute. Where it does not answer, the keys of the last day are still good.
    """

    def __init__(self, uri: str, fetch: Fetch, *, now: Callable[[], datetime]) -> None:
        """Fetch nothing yet; ``fetch`` gets the document at ``uri`` when a key is first asked for."""
        self._uri, self._fetch, self._now = uri, fetch, now
        self._keys: dict[str, PublicKey] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None
        self._lock = Lock()

    def key(self, key_id: str, algorithm: str) -> Any:
        """The public key of this id, if it may be used with this algorithm.

        Raises:
            UntrustedCaller: There is no such key.
            KeysUnavailable: Whether there is cannot be known now.
        """
        with self._lock:
            if not (key_id in self._keys and self._younger_than(FRESH)):
                self._refresh()
            found = self._keys.get(key_id) if self._younger_than(STALE) else None
            unsure = self._fetched is None or self._fetched != self._tried
        if found is None and unsure:
            raise KeysUnavailable(
                "the token issuer's keys cannot be fetched now", retry_after=COOLDOWN.total_seconds()
            )
        if found is None or algorithm not in found.algorithms:
            raise UntrustedCaller("the bearer token is not valid")
        return found.key

    def _younger_than(self, age: timedelta) -> bool:
        return self._fetched is not None and self._now() - self._fetched < age

    def _refresh(self) -> None:
        now = self._now()
        if self._tried is not None and now - self._tried < COOLDOWN:
            return
        self._tried = now
        try:
            keys = parse_jwks(self._fetch(self._uri))
        except SyncError:
            return
        self._keys, self._fetched = keys, now


def parse_jwks(raw: bytes) -> dict[str, PublicKey]:
    """The keys of a JSON Web Key Set that can prove tokens, by id; others are passed over.

    Raises:
        KeysUnavailable: It is no key set, or none of its keys is of use.
    """
    try:
        listed = json.loads(raw)["keys"]
        described = [item for item in listed[:MOST_KEYS] if _usable(item)]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeysUnavailable("the token issuer's keys cannot be read") from None
    keys = {str(item["kid"]): key for item in described if (key := _key(item)) is not None}
    if not keys:
        raise KeysUnavailable("the token issuer publishes no key that could be used")
    return keys


def _usable(item: object) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("kid"), str):
        return False
    operations = item.get("key_ops", ["verify"])
    known = (item.get("kty"), item.get("crv", "")) in ALGORITHMS
    return known and item.get("use", "sig") == "sig" and "verify" in operations


def _key(item: dict[str, Any]) -> PublicKey | None:
    allowed = ALGORITHMS[item["kty"], item.get("crv", "")]
    try:
        key = jwt.PyJWK(item).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    short = isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA
    # A published private key proves nothing about anybody.
    if "d" in item or short:
        return None
    return PublicKey(key, allowed & {item["alg"]} if "alg" in item else allowed)
