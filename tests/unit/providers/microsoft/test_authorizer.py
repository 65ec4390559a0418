from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.calendar.connection import Grant
from common.errors import GrantRevoked, OperatorFault, UnexpectedReply
from common.providers.microsoft.authorizer import PERMISSIONS, SCOPES, MicrosoftAuthorizer
from local.microsoft import MicrosoftServer
from tests.transports import wsgi_session
from tests.unit.providers.microsoft.authorizer_setup import (
    ADA,
    ASKED,
    BOB,
    NOW,
    REDIRECT,
    REGISTRATION,
    VERIFIER,
    Microsoft,
    asked_of,
)


@pytest.fixture
def microsoft() -> Iterator[Microsoft]:
    made = Microsoft()
    yield made
    made.close()


def test_the_consent_page_is_asked_for_what_we_need(microsoft: Microsoft) -> None:
    """Offline access, PKCE with S256, our state, a nonce, and the choice of an account."""
    address = microsoft.authorizer.authorize_url(ASKED)

    asked = asked_of(microsoft.authorizer, ASKED)
    assert address.startswith("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?")
    assert len(asked.pop("nonce")) == 64
    assert asked == {
        "client_id": "client",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "response_mode": "query",
        "scope": " ".join(SCOPES),
        "state": "s1",
        "code_challenge": ASKED.challenge,
        "code_challenge_method": "S256",
        "prompt": "select_account",
    }
    assert VERIFIER not in address


def test_a_known_account_is_not_chosen_again(microsoft: Microsoft) -> None:
    """Whoever is expected is named, so that nobody picks another account by accident."""
    asked = asked_of(microsoft.authorizer, replace(ASKED, login_hint=ADA))

    assert (asked["login_hint"], "prompt" in asked) == (ADA, False)


@pytest.mark.parametrize("account", [ADA, BOB])
@pytest.mark.parametrize("full", [False, True])
def test_a_consent_becomes_a_grant(microsoft: Microsoft, account: str, full: bool) -> None:
    """Tokens, their life, what was given and who gave it, for work and personal accounts."""
    microsoft.simulator.admin.set_setting("full_scope_names", full)
    back = microsoft.consent(account)
    grant = microsoft.exchange(back["code"])

    assert (back["state"], microsoft.authorizer.issuer) == ("s1", None)
    assert (grant.account, bool(grant.access_token), bool(grant.refresh_token)) == (account, True, True)
    assert grant.expires_at == NOW + timedelta(seconds=3599)
    assert set(PERMISSIONS) <= set(grant.scopes)
    assert microsoft.authorizer.missing_scopes(grant) == ()


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        ((), ("Calendars.ReadWrite",)),
        (("Calendars.Read",), ("Calendars.ReadWrite",)),
        (("Calendars.ReadWrite",), ()),
        (("Calendars.ReadWrite.Shared",), ()),
        (("openid", "User.Read"), ("Calendars.ReadWrite",)),
    ],
)
def test_what_was_not_given_is_missed(
    microsoft: Microsoft, scopes: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """A narrower consent is a success to msal; it is looked at here."""
    assert microsoft.authorizer.missing_scopes(Grant("a", "r", NOW, scopes)) == missing


def test_a_withheld_permission_is_missed(microsoft: Microsoft) -> None:
    """What the person took out of the consent is named."""
    grant = microsoft.connect(withheld=["Calendars.ReadWrite"])

    assert microsoft.authorizer.missing_scopes(grant) == ("Calendars.ReadWrite",)


@pytest.mark.pitfall(19)
def test_a_refresh_asks_for_no_more_than_was_given(microsoft: Microsoft) -> None:
    """Asking for a permission that was withheld would end a connection that works (pitfall 19)."""
    grant = microsoft.connect(withheld=["Calendars.Read"])

    fresh = microsoft.authorizer.refresh(grant, now=NOW)

    assert microsoft.authorizer.missing_scopes(fresh) == ()


def test_a_code_is_good_once_and_with_its_verifier(microsoft: Microsoft) -> None:
    """A replayed code, and one without the verifier that belongs to it, are refused."""
    code = microsoft.consent()["code"]
    with pytest.raises(GrantRevoked):
        microsoft.exchange(microsoft.consent()["code"], verifier="w" * 64)
    microsoft.exchange(code)

    with pytest.raises(GrantRevoked) as raised:
        microsoft.exchange(code)

    assert raised.value.reason == "invalid_grant"


@pytest.mark.pitfall(19)
def test_refreshing_takes_the_new_token_and_keeps_the_rest(microsoft: Microsoft) -> None:
    """Microsoft rotates refresh tokens and lets the old ones live; the newest is kept (pitfall 19)."""
    grant = microsoft.connect()

    fresh = microsoft.authorizer.refresh(grant, now=NOW + timedelta(hours=1))
    again = microsoft.authorizer.refresh(grant, now=NOW + timedelta(hours=1))

    assert len({grant.access_token, fresh.access_token, again.access_token}) == 3
    assert len({grant.refresh_token, fresh.refresh_token, again.refresh_token}) == 3
    assert (fresh.account, fresh.expires_at) == (ADA, NOW + timedelta(hours=1, seconds=3599))


def test_without_a_refresh_token_nothing_is_asked(microsoft: Microsoft) -> None:
    """A grant that cannot be refreshed needs a new consent."""
    with pytest.raises(GrantRevoked) as raised:
        microsoft.authorizer.refresh(Grant("a", None, NOW), now=NOW)

    assert (raised.value.reason, microsoft.tokens()) == ("no_refresh_token", 0)


def test_microsoft_takes_no_grant_back(microsoft: Microsoft) -> None:
    """There is no call for it, and nobody is told otherwise: the grant still works."""
    grant = microsoft.connect()

    assert microsoft.authorizer.revoke(grant) is False
    assert microsoft.authorizer.refresh(grant, now=NOW).access_token


def test_the_discovery_is_read_once(microsoft: Microsoft) -> None:
    """Tokens cost one request each, however many application objects msal needs."""
    for _ in range(3):
        microsoft.connect()

    methods = [call["method"] for call in microsoft.simulator.admin.calls()]
    assert (methods.count("oauth.discovery"), methods.count("oauth.token")) == (1, 3)


@pytest.mark.parametrize(
    "authority", ["http://login.microsoftonline.com/common", "nonsense", "https://login.microsoftonline.com"]
)
def test_a_wrong_authority_is_the_operators(microsoft: Microsoft, authority: str) -> None:
    """A setting that msal does not take is said to whoever made it."""
    authorizer = MicrosoftAuthorizer(replace(REGISTRATION, authority=authority), session=microsoft.session)

    with pytest.raises(OperatorFault):
        authorizer.refresh(Grant("a", "r", NOW), now=NOW)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_secret_follows_a_redirect(microsoft: Microsoft, status: int) -> None:
    """Secrets go to the address that they were meant for."""
    asked: list[str] = []

    def application(environ: dict[str, Any], start: Any) -> Any:
        asked.append(environ["SERVER_NAME"])
        if environ["REQUEST_METHOD"] == "GET":
            return microsoft.simulator(environ, start)
        start(f"{status} Moved", [("Location", "https://evil.example.org/token")])
        return [b"{}"]

    authorizer = MicrosoftAuthorizer(REGISTRATION, session=wsgi_session(application))
    with pytest.raises(UnexpectedReply):
        authorizer.refresh(Grant("a", "r", NOW), now=NOW)

    assert set(asked) == {"login.microsoftonline.com"}


def test_another_address_can_stand_in(microsoft: Microsoft, socket_enabled: None) -> None:
    """Though msal insists on https, the calls go where the operator says, the browser's among them."""
    with MicrosoftServer(microsoft.simulator) as server:
        registration = replace(REGISTRATION, login_endpoint=server.login_endpoint)
        session = microsoft.session.__class__()
        authorizer = MicrosoftAuthorizer(registration, session=session)
        address = authorizer.authorize_url(ASKED)
        back = microsoft.simulator.consent(address, account=ADA)
        code = parse_qs(urlsplit(back).query)["code"][0]
        grant = authorizer.exchange(code=code, verifier=VERIFIER, redirect_uri=REDIRECT, now=NOW)
        session.close()

    assert address.startswith(f"{server.login_endpoint}/common/oauth2/v2.0/authorize?")
    assert grant.account == ADA
