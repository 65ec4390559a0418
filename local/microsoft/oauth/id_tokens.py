"""Signs ID tokens with a throw-away RSA key, and publishes its public half (JWKS).

https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
Microsoft's library msal reads `client_info`.
"""

import base64
import json
import secrets
from datetime import datetime, timedelta
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from local.microsoft.errors import Json


@cache
def _private_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


class IdTokenSigner:
    """Signs the ID tokens of one simulator."""

    def __init__(self) -> None:
        self.key_id = secrets.token_urlsafe(20)

    def sign(self, claims: Json, *, now: datetime) -> str:
        """Return an ID token with the given claims, valid for one hour."""
        moment = int(now.timestamp())
        times = {"iat": moment, "nbf": moment, "exp": int((now + timedelta(hours=1)).timestamp())}
        return jwt.encode(claims | times, _private_key(), algorithm="RS256", headers={"kid": self.key_id})

    def jwks(self, issuer: str) -> Json:
        """The key set (JWKS) that verifies the ID tokens."""
        public = json.loads(RSAAlgorithm.to_jwk(_private_key().public_key()))
        public.pop("key_ops", None)
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "issuer": issuer}]}


def client_info(*, uid: str, utid: str) -> str:
    """The `client_info` by which msal identifies the account: base64url JSON without padding."""
    text = json.dumps({"uid": uid, "utid": utid}).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
