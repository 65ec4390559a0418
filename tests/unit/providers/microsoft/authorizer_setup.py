"""The simulator's identity platform, and an authorizer that talks to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from common.domain.calendar.connection import Grant
from common.domain.connect.consent import challenge
from common.ports.provider import ConsentRequest
from common.providers.microsoft.authorizer import MicrosoftAuthorizer, MicrosoftRegistration
from local.microsoft import MicrosoftSimulator
from tests.transports import wsgi_session

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
ADA, BOB, REDIRECT = "ada@contoso.test", "bob@outlook.test", "https://app.example.org/oauth"
VERIFIER = "v" * 64
REGISTRATION = MicrosoftRegistration(client_id="client", client_secret="secret")
ASKED = ConsentRequest(state="s1", challenge=challenge(VERIFIER), redirect_uri=REDIRECT)


class Microsoft:
    """The simulator's identity platform and an authorizer that talks to it."""

    def __init__(self) -> None:
        self.simulator = MicrosoftSimulator(now=lambda: NOW)
        self.simulator.admin.add_client("client", secret="secret", redirect_uris=[REDIRECT])
        self.simulator.admin.add_account(ADA)
        self.simulator.admin.add_account(BOB, personal=True)
        self.session = wsgi_session(self.simulator)
        self.authorizer = MicrosoftAuthorizer(REGISTRATION, session=self.session)

    def consent(self, account: str = ADA, **answer: Any) -> dict[str, str]:
        address = self.simulator.consent(self.authorizer.authorize_url(ASKED), account=account, **answer)
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    def connect(self, account: str = ADA, **answer: Any) -> Grant:
        return self.exchange(self.consent(account, **answer)["code"])

    def exchange(self, code: str, *, verifier: str = VERIFIER) -> Grant:
        return self.authorizer.exchange(code=code, verifier=verifier, redirect_uri=REDIRECT, now=NOW)

    def tokens(self) -> int:
        return sum(call["method"] == "oauth.token" for call in self.simulator.admin.calls())

    def close(self) -> None:
        self.session.close()
        self.simulator.close()


def asked_of(authorizer: MicrosoftAuthorizer, request: ConsentRequest) -> dict[str, str]:
    query = parse_qs(urlsplit(authorizer.authorize_url(request)).query)
    return {name: values[0] for name, values in query.items()}
