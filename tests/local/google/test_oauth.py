import base64
import hashlib
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from werkzeug.test import Client

from tests.local.google.driver import Driver, Refused

ADA = "ada@example.test"
CALLBACK = "https://app.example.test/callback"
EVENTS = "https://www.googleapis.com/auth/calendar.events"
LISTS = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def authorize(**changes):
    asked = {
        "client_id": "client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"{EVENTS} {LISTS}",
        "state": "a state/with=signs&more",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return "/o/oauth2/v2/auth?" + urlencode(
        {name: value for name, value in asked.items() if value is not None}
    )


def answered(location):
    parts = urlsplit(location)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


@pytest.fixture
def http(sim):
    return Client(sim)


@pytest.fixture
def allow(sim):
    """Allows everything, and returns the code."""

    def act(**changes):
        return answered(sim.consent(authorize(**changes), account=ADA))["code"]

    return act


@pytest.fixture
def exchange(http):
    def act(given, **changes):
        form = {
            "grant_type": "authorization_code",
            "code": given,
            "client_id": "client",
            "client_secret": "secret",
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes
        response = http.post(
            "/token", data={name: value for name, value in form.items() if value is not None}
        )
        return response.status_code, response.get_json()

    return act


@pytest.fixture
def refresh(http):
    def act(token, **changes):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": "client",
            "client_secret": "secret",
        }
        response = http.post("/token", data=form | changes)
        return response.status_code, response.get_json()

    return act


def test_consent_page_offers_accounts_and_one_box_per_scope(http):
    """The page preselects the hinted account and leaves every box unticked."""
    page = http.get(authorize(login_hint="bob@example.test")).text

    assert page.count('type="checkbox"') == 2
    assert re.search(r'value="bob@example.test" checked', page)
    assert not re.search(r'value="ada@example.test" checked', page)
    assert 'value="deny"' in page


def test_single_scope_shows_no_box(http, exchange):
    """With one scope besides sign-in it is all or nothing."""
    url = authorize(scope=f"openid email {EVENTS}")
    page = http.get(url).text
    location = http.post(url, data={"account": ADA, "decision": "allow"}).location

    assert 'type="checkbox"' not in page
    assert EVENTS in exchange(answered(location)["code"])[1]["scope"].split()


def test_filled_in_form_goes_back_with_state_iss_and_scope(http, exchange):
    """A browser's form post redirects with the state verbatim, iss, and a code for the ticked scopes only."""
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
    """Deny goes back with error and state, without a code."""
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
    """What cannot be trusted is never redirected."""
    for response in (
        http.get(authorize(**changes)),
        http.post(authorize(**changes), data={"decision": "deny"}),
    ):
        assert response.status_code in {400, 401}
        assert error in response.text
        assert response.location is None


def test_page_escapes_what_the_request_brings(http):
    """A hostile state is text, not markup."""
    assert "<script>" not in http.get(authorize(state='"><script>alert(1)</script>')).text


def test_exchange_answers_googles_fields(allow, exchange):
    """The token response has the granted scopes, 3599 seconds and a refresh token, and may not be cached."""
    status, tokens = exchange(allow())

    assert status == 200
    assert tokens.keys() == {"access_token", "refresh_token", "expires_in", "scope", "token_type"}
    assert (tokens["expires_in"], tokens["token_type"]) == (3599, "Bearer")
    assert set(tokens["scope"].split()) == {EVENTS, LISTS}


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "sister"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://evil.example.test"}, 400, "redirect_uri_mismatch"),
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
    ],
)
def test_exchange_is_strict(allow, exchange, changes, status, error):
    """Verifier, secret, client, redirect and code must all fit."""
    answer = exchange(allow(), **changes)

    assert (answer[0], answer[1]["error"]) == (status, error)


def test_codes_work_once_and_for_ten_minutes(allow, exchange, clock):
    """A used or old code is invalid_grant."""
    code = allow()
    exchange(code)

    assert exchange(code)[1] == {"error": "invalid_grant", "error_description": "Bad Request"}

    code = allow()
    clock.forward(minutes=10)

    assert exchange(code)[1]["error"] == "invalid_grant"


@pytest.mark.pitfall(19)
def test_refresh_token_comes_first_time_or_forced(allow, exchange, sim):
    """Pitfall 19: a second consent sends no refresh token, unless forced or after revoking."""
    first = exchange(allow(prompt=None))[1]
    again = exchange(allow(prompt=None))[1]
    forced = exchange(allow(prompt="consent"))[1]
    sim.admin.revoke_grant(ADA)
    after = exchange(allow(prompt=None))[1]

    assert ["refresh_token" in each for each in (first, again, forced, after)] == [True, False, True, True]
    assert "refresh_token" not in exchange(allow(access_type=None))[1]


def test_known_grant_is_not_asked_again(http, allow):
    """With a hint, a covering grant and no prompt the page is skipped; prompt=none alone is an error."""
    none = answered(http.get(authorize(prompt="none", login_hint=ADA)).location)
    allow()
    skipped = answered(http.get(authorize(prompt=None, login_hint=ADA)).location)

    assert none["error"] == "interaction_required"
    assert "code" in skipped


def test_refresh_gives_a_new_access_token(allow, exchange, refresh):
    """A refresh keeps the refresh token and the scopes, and checks the secret."""
    tokens = exchange(allow())[1]
    status, fresh = refresh(tokens["refresh_token"])

    assert (status, fresh["scope"]) == (200, tokens["scope"])
    assert "refresh_token" not in fresh
    assert fresh["access_token"] != tokens["access_token"]
    assert refresh(tokens["refresh_token"], client_secret="x")[1]["error"] == "invalid_client"
    assert refresh(tokens["refresh_token"], scope="more")[1]["error"] == "invalid_scope"


@pytest.mark.pitfall(19)
def test_dead_refresh_token_is_invalid_grant(sim, allow, exchange, refresh):
    """Pitfall 19: a revoked grant answers Google's exact body, and its access tokens 401."""
    tokens = exchange(allow())[1]
    sim.admin.revoke_grant(ADA)

    body = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    assert refresh(tokens["refresh_token"]) == (400, body)

    with pytest.raises(Refused) as caught:
        Driver(sim, tokens["access_token"])("events.list", calendarId=ADA)

    assert (caught.value.status, caught.value.reason) == (401, "authError")


def test_policy_blocks_page_and_refresh(sim, http, allow, exchange, refresh):
    """An administrator's restriction shows as admin_policy_enforced."""
    tokens = exchange(allow())[1]
    sim.admin.block_by_policy(ADA)

    assert refresh(tokens["refresh_token"])[1]["error"] == "admin_policy_enforced"
    page = http.post(authorize(), data={"account": ADA, "decision": "allow_all"})
    assert (page.status_code, "admin_policy_enforced" in page.text) == (400, True)

    sim.admin.block_by_policy(ADA, blocked=False)

    assert refresh(tokens["refresh_token"])[0] == 200


def test_hundred_and_first_refresh_token_kills_the_oldest(sim, allow, exchange, refresh):
    """An account holds 100 refresh tokens per client."""
    first = exchange(allow())[1]["refresh_token"]
    second = exchange(allow())[1]["refresh_token"]
    for _ in range(99):
        exchange(allow())

    assert refresh(first)[1]["error"] == "invalid_grant"
    assert refresh(second)[0] == 200


@pytest.mark.pitfall(19)
def test_refresh_tokens_of_a_testing_app_live_seven_days(sim, allow, exchange, refresh, *, clock):
    """Pitfall 19: a setting gives refresh tokens the life that an unpublished app's have."""
    sim.admin.set_setting("refresh_token_life", 7 * 24 * 3600)
    token = exchange(allow())[1]["refresh_token"]
    clock.forward(days=6)

    assert refresh(token)[0] == 200
    clock.forward(days=1)
    assert refresh(token)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_drops_everything_of_user_and_project(sim, http, allow, exchange, *, refresh, which):
    """By either token, all clients of the project lose the user; another project does not."""
    tokens = exchange(allow())[1]
    sister = sim.admin.grant(ADA, "sister", ["calendar"])
    other = sim.admin.grant(ADA, "other", ["calendar"])

    assert http.post("/revoke", data={"token": tokens[which]}).status_code == 200
    assert refresh(tokens["refresh_token"])[0] == 400
    assert refresh(sister["refresh_token"], client_id="sister")[0] == 400
    assert refresh(other["refresh_token"], client_id="other")[0] == 200
    again = http.post("/revoke", data={"token": tokens[which]})
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_token")


def test_access_tokens_expire(sim, ada, clock):
    """After 3599 seconds a call is 401 with the Authorization header named."""
    clock.forward(seconds=3598)
    ada("events.list", calendarId=ADA)
    clock.forward(seconds=1)

    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA)

    item = caught.value.body["error"]["errors"][0]
    assert item == {
        "domain": "global",
        "reason": "authError",
        "message": "Invalid Credentials",
        "locationType": "header",
        "location": "Authorization",
    }


def test_id_token_verifies_against_the_published_keys(http, allow, exchange, clock):
    """With openid asked, an RS256 ID token names issuer, audience, subject, e-mail and nonce."""
    tokens = exchange(allow(scope=f"openid email {EVENTS}", nonce="n"))[1]
    key = jwt.PyJWK(http.get("/oauth2/v3/certs").get_json()["keys"][0])
    unchecked = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience="client", options=unchecked)

    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["email"], claims["email_verified"], claims["nonce"]) == (ADA, True, "n")
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["iat"] == clock().timestamp()


def test_included_scopes_join_earlier_ones(allow, exchange):
    """include_granted_scopes merges what the user granted the project before."""
    exchange(allow(scope=LISTS))
    merged = exchange(allow(scope=EVENTS, include_granted_scopes="true"))[1]

    assert set(merged["scope"].split()) == {EVENTS, LISTS}


def test_token_faults_can_be_scripted(sim, allow, exchange, refresh):
    """The token endpoint can fail with OAuth's body, a 502 page or half an answer."""
    token = exchange(allow())[1]["refresh_token"]
    sim.add_fault("oauth_error", method="oauth.token", status=503, reason="temporarily_unavailable")
    sim.add_fault("html", method="oauth.token")

    assert refresh(token) == (503, {"error": "temporarily_unavailable", "error_description": "Bad Request"})
    assert refresh(token)[0] == 502
    assert refresh(token)[0] == 200


def test_metadata_names_this_server(http):
    """The OpenID configuration points at the simulator, under Google's issuer."""
    found = http.get("/.well-known/openid-configuration").get_json()

    assert found["issuer"] == "https://accounts.google.com"
    assert found["token_endpoint"] == "http://localhost/token"
    assert found["authorization_response_iss_parameter_supported"] is True
