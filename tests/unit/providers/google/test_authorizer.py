from __future__ import annotations

import base64
import hashlib
import json
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from common.domain.account import Grant
from common.errors import (
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import ConsentRequest
from common.providers.google.authorizer import SCOPES, GoogleAuthorizer, GoogleRegistration
from local.google.simulator import GoogleSimulator
from tests.transports import wsgi_session

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
ADA, REDIRECT = "ada@example.com", "https://app.example.org/oauth"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
REGISTRATION = GoogleRegistration(client_id="client", client_secret="secret")
ASKED = ConsentRequest(state="s1", challenge=CHALLENGE, redirect_uri=REDIRECT, login_hint=ADA)
PREFIX = "https://www.googleapis.com/auth/"


class Quiet(WSGIRequestHandler):
    """Prints nothing."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


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


@pytest.fixture
def google() -> Iterator[Google]:
    made = Google()
    yield made
    made.close()


def test_the_consent_page_is_asked_for_what_we_need() -> None:
    """Offline access, forced consent, PKCE with S256, our state, the expected account."""
    address = GoogleAuthorizer(REGISTRATION, session=wsgi_session(GoogleSimulator())).authorize_url(ASKED)

    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert asked == {
        "client_id": "client",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": ADA,
    }
    assert "secret" not in address.replace("client_secret", "")


def test_a_consent_becomes_a_grant(google: Google) -> None:
    """Tokens, their life, what was given and who gave it."""
    back = google.consent()
    grant = google.exchange(back["code"])

    assert (back["state"], back["iss"]) == ("s1", google.authorizer.issuer)
    assert (grant.account, bool(grant.access_token), bool(grant.refresh_token)) == (ADA, True, True)
    assert grant.expires_at == NOW + timedelta(seconds=3599)
    assert google.authorizer.missing_scopes(grant) == ()


def test_an_unticked_permission_is_missed(google: Google) -> None:
    """What the person did not tick is named; the optional ones are not missed."""
    grant = google.connect(decision="allow", ticked=[f"{PREFIX}calendar.events"])

    assert google.authorizer.missing_scopes(grant) == (f"{PREFIX}calendar.calendarlist.readonly",)


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        ([], ["calendar.calendarlist.readonly", "calendar.events"]),
        (["calendar"], []),
        (["calendar.readonly"], ["calendar.events"]),
        (["calendar.calendarlist", "calendar.events"], []),
        (["calendar.calendarlist.readonly", "calendar.events"], []),
        (
            ["calendar.events.owned", "calendar.events.readonly"],
            ["calendar.calendarlist.readonly", "calendar.events"],
        ),
    ],
)
def test_broader_scopes_are_enough(google: Google, scopes: list[str], missing: list[str]) -> None:
    """A scope that includes a needed one is as good; one that covers only part of it is not."""
    grant = Grant("a", "r", NOW, tuple(PREFIX + scope for scope in scopes))

    assert google.authorizer.missing_scopes(grant) == tuple(PREFIX + scope for scope in missing)


def test_a_code_is_good_once_and_with_its_verifier(google: Google) -> None:
    """A replayed code, and one without the verifier that belongs to it, are refused."""
    code = google.consent()["code"]
    with pytest.raises(GrantRevoked):
        google.exchange(google.consent()["code"], verifier="w" * 64)
    google.exchange(code)

    with pytest.raises(GrantRevoked) as raised:
        google.exchange(code)

    assert raised.value.reason == "invalid_grant"


def test_refreshing_keeps_what_is_not_sent_again(google: Google) -> None:
    """A new access token; refresh token, scopes and account stay."""
    grant = google.connect()

    fresh = google.authorizer.refresh(grant, now=NOW + timedelta(hours=1))

    assert fresh.access_token != grant.access_token
    assert replace(fresh, access_token=grant.access_token, expires_at=grant.expires_at) == grant
    assert fresh.expires_at == NOW + timedelta(hours=1, seconds=3599)


@pytest.mark.pitfall(19)
def test_a_grant_that_was_taken_back_is_dead(google: Google) -> None:
    """Only the token endpoint's own word ends a connection (pitfall 19)."""
    grant = google.connect()
    google.simulator.admin.revoke_grant(ADA)

    with pytest.raises(GrantRevoked):
        google.authorizer.refresh(grant, now=NOW)


def test_without_a_refresh_token_nothing_is_asked(google: Google) -> None:
    """A grant that cannot be refreshed needs a new consent."""
    with pytest.raises(GrantRevoked) as raised:
        google.authorizer.refresh(Grant("a", None, NOW), now=NOW)

    assert raised.value.reason == "no_refresh_token"


def test_giving_back_twice_is_fine(google: Google) -> None:
    """A dead grant is given back already; afterwards it cannot be used."""
    grant = google.connect()

    google.authorizer.revoke(grant)
    google.authorizer.revoke(grant)

    with pytest.raises(GrantRevoked):
        google.authorizer.refresh(grant, now=NOW)


@pytest.mark.pitfall(19)
@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (400, "invalid_grant", GrantRevoked),
        (400, "admin_policy_enforced", GrantRevoked),
        (403, "access_denied", GrantRevoked),
        (400, "org_internal", GrantRevoked),
        (400, "invalid_rapt", GrantRevoked),
        (401, "invalid_client", OperatorFault),
        (401, "unauthorized_client", OperatorFault),
        (401, "deleted_client", OperatorFault),
        (400, "redirect_uri_mismatch", OperatorFault),
        (400, "unsupported_grant_type", OperatorFault),
        (400, "invalid_scope", OperatorFault),
        (400, "invalid_request", UnexpectedReply),
        (400, "unheard_of", UnexpectedReply),
        (404, "", UnexpectedReply),
        (302, "", UnexpectedReply),
        (429, "rate_limit_exceeded", RateLimited),
        (429, "", RateLimited),
        (403, "rate_limit_exceeded", RateLimited),
        (500, "server_error", ProviderUnavailable),
        (400, "temporarily_unavailable", ProviderUnavailable),
        (503, "invalid_grant", ProviderUnavailable),
        (502, "", ProviderUnavailable),
    ],
)
def test_every_refusal_has_its_reaction(
    google: Google, status: int, reason: str, error: type[SyncError]
) -> None:
    """Outages and limits never look like a dead grant, nor our own mistakes (pitfall 19)."""
    grant = google.connect()
    google.simulator.add_fault(
        "oauth_error", method="oauth.token", status=status, reason=reason, retry_after="9"
    )

    with pytest.raises(SyncError) as raised:
        google.authorizer.refresh(grant, now=NOW)

    assert type(raised.value) is error
    if isinstance(raised.value, RateLimited | ProviderUnavailable):
        assert raised.value.retry_after == 9.0


@pytest.mark.pitfall(19)
@pytest.mark.parametrize("action", ["html", "truncate", "drop_before"])
@pytest.mark.parametrize("step", ["exchange", "refresh"])
def test_a_broken_answer_is_an_outage(google: Google, step: str, action: str) -> None:
    """Half an answer, HTML or a lost connection cost nobody the connection (pitfall 19)."""
    grant, code = google.connect(), google.consent()["code"]
    google.simulator.add_fault(action, method="oauth.token")

    with pytest.raises(ProviderUnavailable) as raised:
        google.exchange(code) if step == "exchange" else google.authorizer.refresh(grant, now=NOW)

    shown = "".join(traceback.format_exception(raised.value))
    assert [secret for secret in (code, grant.refresh_token, "client_secret") if str(secret) in shown] == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_secret_follows_a_redirect(status: int) -> None:
    """Secrets go to the address that they were meant for."""
    asked: list[str] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        asked.append(environ["SERVER_NAME"])
        start(f"{status} Moved", [("Location", "https://evil.example.org/token")])
        return [b""]

    authorizer = GoogleAuthorizer(REGISTRATION, session=wsgi_session(application))
    with pytest.raises(UnexpectedReply):
        authorizer.refresh(Grant("a", "r", NOW), now=NOW)

    assert asked == ["oauth2.googleapis.com"]


def test_a_failed_revocation_is_told(google: Google) -> None:
    """Whoever disconnects learns that the grant still stands."""
    grant = google.connect()
    google.simulator.add_fault("oauth_error", method="oauth.revoke", status=503, reason="")

    with pytest.raises(ProviderUnavailable):
        google.authorizer.revoke(grant)


def answering(body: dict[str, Any]) -> GoogleAuthorizer:
    def application(_environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return GoogleAuthorizer(REGISTRATION, session=wsgi_session(application))


def id_token(**changes: Any) -> str:
    claims = {
        "iss": "https://accounts.google.com",
        "aud": "client",
        "sub": "123",
        "email": ADA,
        "email_verified": True,
        "exp": int(NOW.timestamp()) + 60,
        **changes,
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


def exchanged(**changes: Any) -> Grant:
    body = {"access_token": "a", "expires_in": 10, "scope": "x y", "token_type": "Bearer", **changes}
    return answering(body).exchange(code="c", verifier="v", redirect_uri=REDIRECT, now=NOW)


@pytest.mark.parametrize(
    ("token", "account"),
    [
        (None, None),
        (id_token(), ADA),
        (id_token(iss="accounts.google.com"), ADA),
        (id_token(email_verified=False), "123"),
        (id_token(email_verified="true"), "123"),
        (id_token(email=None), "123"),
    ],
)
def test_the_account_is_a_verified_one(token: str | None, account: str | None) -> None:
    """A verified address, else the subject, else nobody."""
    assert exchanged(id_token=token).account == account


@pytest.mark.parametrize(
    "token",
    [
        id_token(iss="https://evil.example.org"),
        id_token(aud="another"),
        id_token(exp=int(NOW.timestamp())),
        id_token(exp="later"),
        id_token(exp=None),
        "odd",
        "e30..x",
        "e30.W10.x",
        "e30.***.x",
    ],
)
def test_an_identity_that_is_not_for_us_is_refused(token: str) -> None:
    """Issuer, audience and expiry are checked."""
    with pytest.raises(UnexpectedReply):
        exchanged(id_token=token)


@pytest.mark.parametrize(
    ("changes", "scopes"), [({}, ("x", "y")), ({"scope": None}, SCOPES), ({"scope": ""}, SCOPES)]
)
def test_no_named_scope_means_the_asked_ones(changes: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """RFC 6749 section 5.1: the scope is named where it differs from the asked one."""
    assert exchanged(**changes).scopes == scopes


@pytest.mark.parametrize(
    "changes", [{"access_token": None}, {"access_token": 7}, {"expires_in": "soon"}, {"expires_in": -1}]
)
def test_an_answer_without_a_token_is_none(changes: dict[str, Any]) -> None:
    """Token and life are needed."""
    with pytest.raises(UnexpectedReply):
        exchanged(**changes)


def test_a_missing_refresh_token_is_none() -> None:
    """The flow then keeps the one that it has."""
    assert exchanged().refresh_token is None


def test_a_new_refresh_token_is_taken() -> None:
    """A provider that rotates it is followed."""
    authorizer = answering({"access_token": "b", "expires_in": 10, "refresh_token": "new"})

    assert authorizer.refresh(Grant("a", "old", NOW), now=NOW).refresh_token == "new"


def test_no_cookie_goes_from_one_account_to_the_next(socket_enabled: None) -> None:
    """One session serves everybody and remembers nobody."""
    sent: list[str | None] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        sent.append(environ.get("HTTP_COOKIE"))
        start("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "who=ada; Path=/")])
        return [b'{"access_token": "a", "expires_in": 10}']

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    registration = replace(REGISTRATION, token_uri=f"http://127.0.0.1:{server.server_port}/token")
    with requests.Session() as session:
        authorizer = GoogleAuthorizer(registration, session=session)
        for account in ("ada", "bob"):
            authorizer.refresh(Grant("a", account, NOW), now=NOW)
    server.shutdown()
    thread.join()
    server.server_close()

    assert sent == [None, None]
