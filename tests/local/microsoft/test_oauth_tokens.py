"""Authorization codes and tokens: exchanged, refreshed, refused and expired."""

import json

import pytest

from local.microsoft.errors import SignInError
from tests.local.microsoft.driver import ADA, WINDOW
from tests.local.microsoft.oauth_setup import CALLBACK, LOGIN, code_of, exchange, page, values


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
def test_exchange_checks_code_verifier_address_secret_and_app(sim, web, change, error):
    """Each mistake is refused with its own AADSTS number."""
    assert error == refused(exchange(web, code_of(sim), **change))


def test_codes_work_once_and_for_ten_minutes(sim, web, clock):
    """A second or late use of a code is refused."""
    first, second = code_of(sim), code_of(sim)
    exchange(web, first)
    clock.forward(minutes=10)

    assert (400, "invalid_grant", 54005) == refused(exchange(web, first))
    assert (400, "invalid_grant", 70008) == refused(exchange(web, second))


def test_refresh_tokens_rotate_and_the_old_one_stays(sim, web, ada):
    """Every refresh gives another refresh token; the used one still works."""
    first = exchange(web, code_of(sim)).json["refresh_token"]
    second = refresh(web, first).json
    third = refresh(web, first).json

    assert 3 == len({first, second["refresh_token"], third["refresh_token"]})
    ada.token = third["access_token"]
    assert [] == ada("GET", "/me/calendarView", **WINDOW)["value"]


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        (lambda sim: sim.admin.revoke_grant(ADA), (400, "invalid_grant", 50173)),
        (lambda sim: sim.admin.revoke_consent(ADA, "client"), (400, "invalid_grant", 65001)),
        (lambda sim: sim.admin.refuse_refresh(ADA, code=70043), (400, "invalid_grant", 70043)),
        (lambda sim: sim.admin.conditional_access(ADA), (400, "interaction_required", 50076)),
        (lambda sim: sim.admin.expire_secret("client"), (401, "invalid_client", 7000222)),
    ],
)
def test_each_refusal_of_a_refresh_has_its_number(sim, web, ada, cause, error):
    """Access tokens stay valid until they expire."""
    tokens = exchange(web, code_of(sim)).json
    cause(sim)
    ada.token = tokens["access_token"]

    assert error == refused(refresh(web, tokens["refresh_token"]))
    assert ADA == ada("GET", "/me")["mail"]


def test_refresh_token_ends_after_ninety_days(sim, web, clock):
    """An unused refresh token expires, with a number of its own."""
    token = exchange(web, code_of(sim)).json["refresh_token"]
    clock.forward(days=91)

    assert (400, "invalid_grant", 700082) == refused(refresh(web, token))


def test_conditional_access_asks_for_claims(sim, web):
    """The error has a claims challenge; signing in again ends it, unless the account is blocked."""
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
    """A refresh for a permission that was not granted is refused."""
    token = exchange(web, code_of(sim)).json["refresh_token"]

    assert (400, "invalid_grant", 65001) == refused(refresh(web, token, scope="MailboxSettings.Read"))


def test_narrower_grants_and_long_scope_names(sim, web):
    """A grant may have fewer permissions than asked; scopes may be written with their full names."""
    sim.admin.set_setting("full_scope_names", True)
    code = values(sim.consent(page(), account=ADA, withheld=["Calendars.ReadWrite"]))["code"]
    scopes = exchange(web, code).json["scope"].split()

    assert {"openid", "profile", "https://graph.microsoft.com/User.Read"} == set(scopes)


def test_no_offline_access_no_refresh_token(sim, web):
    """A refresh token comes only with the scope offline_access."""
    code = values(sim.consent(page(scope="openid Calendars.Read"), account=ADA))["code"]

    assert "refresh_token" not in exchange(web, code).json


def test_discovery_documents(web):
    """The documents that msal reads exist; there is no address that revokes a token."""
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
    """The token endpoint can fail with a transient error and Retry-After, or with any AADSTS number."""
    sim.add_fault("status", method="oauth.token", status=429, retry_after="7")
    sim.add_fault(
        "oauth_error", method="oauth.token", reason="invalid_grant", aadsts=70000, suberror="bad_token"
    )
    sim.add_fault("html", method="oauth.token", status=502)
    first, second, third = (exchange(web, "x") for _ in range(3))

    assert (429, "7") == (first.status_code, first.headers["Retry-After"])
    assert (400, "invalid_grant", 70000) == refused(second)
    assert (502, None) == (third.status_code, third.get_json(silent=True))
