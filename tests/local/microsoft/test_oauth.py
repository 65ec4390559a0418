"""The sign-in: its page, which requests it refuses, and who may consent."""

import base64
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from local.microsoft.errors import SignInError
from tests.local.microsoft.driver import ADA, BOB, CLO
from tests.local.microsoft.oauth_setup import CALLBACK, LOGIN, code_of, exchange, page, values


def local(address):
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def test_consent_code_and_tokens(sim, web, clock):
    """The answer has the scope, the lifetimes, client_info and a signed ID token with the nonce."""
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


def test_personal_accounts_have_one_tenant(sim, web):
    """Their tid is the tenant of all personal accounts."""
    tokens = exchange(web, code_of(sim, BOB)).json
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})

    assert "9188040d-6c67-4c5b-b112-36a304b66dad" == claims["tid"]


def test_the_page_shows_accounts_and_permissions(sim, web):
    """A person chooses an account on the page, and accepts or cancels."""
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
    """With a hint and consented permissions the page is skipped; prompt=consent shows it."""
    code_of(sim)
    silent = web.get(local(page(login_hint=ADA)))
    asked = web.get(local(page(login_hint=ADA, prompt="consent")))

    assert "code" in values(silent.location)
    assert 200 == asked.status_code


@pytest.mark.parametrize(("hint", "error"), [("", "login_required"), (ADA, "interaction_required")])
def test_prompt_none(web, hint, error):
    """With prompt=none, a request that needs the page comes back as an error."""
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
def test_untrusted_requests_get_an_error_page(web, change, number):
    """A request that cannot be trusted is not redirected."""
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
    """A user is refused until the organization consents, on the page or by the admin-consent address."""
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
    """An administrator can consent for the whole organization while signing in."""
    sim.admin.add_tenant("contoso.test", admin_consent_required=True)
    sim.consent(page(), account=CLO, decision="accept_for_organization")

    assert "code" in values(sim.consent(page(), account=ADA))
