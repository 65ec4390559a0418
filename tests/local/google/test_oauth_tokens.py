"""Authorization codes and tokens: exchanged, refreshed, revoked and expired."""

import jwt
import pytest

from tests.local.google.driver import ADA, Driver, Refused
from tests.local.google.oauth_setup import EVENTS, LISTS


def test_exchange_answers_googles_fields(allow, exchange):
    """The token answer has the granted scopes, 3599 seconds and a refresh token, and may not be cached."""
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
def test_exchange_checks_code_client_secret_redirect_and_verifier(allow, exchange, changes, status, error):
    """An exchange fails if any of verifier, secret, client, redirect address or code is wrong."""
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
def test_refresh_token_comes_with_the_first_or_a_forced_consent(allow, exchange, sim):
    """Pitfall 19: a second consent gives no refresh token, unless forced or after a revocation."""
    first = exchange(allow(prompt=None))[1]
    again = exchange(allow(prompt=None))[1]
    forced = exchange(allow(prompt="consent"))[1]
    sim.admin.revoke_grant(ADA)
    after = exchange(allow(prompt=None))[1]

    assert ["refresh_token" in each for each in (first, again, forced, after)] == [True, False, True, True]
    assert "refresh_token" not in exchange(allow(access_type=None))[1]


def test_refresh_gives_a_new_access_token(allow, exchange, refresh):
    """A refresh keeps the refresh token and the scopes, and checks the client's secret."""
    tokens = exchange(allow())[1]
    status, fresh = refresh(tokens["refresh_token"])

    assert (status, fresh["scope"]) == (200, tokens["scope"])
    assert "refresh_token" not in fresh
    assert fresh["access_token"] != tokens["access_token"]
    assert refresh(tokens["refresh_token"], client_secret="x")[1]["error"] == "invalid_client"
    assert refresh(tokens["refresh_token"], scope="more")[1]["error"] == "invalid_scope"


@pytest.mark.pitfall(19)
def test_revoked_refresh_token_is_invalid_grant(sim, allow, exchange, refresh):
    """Pitfall 19: a revoked grant is answered with Google's exact body, and its access tokens with 401."""
    tokens = exchange(allow())[1]
    sim.admin.revoke_grant(ADA)

    body = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    assert refresh(tokens["refresh_token"]) == (400, body)

    with pytest.raises(Refused) as caught:
        Driver(sim, tokens["access_token"])("events.list", calendarId=ADA)

    assert (caught.value.status, caught.value.reason) == (401, "authError")


def test_refresh_token_101_ends_the_oldest(sim, allow, exchange, refresh):
    """An account holds at most 100 refresh tokens for each client."""
    first = exchange(allow())[1]["refresh_token"]
    second = exchange(allow())[1]["refresh_token"]
    for _ in range(99):
        exchange(allow())

    assert refresh(first)[1]["error"] == "invalid_grant"
    assert refresh(second)[0] == 200


@pytest.mark.pitfall(19)
def test_refresh_tokens_of_an_unpublished_app_expire(sim, allow, exchange, refresh, *, clock):
    """Pitfall 19: a setting lets refresh tokens expire after seven days, as those of unpublished apps do."""
    sim.admin.set_setting("refresh_token_life", 7 * 24 * 3600)
    token = exchange(allow())[1]["refresh_token"]
    clock.forward(days=6)

    assert refresh(token)[0] == 200
    clock.forward(days=1)
    assert refresh(token)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_ends_the_whole_grant_of_the_project(sim, http, allow, exchange, *, refresh, which):
    """Revoking by either token ends the grant for all clients of the project, not for another project."""
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
    """After 3599 seconds a call is 401, and the error names the Authorization header."""
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
    """With the scope openid, an RS256 ID token has issuer, audience, subject, address and nonce."""
    tokens = exchange(allow(scope=f"openid email {EVENTS}", nonce="n"))[1]
    key = jwt.PyJWK(http.get("/oauth2/v3/certs").get_json()["keys"][0])
    unchecked = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience="client", options=unchecked)

    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["email"], claims["email_verified"], claims["nonce"]) == (ADA, True, "n")
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["iat"] == clock().timestamp()


def test_token_faults_can_be_scripted(sim, allow, exchange, refresh):
    """The token endpoint can fail with OAuth's body, a 502 page or half an answer."""
    token = exchange(allow())[1]["refresh_token"]
    sim.add_fault("oauth_error", method="oauth.token", status=503, reason="temporarily_unavailable")
    sim.add_fault("html", method="oauth.token")

    assert refresh(token) == (503, {"error": "temporarily_unavailable", "error_description": "Bad Request"})
    assert refresh(token)[0] == 502
    assert refresh(token)[0] == 200


def test_scopes_come_back_spelt_out_and_in_another_order(allow, exchange):
    """`email` is answered by its address, with openid, and the ID token belongs to it."""
    _, answer = exchange(allow(scope=f"{EVENTS} email"))
    email = "https://www.googleapis.com/auth/userinfo.email"

    assert sorted(answer["scope"].split()) == sorted([EVENTS, email, "openid"])
    assert answer["scope"] != f"{EVENTS} {email} openid"
    assert "id_token" in answer


def test_a_refresh_answers_an_id_token_of_the_subject(allow, exchange, refresh):
    """With openid a refresh has an ID token too, without name and address, and no refresh token."""
    _, first = exchange(allow(scope=f"openid email profile {EVENTS}"))
    _, answer = refresh(first["refresh_token"])
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})

    assert set(claims) == {"iss", "azp", "aud", "sub", "iat", "exp"}
    assert "refresh_token" not in answer


def test_an_expired_access_token_revokes_nothing(http, allow, exchange, refresh, *, clock):
    """It is answered 400 invalid_token, and the consent lives on."""
    _, first = exchange(allow())
    clock.forward(hours=2)
    response = http.post("/revoke", data={"token": first["access_token"]})

    assert (response.status_code, response.get_json()["error"]) == (400, "invalid_token")
    assert refresh(first["refresh_token"])[0] == 200


def test_limited_access_says_when_it_ends(sim, allow, exchange):
    """Where refresh tokens die, the answer says after how many seconds."""
    _, usual = exchange(allow())
    sim.admin.set_setting("refresh_token_life", 7 * 86400)
    _, limited = exchange(allow())

    assert "refresh_token_expires_in" not in usual
    assert limited["refresh_token_expires_in"] == 604800


def test_a_company_can_ask_for_a_new_sign_in(sim, allow, exchange, refresh):
    """Refreshes are then refused with a subtype, until there is a new consent."""
    _, first = exchange(allow())
    sim.admin.require_new_sign_in(ADA)
    status, body = refresh(first["refresh_token"])
    exchange(allow())

    assert (status, body["error"], body["error_subtype"]) == (400, "invalid_grant", "invalid_rapt")
    assert refresh(first["refresh_token"])[0] == 200
