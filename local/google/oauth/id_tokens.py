"""Signs ID tokens with a throw-away RSA key, and publishes its public half (JWKS)."""

import json
import secrets
from datetime import datetime, timedelta
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from local.google.errors import Json

# https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
ISSUER = "https://accounts.google.com"


@cache
def _private_key() -> RSAPrivateKey:
    """Created once for each process, because it takes longer than most tests."""
    return generate_private_key(public_exponent=65537, key_size=2048)


class IdTokenSigner:
    """Signs the ID tokens of one simulator."""

    def __init__(self) -> None:
        self.key_id = secrets.token_hex(20)

    def sign(self, claims: Json, *, now: datetime, audience: str) -> str:
        """Return an ID token with the given claims, valid for one hour."""
        times = {"iat": int(now.timestamp()), "exp": int((now + timedelta(hours=1)).timestamp())}
        base = {"iss": ISSUER, "azp": audience, "aud": audience}
        return jwt.encode(
            base | claims | times, _private_key(), algorithm="RS256", headers={"kid": self.key_id}
        )

    def jwks(self) -> Json:
        """The key set (JWKS) that verifies the ID tokens."""
        public = json.loads(RSAAlgorithm.to_jwk(_private_key().public_key()))
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]}
