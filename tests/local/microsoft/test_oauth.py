import base64
import hashlib
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from werkzeug.test import Client

from local.microsoft.errors import SignInError
from tests.local.microsoft.driver import ADA, BOB, CLO, WINDOW

CALLBACK = "https://app.example.test/cb"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPE = "openid profile offline_access Calendars.ReadWrite https://graph.microsoft.com/User.Read"
LOGIN = "https://login.microsoftonline.com"


@pytest.fixture
def web(sim):
    return Client(sim)


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


def local(address):
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


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


def refresh(web, token, **more):
    form = {
        "client_id": "client",
        "client_secret": "secret",
        "grant_type": "refresh_token",
        "refresh_token": token,
    } | more
    return web.post("/common/oauth2/v2.0/token", data=form)


def refused(response):
    return response.status_code, response.json["error"], response.json["error_codes"][0]


def test_connecting_an_account(sim, web, clock):
    """Consent, code, tokens: scope, lives, client_info and a signed id_token with the nonce."""
    found = values(sim.consent(page(nonce="n-1"), account=ADA))
    tokens = exchange(web, found["code"]).json
    keys = web.get("/common/discovery/v2.0/keys").json["keys"]
    key = jwt.PyJWK(keys[0], algorithm="RS256")
    times = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience="client", options=times)
    info = json.loads(base64.urlsafe_b64decode(tokens["client_info"] + "=="))

    assert "state-1" == found["state"]
    assert {"openid", "profile", "Calendars.ReadWrite", "User.Read"} == set(tokens["scope"].split())
    assert ("Bearer", 3599, 3599) == (tokens["token_type"], tokens["expires_in"], tokens["ext_expires_in"])
    assert (ADA, "n-1") == (claims["preferred_username"], claims["nonce"])
    assert (info["uid"], info["utid"]) == (claims["oid"], claims["tid"])
    assert claims["iss"] == f"{LOGIN}/{claims['tid']}/v2.0"
    assert int(clock().timestamp()) + 3600 == claims["exp"]


def test_personal_accounts_live_in_one_tenant(sim, web):
    """Their tid is the one of all personal accounts."""
    tokens = exchange(web, code_of(sim, BOB)).json
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})

    assert "9188040d-6c67-4c5b-b112-36a304b66dad" == claims["tid"]


def test_the_page_shows_accounts_and_permissions(sim, web):
    """A person chooses an account, and accepts or cancels."""
    shown = web.get(local(page())).get_data(as_text=True)
    asked = dict(parse_qs(urlsplit(page()).query))
    form = {name: found[0] for name, found in asked.items()}
    accepted = web.post("/common/oauth2/v2.0/authorize", data=form | {"account": BOB, "decision": "accept"})
    cancelled = web.post("/common/oauth2/v2.0/authorize", data=form | {"account": BOB, "decision": "cancel"})

    assert [True] * 4 == [text in shown for text in (ADA, BOB, "Calendars.ReadWrite", "Cancel")]
    assert "code" in values(accepted.location)
    found = values(cancelled.location)
    assert ("access_denied", "AADSTS65004", "state-1") == (
        found["error"],
        found["error_description"][:11],
        found["state"],
    )


def test_form_post(web):
    """With response_mode=form_post the values come in a form that posts itself."""
    asked = page(response_mode="form_post") + f"&account={ADA}&decision=accept"
    shown = web.get(local(asked)).get_data(as_text=True)

    assert f'action="{CALLBACK}"' in shown
    assert 'name="code"' in shown


def test_known_consent_needs_no_page(sim, web):
    """With a hint and the same permissions nobody is asked; prompt=consent asks again."""
    code_of(sim)
    silent = web.get(local(page(login_hint=ADA)))
    asked = web.get(local(page(login_hint=ADA, prompt="consent")))

    assert "code" in values(silent.location)
    assert 200 == asked.status_code


@pytest.mark.parametrize(("hint", "error"), [("", "login_required"), (ADA, "interaction_required")])
def test_prompt_none(web, hint, error):
    """A silent request that cannot be silent comes back as an error."""
    assert error == values(web.get(local(page(prompt="none", login_hint=hint))).location)["error"]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"client_id": "nobody"}, 700016),
        ({"redirect_uri": CALLBACK + "/"}, 50011),
        ({"response_type": "token"}, 70005),
        ({"scope": ""}, 900144),
        ({"scope": "Calendars.Everything"}, 70011),
        ({"scope": "https://graph.microsoft.com/.default User.Read"}, 70011),
        ({"code_challenge_method": "plain"}, 50148),
        ({"prompt": "maybe"}, 90023),
        ({"tenant": "nowhere.test"}, 90002),
    ],
)
def test_error_pages(web, change, number):
    """A request that cannot be trusted is never redirected."""
    response = web.get(local(page(**change)))

    assert 400 == response.status_code
    assert f"AADSTS{number}:" in response.get_data(as_text=True)


def test_tenants_and_audiences(sim):
    """Who may sign in where: organizations, consumers, one tenant, a single-tenant app."""
    sim.admin.add_account("eve@fabrikam.test")
    uris = [CALLBACK]
    sim.admin.add_client(
        "single", secret="s", redirect_uris=uris, audience="AzureADMyOrg", tenant="contoso.test"
    )
    sim.admin.add_client("work", secret="s", redirect_uris=uris, audience="AzureADMultipleOrgs")
    found = []
    for tenant, account, app in (
        ("organizations", BOB, "client"),
        ("consumers", ADA, "client"),
        ("contoso.test", "eve@fabrikam.test", "client"),
        ("contoso.test", BOB, "client"),
        ("common", ADA, "single"),
        ("consumers", BOB, "work"),
        ("common", BOB, "work"),
    ):
        with pytest.raises(SignInError) as caught:
            sim.consent(page(tenant, client_id=app), account=account)
        found.append(caught.value.code)

    assert [50020, 500200, 50020, 50020, 50194, 9002332, 50020] == found
    assert "code" in values(sim.consent(page("contoso.test", client_id="single"), account=ADA))
    assert "code" in values(sim.consent(page("consumers"), account=BOB))


def test_administrator_has_to_consent(sim):
    """The user comes back refused; after the organization's consent it works, by either way."""
    sim.admin.add_tenant("contoso.test", admin_consent_required=True)
    denied = values(sim.consent(page(), account=ADA))
    address = f"{LOGIN}/contoso.test/v2.0/adminconsent?" + urlencode(
        {"client_id": "client", "redirect_uri": CALLBACK, "state": "s", "scope": "Calendars.ReadWrite"}
    )
    refusal = values(sim.consent(address, account=ADA))
    consented = values(sim.consent(address, account=CLO))

    assert ("access_denied", "AADSTS90094") == (denied["error"], denied["error_description"][:11])
    assert ("access_denied", "True") == (refusal["error"], consented["admin_consent"])
    assert "code" in values(sim.consent(page(), account=ADA))


def test_consent_for_the_organization_on_the_page(sim):
    """An administrator can approve for everybody while signing in."""
    sim.admin.add_tenant("contoso.test", admin_consent_required=True)
    sim.consent(page(), account=CLO, decision="accept_for_organization")

    assert "code" in values(sim.consent(page(), account=ADA))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": "nonsense"}, (400, "invalid_grant", 70000)),
        ({"code_verifier": "w" * 43}, (400, "invalid_grant", 501481)),
        ({"redirect_uri": CALLBACK + "2"}, (400, "invalid_client", 500112)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_id": "nobody"}, (400, "unauthorized_client", 700016)),
        ({"client_id": "other"}, (400, "invalid_grant", 70000)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
    ],
)
def test_exchange_is_strict(sim, web, change, error):
    """Wrong code, verifier, address, secret or app, each by its number."""
    assert error == refused(exchange(web, code_of(sim), **change))


def test_codes_are_for_once_and_ten_minutes(sim, web, clock):
    """A second use, or a late one, is refused."""
    first, second = code_of(sim), code_of(sim)
    exchange(web, first)
    clock.forward(minutes=10)

    assert (400, "invalid_grant", 54005) == refused(exchange(web, first))
    assert (400, "invalid_grant", 70008) == refused(exchange(web, second))


def test_refresh_tokens_rotate_and_the_old_one_stays(sim, web, ada):
    """Every use returns another; the used one works again."""
    first = exchange(web, code_of(sim)).json["refresh_token"]
    second = refresh(web, first).json
    third = refresh(web, first).json

    assert 3 == len({first, second["refresh_token"], third["refresh_token"]})
    ada.token = third["access_token"]
    assert [] == ada("GET", "/me/calendarView", **WINDOW)["value"]


@pytest.mark.parametrize(
    ("fate", "error"),
    [
        (lambda sim: sim.admin.revoke_grant(ADA), (400, "invalid_grant", 50173)),
        (lambda sim: sim.admin.revoke_consent(ADA, "client"), (400, "invalid_grant", 65001)),
        (lambda sim: sim.admin.refuse_refresh(ADA, code=70043), (400, "invalid_grant", 70043)),
        (lambda sim: sim.admin.conditional_access(ADA), (400, "interaction_required", 50076)),
        (lambda sim: sim.admin.expire_secret("client"), (401, "invalid_client", 7000222)),
    ],
)
def test_refusals_of_a_refresh(sim, web, ada, fate, error):
    """Each fate has its number; access tokens live on until they expire."""
    tokens = exchange(web, code_of(sim)).json
    fate(sim)
    ada.token = tokens["access_token"]

    assert error == refused(refresh(web, tokens["refresh_token"]))
    assert ADA == ada("GET", "/me")["mail"]


def test_refresh_token_ends_after_ninety_days(sim, web, clock):
    """Inactivity has its own number."""
    token = exchange(web, code_of(sim)).json["refresh_token"]
    clock.forward(days=91)

    assert (400, "invalid_grant", 700082) == refused(refresh(web, token))


def test_conditional_access_asks_for_claims(sim, web):
    """The answer says what to sign in with; signing in again cures it, unless the account is blocked."""
    token = exchange(web, code_of(sim)).json["refresh_token"]
    sim.admin.conditional_access(ADA)
    body = refresh(web, token).json
    assert ("basic_action", True) == (body["suberror"], "access_token" in json.loads(body["claims"]))
    code_of(sim)
    assert "access_token" in refresh(web, token).json
    sim.admin.conditional_access(ADA, code=53003)
    with pytest.raises(SignInError) as caught:
        code_of(sim)
    assert 53003 == caught.value.code


def test_more_permissions_need_consent(sim, web):
    """A refresh for something that was never granted is refused."""
    token = exchange(web, code_of(sim)).json["refresh_token"]

    assert (400, "invalid_grant", 65001) == refused(refresh(web, token, scope="MailboxSettings.Read"))


def test_narrower_grants_and_long_scope_names(sim, web):
    """Success may grant less than was asked; scopes may be written in full."""
    sim.admin.set_setting("full_scope_names", True)
    code = values(sim.consent(page(), account=ADA, withheld=["Calendars.ReadWrite"]))["code"]
    scopes = exchange(web, code).json["scope"].split()

    assert {"openid", "profile", "https://graph.microsoft.com/User.Read"} == set(scopes)


def test_no_offline_access_no_refresh_token(sim, web):
    """It has to be asked for."""
    code = values(sim.consent(page(scope="openid Calendars.Read"), account=ADA))["code"]

    assert "refresh_token" not in exchange(web, code).json


def test_discovery(web):
    """The documents that msal reads; there is no address to revoke a token."""
    found = web.get("/common/v2.0/.well-known/openid-configuration").json
    own = web.get("/contoso.test/v2.0/.well-known/openid-configuration").json
    instance = web.get("/common/discovery/instance?api-version=1.1").json

    assert f"{LOGIN}/common/oauth2/v2.0/token" == found["token_endpoint"]
    assert f"{LOGIN}/{{tenantid}}/v2.0" == found["issuer"]
    assert "{tenantid}" not in own["issuer"]
    assert "revocation_endpoint" not in found
    assert "tenant_discovery_endpoint" in instance
    assert 400 == web.get("/nowhere.test/v2.0/.well-known/openid-configuration").status_code
    assert 404 == web.post("/common/oauth2/v2.0/revoke").status_code


def test_scripted_faults_of_the_token_endpoint(sim, web):
    """Transient refusals with Retry-After, and any error by its number."""
    sim.add_fault("status", method="oauth.token", status=429, retry_after="7")
    sim.add_fault(
        "oauth_error", method="oauth.token", reason="invalid_grant", aadsts=70000, suberror="bad_token"
    )
    sim.add_fault("html", method="oauth.token", status=502)
    first, second, third = (exchange(web, "x") for _ in range(3))

    assert (429, "7") == (first.status_code, first.headers["Retry-After"])
    assert (400, "invalid_grant", 70000) == refused(second)
    assert (502, None) == (third.status_code, third.get_json(silent=True))
