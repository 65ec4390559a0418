"""The authorization request that the tests send to Microsoft's sign-in, and how they read its answers."""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.local.microsoft.driver import ADA

CALLBACK = "https://app.example.test/cb"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPE = "openid profile offline_access Calendars.ReadWrite https://graph.microsoft.com/User.Read"
LOGIN = "https://login.microsoftonline.com"


def page(tenant="common", **more):
    asked = {
        "client_id": "client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPE,
        "state": "state-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | more
    return f"{LOGIN}/{tenant}/oauth2/v2.0/authorize?" + urlencode(asked)


def values(address):
    assert address.startswith(CALLBACK)
    return {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}


def code_of(sim, account=ADA, **more):
    return values(sim.consent(page(**more), account=account))["code"]


def exchange(web, given, **more):
    form = {
        "client_id": "client",
        "client_secret": "secret",
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": given,
        "code_verifier": VERIFIER,
    } | more
    return web.post("/common/oauth2/v2.0/token", data=form)
