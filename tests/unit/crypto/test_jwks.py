"""An issuer's key set: rotation, few fetches, use through an outage, and refused kinds of keys."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from common.crypto.jwks import Jwks, KeysUnavailable, parse_jwks
from common.errors import SyncError, UntrustedCaller
from local.cloud_tasks.clock import VirtualClock
from local.issuer import Issuer, SigningKey
from tests.issuers import AUDIENCE, START, FakeIssuer, authenticator

CLAIMS = {"tenant": "t1", "role": "owner"}
URL = "https://login.example"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def party(clock: VirtualClock) -> FakeIssuer:
    return FakeIssuer(URL, clock)


def later(clock: VirtualClock, **length: float) -> None:
    clock.advance_to(clock.now() + timedelta(**length))


def test_keys_are_fetched_once_an_hour(party: FakeIssuer, clock: VirtualClock) -> None:
    """A hundred calls cost one fetch; after an hour there is another one."""
    authenticate = authenticator(party)
    for _ in range(100):
        authenticate(party.token(**CLAIMS))
    later(clock, minutes=59)
    authenticate(party.token(**CLAIMS))
    within = party.fetched
    later(clock, minutes=1)
    authenticate(party.token(**CLAIMS))

    assert (1, 2) == (within, party.fetched)


def test_a_new_key_is_fetched_at_once_and_a_removed_one_is_refused(
    party: FakeIssuer, clock: VirtualClock
) -> None:
    """Rotation: the first token of the new key is accepted, one of the removed key is not."""
    authenticate = authenticator(party)
    old = party.token(**CLAIMS)
    authenticate(old)
    later(clock, seconds=30)
    party.issuer.keys = [SigningKey.generate()]

    assert "t1" == authenticate(party.token(**CLAIMS)).tenant
    with pytest.raises(UntrustedCaller):
        authenticate(old)


def test_unknown_key_ids_cause_two_fetches_a_minute_at_most(party: FakeIssuer, clock: VirtualClock) -> None:
    """Invented key ids cannot flood the issuer."""
    authenticate, stranger = authenticator(party), FakeIssuer(URL, clock)
    authenticate(party.token(**CLAIMS))
    for _ in range(60):
        with pytest.raises(UntrustedCaller):
            authenticate(stranger.token(**CLAIMS))
        later(clock, seconds=1)

    assert party.fetched <= 1 + 2


def test_known_keys_are_used_for_a_day_of_an_outage(party: FakeIssuer, clock: VirtualClock) -> None:
    """Afterwards no token can be checked, and the answer is 503."""
    authenticate = authenticator(party)
    authenticate(party.token(**CLAIMS))
    party.down = True
    later(clock, hours=23, minutes=59)
    during = authenticate(party.token(**CLAIMS))
    later(clock, minutes=1)

    assert "t1" == during.tenant
    with pytest.raises(KeysUnavailable):
        authenticate(party.token(**CLAIMS))


def test_an_outage_causes_two_fetches_a_minute_at_most(party: FakeIssuer, clock: VirtualClock) -> None:
    """Each call is answered 503 with the time to wait, and most of them cost no fetch."""
    authenticate = authenticator(party)
    party.down = True
    for _ in range(60):
        with pytest.raises(KeysUnavailable) as refused:
            authenticate(party.token(**CLAIMS))
        later(clock, seconds=1)

    assert party.fetched == 2
    assert refused.value.retry_after == 30


def test_an_unknown_key_during_an_outage_is_answered_503(party: FakeIssuer, clock: VirtualClock) -> None:
    """It may be a new key; its token is accepted as soon as the issuer answers again."""
    authenticate = authenticator(party)
    authenticate(party.token(**CLAIMS))
    party.issuer.keys = [SigningKey.generate()]
    party.down = True
    later(clock, minutes=1)
    with pytest.raises(KeysUnavailable):
        authenticate(party.token(**CLAIMS))
    party.down = False
    later(clock, minutes=1)

    assert "t1" == authenticate(party.token(**CLAIMS)).tenant


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    kind = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    algorithm = next((value for of, value in kind.items() if isinstance(key, of)), OKPAlgorithm)
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": "k", "use": "sig"} | more


def signed(key: Any, algorithm: str, **header: Any) -> str:
    now = int(START.timestamp())
    claims = {"iss": URL, "aud": AUDIENCE, "sub": "s", "iat": now, "exp": now + 60, **CLAIMS}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "k", **header})


@pytest.mark.parametrize(
    ("published", "token", "good"),
    [
        (jwk(RSA), signed(RSA, "RS256"), True),
        (jwk(RSA), signed(RSA, "PS512"), True),
        (jwk(RSA, alg="RS256"), signed(RSA, "RS512"), False),
        (jwk(P256), signed(P256, "ES256"), True),
        (jwk(P384), signed(P384, "ES384"), True),
        (jwk(ED), signed(ED, "EdDSA"), True),
        (jwk(RSA), signed(P256, "ES256"), False),
        (jwk(P256), signed(RSA, "RS256"), False),
        (jwk(RSA), signed("x" * 64, "HS256"), False),
        (jwk(RSA), signed("", "none"), False),
        (jwk(RSA), signed(RSA, "RS256", crit=["exp"]), False),
        (jwk(RSA), signed(RSA, "RS256", typ="logout+jwt"), False),
        (jwk(RSA), signed(RSA, "RS256", typ="at+jwt"), False),
        (jwk(RSA), signed(RSA, "RS256", kid="other"), False),
        (jwk(RSA), signed(RSA, "RS256", kid="../k"), False),
    ],
    ids=range(15),
)
def test_the_algorithm_must_fit_the_key(
    party: FakeIssuer, published: dict[str, Any], token: str, *, good: bool
) -> None:
    """Only asymmetric algorithms of the key's own kind, only ID tokens, only known key ids."""
    party.keys = {"keys": [published]}
    try:
        authenticator(party)(token)
    except UntrustedCaller:
        assert not good
    else:
        assert good


def test_keys_named_by_the_token_itself_are_ignored(party: FakeIssuer) -> None:
    """A key inside the token, or an address to fetch one from, is not used."""
    stranger = SigningKey.generate()
    brought = {
        "jwk": stranger.public_jwk(),
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example",
    }

    with pytest.raises(UntrustedCaller):
        authenticator(party)(signed(stranger.private, "RS256", **brought, kid=party.issuer.keys[0].key_id))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"<html>",
        b"[" * 100_000,
        json.dumps({"keys": ["k", None, {"kid": "k"}, {"kty": "RSA", "kid": "k"}]}).encode(),
        json.dumps({"keys": [{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}]}).encode(),
        json.dumps({"keys": [jwk(SHORT)]}).encode(),
        json.dumps({"keys": [jwk(RSA, use="enc")]}).encode(),
        json.dumps({"keys": [jwk(RSA, key_ops=["encrypt"])]}).encode(),
        json.dumps({"keys": [RSAAlgorithm.to_jwk(RSA, as_dict=True) | {"kid": "k"}]}).encode(),
        json.dumps({"keys": [jwk(RSA, n="!")]}).encode(),
    ],
    ids=range(14),
)
def test_a_key_set_without_a_usable_key_counts_as_an_outage(content: bytes) -> None:
    """Symmetric, short or private keys, keys for another use, and broken ones are not usable."""
    with pytest.raises(KeysUnavailable):
        parse_jwks(content)


def test_other_keys_are_used_beside_a_broken_one() -> None:
    """An issuer may publish keys of unknown kinds."""
    keys = parse_jwks(
        json.dumps({"keys": [{"kty": "new", "kid": "a"}, jwk(RSA, n="!"), jwk(P256, kid="b")]}).encode()
    )

    assert ["b"] == list(keys)


def test_known_keys_are_kept_after_a_broken_answer(party: FakeIssuer, clock: VirtualClock) -> None:
    """An error page is not an empty key set."""
    authenticate = authenticator(party)
    authenticate(party.token(**CLAIMS))
    party.keys = {"keys": []}
    later(clock, hours=2)

    assert "t1" == authenticate(party.token(**CLAIMS)).tenant


def test_a_failed_fetch_counts_as_an_outage(clock: VirtualClock) -> None:
    """Also when the address is refused: missing keys are not the caller's fault."""

    def refused(uri: str) -> bytes:
        raise SyncError("not on the public internet")

    with pytest.raises(KeysUnavailable):
        Jwks("https://x.example", refused, now=clock.now).key("k", "RS256")


def test_the_local_issuer_rotates_its_keys_without_a_gap(clock: VirtualClock) -> None:
    """The previous key stays valid for its tokens."""
    party = FakeIssuer(URL, clock, Issuer(URL))
    authenticate, old = authenticator(party), party.token(**CLAIMS)
    party.issuer.rotate()

    assert ["t1", "t1"] == [authenticate(old).tenant, authenticate(party.token(**CLAIMS)).tenant]
