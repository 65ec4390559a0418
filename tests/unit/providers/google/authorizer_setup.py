"""The simulator's OAuth server, and an authorizer that talks to it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from common.domain.calendar.connection import Grant
from common.ports.provider import ConsentRequest
from common.providers.google.authorizer import GoogleAuthorizer, GoogleRegistration
from local.google import GoogleSimulator
from tests.transports import wsgi_session

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
ADA, REDIRECT = "ada@example.com", "https://app.example.org/oauth"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
REGISTRATION = GoogleRegistration(client_id="client", client_secret="secret")
ASKED = ConsentRequest(state="s1", challenge=CHALLENGE, redirect_uri=REDIRECT, login_hint=ADA)


class Google:
    """The simulator's OAuth server and an authorizer that talks to it."""

    def __init__(self, registration: GoogleRegistration = REGISTRATION) -> None:
        self.simulator = GoogleSimulator(now=lambda: NOW)
        self.simulator.admin.add_client("client", secret="secret", redirect_uris=[REDIRECT])
        self.simulator.admin.add_account(ADA)
        self.session = wsgi_session(self.simulator)
        self.authorizer = GoogleAuthorizer(registration, session=self.session)

    def consent(self, **answer: Any) -> dict[str, str]:
        address = self.simulator.consent(self.authorizer.authorize_url(ASKED), account=ADA, **answer)
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    def connect(self, **answer: Any) -> Grant:
        return self.exchange(self.consent(**answer)["code"])

    def exchange(self, code: str, *, verifier: str = VERIFIER) -> Grant:
        return self.authorizer.exchange(code=code, verifier=verifier, redirect_uri=REDIRECT, now=NOW)

    def close(self) -> None:
        self.session.close()
        self.simulator.close()
