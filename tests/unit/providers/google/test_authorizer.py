from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.calendar.connection import Grant
from common.errors import (
    GrantDoubted,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.providers.google.authorizer import SCOPES, GoogleAuthorizer
from local.google import GoogleSimulator
from tests.transports import wsgi_session
from tests.unit.providers.google.authorizer_setup import (
    ADA,
    ASKED,
    CHALLENGE,
    NOW,
    REDIRECT,
    REGISTRATION,
    Google,
)

PREFIX = "https://www.googleapis.com/auth/"


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


def test_an_access_token_that_has_ended_gives_nothing_back(google: Google) -> None:
    """Google refuses it as it refuses a dead grant, and the access stays listed: that is no success."""
    grant = replace(google.connect(), refresh_token=None)
    google.simulator.admin.expire_access_tokens()

    assert google.authorizer.revoke(grant) is False
    assert google.simulator.inspect.grants() != []


@pytest.mark.pitfall(19)
@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (400, "invalid_grant", GrantRevoked),
        (400, "admin_policy_enforced", GrantRevoked),
        (403, "access_denied", GrantDoubted),
        (400, "org_internal", GrantDoubted),
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
