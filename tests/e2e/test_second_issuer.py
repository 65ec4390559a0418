"""A second, independent OpenID issuer beside the development one, over real HTTP."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

import pytest
import requests

from local.issuer import Issuer, bad_tokens
from local.server import serve
from local.staff_tokens import staff_token
from tests.e2e.test_stack import Up, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

AUDIENCE = "salon-app"
ISSUER_PART = 1


def test_a_tenant_brings_its_own_issuer() -> None:
    """Once it is added, its staff tokens are accepted, but not forged ones or those of other tenants."""
    own, port = Issuer(), free_ports()
    up = Up(port, STORE="memory", HOOKS_TO_LOOPBACK="yes")
    base, now = f"http://127.0.0.1:{port}", datetime.now(UTC)
    owner = staff_token(f"http://127.0.0.1:{port + ISSUER_PART}", tenant="salon", role="owner")
    claims = {"tenant": "salon", "role": "owner"}

    def sign(**more: object) -> str:
        return own.sign(claims | more, audience=AUDIENCE, subject="anna", now=now)

    def status(token: str) -> int:
        answer = browser.get(f"{base}/resources", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        return answer.status_code

    try:
        with serve(own) as served, requests.Session() as browser:
            browser.trust_env = False
            own.url = served.base_url
            stranger = status(sign())
            bearer = {"Authorization": f"Bearer {owner}"}
            # The pair was unknown a moment ago, which is remembered for ten seconds and for this pair alone.
            wish = {"issuer": own.url, "audience": "salon-web"}
            proof = own.sign(claims, audience="salon-web", subject="anna", now=now)
            wrong = browser.post(f"{base}/issuers", json=wish | {"proof": sign()}, headers=bearer, timeout=30)
            made = browser.post(f"{base}/issuers", json=wish | {"proof": proof}, headers=bearer, timeout=30)
            web = {"audience": "salon-web", "subject": "anna", "now": now}
            good = status(own.sign(claims, **web))
            foreign = status(own.sign(claims | {"tenant": "other"}, **web))
            support = status(own.sign(claims | {"role": "support"}, **web))
            forged = {kind: status(token) for kind, token in bad_tokens(own, claims, **web).items()}
    finally:
        code, _ = up.stop(signal.SIGINT)

    assert (400, "proof_refused") == (wrong.status_code, wrong.json()["code"])
    assert (401, 201, 200) == (stranger, made.status_code, good)
    assert (403, 403) == (foreign, support)
    assert {401} == set(forged.values()), forged
    assert 0 == code
