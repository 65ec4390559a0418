"""OpenID issuers in this process, with a virtual clock, whose key sets are fetched without a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from common.api.authentication import StaffAuthenticator
from common.crypto.jwks import KeysUnavailable
from common.crypto.token_verifier import JwtVerifier
from common.domain.issuers import Issuer
from common.store import stores
from common.store.issuers import Issuers
from local.cloud_tasks.clock import VirtualClock
from local.firestore_memory.documents import MemoryDocuments
from local.issuer import Issuer as Signer

START = datetime(2027, 3, 15, 8, 0, tzinfo=UTC)
AUDIENCE = "slotbridge"


class FakeIssuer:
    """An OpenID issuer that counts how often its keys are fetched, and can be switched off (``down``)."""

    def __init__(self, url: str, clock: VirtualClock, issuer: Signer | None = None) -> None:
        self.url, self.clock = url, clock
        self.issuer = issuer or Signer(url, service_issuer=url)
        self.fetched, self.down = 0, False
        self.keys: dict[str, Any] | None = None

    def token(self, **claims: Any) -> str:
        """An ID token signed by this issuer; a claim whose value is None is left out."""
        now = int(self.clock.now().timestamp())
        standard = {"iss": self.url, "aud": AUDIENCE, "sub": "customer-7", "iat": now, "exp": now + 3600}
        return self.issuer.encode(
            {key: value for key, value in (standard | claims).items() if value is not None}
        )

    def fetch(self, uri: str) -> bytes:
        """The issuer's key set as JSON; KeysUnavailable while it is down."""
        self.fetched += 1
        if self.down:
            raise KeysUnavailable("down")
        return json.dumps(self.keys or self.issuer.jwks()).encode()

    def described(self, **more: Any) -> Issuer:
        """How an installation's settings would describe this issuer."""
        standard = {"id": "installation", "url": self.url, "audience": AUDIENCE, "support": True}
        return Issuer(**{**standard, "jwks_uri": f"{self.url}/jwks.json", **more})


def authenticator(
    party: FakeIssuer,
    *others: FakeIssuer,
    installation: Sequence[Issuer] | None = None,
    issuers: Issuers | None = None,
) -> StaffAuthenticator:
    """Authenticates staff by the tokens of ``party``; the keys of ``others`` can be fetched as well."""
    parties = {f"{item.url}/jwks.json": item for item in (party, *others)}

    def fetch(uri: str) -> bytes:
        return parties[uri].fetch(uri)

    verifier = JwtVerifier(
        now=party.clock.now,
        fetch=fetch,
        fetch_foreign=fetch,
        installation=lambda: (party.described(),) if installation is None else tuple(installation),
    )
    known = issuers or stores(MemoryDocuments()).issuers
    return StaffAuthenticator(verifier, known, now=party.clock.now)
