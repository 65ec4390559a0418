"""A world whose staff comes with real tokens: of the installation's issuer, and of tenants' own."""

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
from tests.issuers import AUDIENCE, Party
from tests.world import Installed, World

HOME = "https://home.example"
OWN = "https://login.salon.example"


class Gated(Installed):
    """An installation that proves its tokens."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.gate = StaffAuthenticator(world.ports.token_verifier, world.stores.issuers, now=world.clock.now)

    def authenticate(self, access: Access, token: str, function: str) -> Caller:
        return self.gate(token)


class Doors:
    """The installation's issuer ``home``, and whatever other ones publish their keys."""

    def __init__(self, *installation: Issuer) -> None:
        self._installation = installation
        self.world = World(wrap=self._proving)
        self.home = Party(HOME, self.world.clock)
        self.world.catalogue()
        self.installed = Gated(self.world)
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

    def party(self, url: str = OWN, **discovery: Any) -> Party:
        """Another issuer, which publishes its discovery and its keys."""
        party = Party(url, self.world.clock)
        said = {"issuer": url, "jwks_uri": f"{url}/jwks.json"} | discovery
        documents = self.world.targets.documents
        documents[f"{url}/.well-known/openid-configuration"] = lambda: json.dumps(said).encode()
        documents[f"{url}/jwks.json"] = lambda: party.fetch("")
        return party

    def owner(self, tenant: str = "t1", **claims: Any) -> str:
        """An owner's token of the installation's issuer."""
        return self.home.token(tenant=tenant, role="owner", **claims)

    def add(self, party: Party, *, token: str = "", proof: str | None = None, **body: Any) -> Answer:
        """Configure an issuer for the tenant of the token."""
        shown = party.token(tenant="t1", role="owner") if proof is None else proof
        wish = {"issuer": party.url, "audience": AUDIENCE, "proof": shown, **body}
        return self.http("POST", "/issuers", token=token or self.owner(), json=wish)

    def reads(self, token: str) -> tuple[int, str | None]:
        """What a caller with this token meets at a staff route."""
        answer = self.http("GET", "/resources", token=token)
        return answer.status, answer.code
