"""A world whose staff call with real tokens, of the installation's issuer and of tenants' own issuers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from common import wiring
from common.api.authentication import StaffAuthenticator
from common.api.http import Access, Caller
from common.crypto.token_verifier import JwtVerifier
from common.domain.issuers import Issuer
from common.ports import Ports
from tests.api.conftest import Answer, Http
from tests.issuers import AUDIENCE, FakeIssuer
from tests.world import Installed, World

HOME = "https://home.example"
OWN = "https://login.salon.example"


class InstalledWithIssuers(Installed):
    """An installation that verifies real tokens."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.authenticate_staff = StaffAuthenticator(
            world.ports.token_verifier, world.stores.issuers, now=world.clock.now
        )

    def authenticate(self, access: Access, token: str, function: str) -> Caller:
        return self.authenticate_staff(token)


class IssuerWorld:
    """The installation's issuer ``home``, and other issuers that publish their keys."""

    def __init__(self, *installation: Issuer) -> None:
        self._installation = installation
        self.world = World(wrap=self._proving)
        self.home = FakeIssuer(HOME, self.world.clock)
        self.world.catalogue()
        self.installed = InstalledWithIssuers(self.world)
        wiring.use(self.installed)
        self.http = Http(self.world)

    def _proving(self, ports: Ports) -> Ports:
        home = Issuer("installation", HOME, AUDIENCE, f"{HOME}/jwks.json", support=True)
        targets: Any = ports.outbound

        def foreign(uri: str) -> bytes:
            content: bytes = targets.fetch(uri, largest=256 * 1024)
            return content

        return replace(
            ports,
            token_verifier=JwtVerifier(
                now=ports.clock.now,
                fetch=lambda uri: self.home.fetch(uri),  # noqa: PLW0108 - made later
                fetch_foreign=foreign,
                installation=lambda: (home, *self._installation),
            ),
        )

    def make_issuer(self, url: str = OWN, **discovery: Any) -> FakeIssuer:
        """Another issuer, which publishes its discovery document and its keys."""
        party = FakeIssuer(url, self.world.clock)
        said = {"issuer": url, "jwks_uri": f"{url}/jwks.json"} | discovery
        documents = self.world.targets.documents
        documents[f"{url}/.well-known/openid-configuration"] = lambda: json.dumps(said).encode()
        documents[f"{url}/jwks.json"] = lambda: party.fetch("")
        return party

    def owner(self, tenant: str = "t1", **claims: Any) -> str:
        """An owner's token of the installation's issuer."""
        return self.home.token(tenant=tenant, role="owner", **claims)

    def add(self, party: FakeIssuer, *, token: str = "", proof: str | None = None, **body: Any) -> Answer:
        """Configure an issuer for the tenant of the token."""
        shown = party.token(tenant="t1", role="owner") if proof is None else proof
        wish = {"issuer": party.url, "audience": AUDIENCE, "proof": shown, **body}
        return self.http("POST", "/issuers", token=token or self.owner(), json=wish)

    def staff_answer(self, token: str) -> tuple[int, str | None]:
        """Status and error code that a staff route answers to this token."""
        answer = self.http("GET", "/resources", token=token)
        return answer.status, answer.code
