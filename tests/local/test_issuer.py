from __future__ import annotations

from datetime import UTC, datetime, timedelta

import google.auth.transport.requests
import google.oauth2.id_token
import jwt
import pytest
import requests

from local.issuer import GOOGLE_ISSUER, Issuer, bad_tokens
from local.server import serve

AUDIENCE = "https://functions.test/slots"
CLAIMS = {"tenant": "t1", "role": "owner", "resources": ["r1"], "email": "ada@example.com"}


@pytest.fixture(scope="module")
def issuer():
    subject = Issuer()
    with serve(subject) as served:
        subject.url = served.base_url
        yield subject


@pytest.fixture
def jwks(issuer):
    with requests.Session() as session:
        discovery = session.get(f"{issuer.url}/.well-known/openid-configuration", timeout=5).json()
        assert discovery["issuer"] == issuer.url
        yield jwt.PyJWKSet.from_dict(session.get(discovery["jwks_uri"], timeout=5).json())


def read(token, jwks):
    """Verify a token as a service has to."""
    key = jwks[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(
        token, key, algorithms=["RS256"], audience=AUDIENCE, options={"require": ["exp", "iat", "sub"]}
    )


def test_staff_token_verifies_with_the_published_keys(issuer, jwks):
    """A signed token carries the claims and verifies against the discovered keys."""
    now = datetime.now(UTC)

    token = issuer.sign(CLAIMS, audience=AUDIENCE, subject="ada", lifetime=timedelta(minutes=5), now=now)

    claims = read(token, jwks)
    assert {name: claims[name] for name in CLAIMS} == CLAIMS
    assert (claims["iss"], claims["sub"]) == (issuer.url, "ada")
    assert claims["exp"] - claims["iat"] == 300


def test_service_token_verifies_with_googles_own_library(issuer):
    """google-auth accepts the token of a service account for its audience."""
    token = issuer.service_token(
        email="tasks@p.iam.gserviceaccount.com", audience=AUDIENCE, now=datetime.now(UTC)
    )

    with requests.Session() as session:
        claims = google.oauth2.id_token.verify_token(
            token,
            google.auth.transport.requests.Request(session),
            audience=AUDIENCE,
            certs_url=f"{issuer.url}/jwks.json",
        )

    assert (claims["iss"], claims["email"]) == (GOOGLE_ISSUER, "tasks@p.iam.gserviceaccount.com")
    assert claims["email_verified"] is True
    assert claims["exp"] - claims["iat"] == 3600


def test_tokens_survive_one_rotation_of_the_key():
    """After a rotation both keys are published; after the next one the oldest is gone."""
    issuer = Issuer("https://issuer.test")
    old = issuer.sign(CLAIMS, audience=AUDIENCE, subject="ada", now=datetime.now(UTC))

    issuer.rotate()
    new = issuer.sign(CLAIMS, audience=AUDIENCE, subject="ada", now=datetime.now(UTC))
    jwks = jwt.PyJWKSet.from_dict(issuer.jwks())
    issuer.rotate()

    assert read(old, jwks)["sub"] == read(new, jwks)["sub"] == "ada"
    with pytest.raises(KeyError):
        read(old, jwt.PyJWKSet.from_dict(issuer.jwks()))


def test_every_bad_token_is_refused(issuer, jwks):
    """Each kind of bad token fails the verification."""
    bad = bad_tokens(issuer, CLAIMS, audience=AUDIENCE, subject="ada", now=datetime.now(UTC))
    refused = set()

    for kind, token in bad.items():
        try:
            claims = read(token, jwks)
        except (jwt.InvalidTokenError, KeyError):
            refused.add(kind)
        else:
            if claims["iss"] != issuer.url:
                refused.add(kind)

    assert refused == set(bad)


def test_other_addresses_are_not_found(issuer):
    """The issuer serves its two documents and nothing else."""
    assert requests.get(f"{issuer.url}/keys", timeout=5).status_code == 404
