"""The consent page: what it offers, which requests it refuses, and when it is skipped."""

import re

import pytest

from tests.local.google.driver import ADA
from tests.local.google.oauth_setup import CALLBACK, EVENTS, LISTS, answered, authorize


def test_consent_page_offers_accounts_and_one_box_per_scope(http):
    """The hinted account is selected, and every scope has an unticked box."""
    page = http.get(authorize(login_hint="bob@example.test")).text

    assert page.count('type="checkbox"') == 2
    assert re.search(r'value="bob@example.test" checked', page)
    assert not re.search(r'value="ada@example.test" checked', page)
    assert 'value="deny"' in page


def test_single_scope_shows_no_box(http, exchange):
    """A single scope beside those for sign-in is granted or denied without a box."""
    url = authorize(scope=f"openid email {EVENTS}")
    page = http.get(url).text
    location = http.post(url, data={"account": ADA, "decision": "allow"}).location

    assert 'type="checkbox"' not in page
    assert EVENTS in exchange(answered(location)["code"])[1]["scope"].split()


def test_submitted_form_redirects_with_state_iss_and_scope(http, exchange):
    """The redirect has the state unchanged, iss, and a code for the ticked scopes only."""
    page = http.get(authorize()).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    hidden = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    form = hidden | {"account": ADA, "scope": EVENTS, "decision": "allow"}
    back = answered(http.post("/o/oauth2/v2/auth", data=form).location)

    assert back["state"] == "a state/with=signs&more"
    assert back["iss"] == "https://accounts.google.com"
    assert back["scope"] == EVENTS
    assert exchange(back["code"])[1]["scope"] == EVENTS


def test_denial_is_access_denied(sim):
    """Deny redirects with the error and the state, without a code."""
    back = answered(sim.consent(authorize(), account=ADA, decision="deny"))

    assert (back["error"], back["state"]) == ("access_denied", "a state/with=signs&more")
    assert "code" not in back


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": CALLBACK.upper()}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "redirect_uri_mismatch"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_request"),
        ({"prompt": "none consent"}, "invalid_request"),
    ],
)
def test_wrong_requests_get_an_error_page_and_no_redirect(http, changes, error):
    """A request that cannot be trusted is answered with a page and not redirected."""
    for response in (
        http.get(authorize(**changes)),
        http.post(authorize(**changes), data={"decision": "deny"}),
    ):
        assert response.status_code in {400, 401}
        assert error in response.text
        assert response.location is None


def test_page_escapes_the_request(http):
    """Markup in the state parameter is shown as text."""
    assert "<script>" not in http.get(authorize(state='"><script>alert(1)</script>')).text


def test_known_grant_is_not_asked_again(http, allow):
    """With a hint, an earlier consent and no prompt the page is skipped.

    Without a consent, prompt=none is an error.
    """
    none = answered(http.get(authorize(prompt="none", login_hint=ADA)).location)
    allow()
    skipped = answered(http.get(authorize(prompt=None, login_hint=ADA)).location)

    assert none["error"] == "interaction_required"
    assert "code" in skipped


def test_policy_blocks_page_and_refresh(sim, http, allow, exchange, refresh):
    """An administrator's policy refuses the consent page and refreshes with admin_policy_enforced."""
    tokens = exchange(allow())[1]
    sim.admin.block_by_policy(ADA)

    assert refresh(tokens["refresh_token"])[1]["error"] == "admin_policy_enforced"
    page = http.post(authorize(), data={"account": ADA, "decision": "allow_all"})
    assert (page.status_code, "admin_policy_enforced" in page.text) == (400, True)

    sim.admin.block_by_policy(ADA, blocked=False)

    assert refresh(tokens["refresh_token"])[0] == 200


def test_include_granted_scopes_adds_earlier_ones(allow, exchange):
    """include_granted_scopes adds the scopes that the user granted to the project before."""
    exchange(allow(scope=LISTS))
    merged = exchange(allow(scope=EVENTS, include_granted_scopes="true"))[1]

    assert set(merged["scope"].split()) == {EVENTS, LISTS}


def test_openid_configuration_names_this_server(http):
    """The OpenID configuration has the simulator's addresses and Google's issuer."""
    found = http.get("/.well-known/openid-configuration").get_json()

    assert found["issuer"] == "https://accounts.google.com"
    assert found["token_endpoint"] == "http://localhost/token"
    assert found["authorization_response_iss_parameter_supported"] is True
