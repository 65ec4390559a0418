"""A development OpenID issuer: signs ID tokens for staff and service accounts, and publishes its keys."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Request, Response

GOOGLE_ISSUER = "https://accounts.google.com"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key and the id under which it is published."""

    key_id: str
    private: rsa.RSAPrivateKey

    @staticmethod
    def generate() -> SigningKey:
        """Make a new 2048-bit key."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return SigningKey(sha256(public).hexdigest()[:40], private)

    def public_jwk(self) -> dict[str, Any]:
        """The public half as a JSON Web Key."""
        jwk = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": jwk["n"], "e": jwk["e"]}


class Issuer:
    """Signs tokens; it is itself the WSGI app that serves discovery and keys.

    Set ``url`` to the address under which the app is served, once that is known.
    """

    def __init__(
        self, url: str = "", *, key: SigningKey | None = None, service_issuer: str = GOOGLE_ISSUER
    ) -> None:
        """``url`` is the issuer's address; ``service_issuer`` is the ``iss`` of service accounts' tokens."""
        self.url = url
        self.service_issuer = service_issuer
        self.keys = [key or SigningKey.generate()]

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        audience: str,
        subject: str,
        lifetime: timedelta = HOUR,
        now: datetime,
    ) -> str:
        """Sign an ID token with the newest key; a claim given by the caller wins."""
        return self.encode(_standard(self.url, audience, subject, lifetime, now) | dict(claims))

    def service_token(self, *, email: str, audience: str, now: datetime) -> str:
        """Sign the ID token that Google puts on a call made as this service account."""
        number = str(int(sha256(email.encode()).hexdigest()[:17], 16)).zfill(21)
        claims = _standard(self.service_issuer, audience, number, HOUR, now)
        return self.encode(claims | {"azp": number, "email": email, "email_verified": True})

    def rotate(self) -> None:
        """Sign with a new key from now on; the previous key stays published, older ones are removed."""
        self.keys = [SigningKey.generate(), *self.keys[:1]]

    def jwks(self) -> dict[str, Any]:
        """The published keys."""
        return {"keys": [key.public_jwk() for key in self.keys]}

    def discovery(self) -> dict[str, Any]:
        """The OpenID configuration document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the two documents; anything else is 404."""
        documents = {"/.well-known/openid-configuration": self.discovery, "/jwks.json": self.jwks}
        document = documents.get(Request(environ).path)
        if document is None:
            return Response(status=404)(environ, start_response)
        response = Response(json.dumps(document()), mimetype="application/json")
        response.headers["Cache-Control"] = "public, max-age=60"
        return response(environ, start_response)

    def encode(self, claims: Mapping[str, Any]) -> str:
        """Sign exactly these claims with the newest key."""
        key = self.keys[0]
        return jwt.encode(dict(claims), key.private, algorithm="RS256", headers={"kid": key.key_id})


def bad_tokens(
    issuer: Issuer, claims: Mapping[str, Any], *, audience: str, subject: str, now: datetime
) -> dict[str, str]:
    """Tokens that every verifier must refuse, by what is wrong with them."""
    good = _standard(issuer.url, audience, subject, HOUR, now) | dict(claims)
    wrong = SigningKey(issuer.keys[0].key_id, SigningKey.generate().private)
    signed = issuer.encode(good)
    head, body, signature = signed.split(".")
    day = 86_400
    return {
        "wrong audience": issuer.encode(good | {"aud": f"{audience}.example"}),
        "wrong issuer": issuer.encode(good | {"iss": "https://issuer.example"}),
        "expired": issuer.encode(good | {"iat": good["iat"] - day, "exp": good["exp"] - day}),
        "from the future": issuer.encode(good | {"iat": good["iat"] + day, "exp": good["exp"] + day}),
        "without expiry": issuer.encode({name: good[name] for name in good if name != "exp"}),
        "other key": jwt.encode(good, wrong.private, algorithm="RS256", headers={"kid": wrong.key_id}),
        "unknown key id": jwt.encode(good, wrong.private, algorithm="RS256", headers={"kid": "unknown"}),
        "unsigned": jwt.encode(good, "", algorithm="none"),
        "signature cut off": f"{head}.{body}.",
        "public key as secret": _algorithm_confusion(issuer.keys[0], good),
        "changed claims": ".".join([head, _segment(good | {"role": "owner", "altered": True}), signature]),
        "no token": "nonsense",
    }


def _standard(issuer: str, audience: str, subject: str, lifetime: timedelta, now: datetime) -> dict[str, Any]:
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
    }


def _algorithm_confusion(key: SigningKey, claims: Mapping[str, Any]) -> str:
    """An HS256 token whose secret is the RS256 public key: the classic algorithm confusion."""
    public = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = ".".join([_segment({"alg": "HS256", "typ": "JWT", "kid": key.key_id}), _segment(claims)])
    return f"{signed}.{_base64(hmac.new(public, signed.encode(), sha256).digest())}"


def _segment(content: Mapping[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
