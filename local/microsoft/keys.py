"""Signs ID tokens with a throw-away RSA key, and publishes its public half."""

import base64
import json
import secrets
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from local.microsoft.errors import Json


class Signer:
    """One signing key of one simulator."""

    def __init__(self) -> None:
        self._made: RSAPrivateKey | None = None
        self.key_id = secrets.token_urlsafe(20)

    @property
    def _key(self) -> RSAPrivateKey:
        if self._made is None:
            self._made = generate_private_key(public_exponent=65537, key_size=2048)
        return self._made

    def sign(self, claims: Json, *, now: datetime) -> str:
        """An ID token with the given claims, valid for an hour."""
        moment = int(now.timestamp())
        times = {"iat": moment, "nbf": moment, "exp": int((now + timedelta(hours=1)).timestamp())}
        return jwt.encode(claims | times, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def jwks(self, issuer: str) -> Json:
        """The key set that verifies the tokens."""
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        public.pop("key_ops", None)
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "issuer": issuer}]}


def client_info(*, uid: str, utid: str) -> str:
    """What msal reads to name the account: base64url JSON without padding."""
    text = json.dumps({"uid": uid, "utid": utid}).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
