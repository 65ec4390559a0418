from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.account import Grant
from common.domain.consent import Outcome, challenge, rejected
from common.errors import (
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import ConsentRequest
from common.providers.microsoft.authorizer import (
    PERMISSIONS,
    SCOPES,
    MicrosoftAuthorizer,
    MicrosoftRegistration,
    refusal,
)
from local.microsoft import MicrosoftServer, MicrosoftSimulator
from tests.transports import wsgi_session

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
ADA, BOB, REDIRECT = "ada@contoso.test", "bob@outlook.test", "https://app.example.org/oauth"
VERIFIER = "v" * 64
REGISTRATION = MicrosoftRegistration(client_id="client", client_secret="secret")
ASKED = ConsentRequest(state="s1", challenge=challenge(VERIFIER), redirect_uri=REDIRECT)


class Microsoft:
    """The simulator's identity platform and an authorizer that talks to it."""

    def __init__(self) -> None:
        self.simulator = MicrosoftSimulator(now=lambda: NOW)
        self.simulator.admin.add_client("client", secret="secret", redirect_uris=[REDIRECT])
        self.simulator.admin.add_account(ADA)
        self.simulator.admin.add_account(BOB, personal=True)
        self.session = wsgi_session(self.simulator)
        self.authorizer = MicrosoftAuthorizer(REGISTRATION, session=self.session)

    def consent(self, account: str = ADA, **answer: Any) -> dict[str, str]:
        address = self.simulator.consent(self.authorizer.authorize_url(ASKED), account=account, **answer)
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    def connect(self, account: str = ADA, **answer: Any) -> Grant:
        return self.exchange(self.consent(account, **answer)["code"])

    def exchange(self, code: str, *, verifier: str = VERIFIER) -> Grant:
        return self.authorizer.exchange(code=code, verifier=verifier, redirect_uri=REDIRECT, now=NOW)

    def tokens(self) -> int:
        return sum(call["method"] == "oauth.token" for call in self.simulator.admin.calls())

    def close(self) -> None:
        self.session.close()
        self.simulator.close()


@pytest.fixture
def microsoft() -> Iterator[Microsoft]:
    made = Microsoft()
    yield made
    made.close()


def asked_of(authorizer: MicrosoftAuthorizer, request: ConsentRequest) -> dict[str, str]:
    query = parse_qs(urlsplit(authorizer.authorize_url(request)).query)
    return {name: values[0] for name, values in query.items()}


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


# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
REFUSALS: list[tuple[int, str, type[SyncError], str]] = [
    (50173, "invalid_grant", GrantRevoked, "invalid_grant"),
    (700082, "invalid_grant", GrantRevoked, "invalid_grant"),
    (70008, "invalid_grant", GrantRevoked, "invalid_grant"),
    (700084, "invalid_grant", GrantRevoked, "spa_redirect"),
    (70000, "invalid_grant", GrantRevoked, "invalid_grant"),
    (50089, "invalid_grant", GrantRevoked, "invalid_grant"),
    (70043, "invalid_grant", GrantRevoked, "invalid_grant"),
    (65001, "invalid_grant", GrantRevoked, "consent_required"),
    (90094, "invalid_grant", GrantRevoked, "consent_required"),
    (0, "consent_required", GrantRevoked, "consent_required"),
    (0, "login_required", GrantRevoked, "login_required"),
    (65004, "access_denied", GrantRevoked, "access_denied"),
    (50076, "interaction_required", GrantRevoked, "interaction_required"),
    (50079, "interaction_required", GrantRevoked, "interaction_required"),
    (53003, "interaction_required", GrantRevoked, "interaction_required"),
    (50105, "invalid_grant", GrantRevoked, "admin_policy_enforced"),
    (70002, "invalid_client", OperatorFault, "invalid_client"),
    (7000215, "invalid_client", OperatorFault, "invalid_client"),
    (7000222, "invalid_client", OperatorFault, "invalid_client"),
    (700027, "invalid_client", OperatorFault, "invalid_client"),
    (700016, "unauthorized_client", OperatorFault, "unauthorized_client"),
    (650056, "invalid_grant", OperatorFault, "invalid_grant"),
    (650057, "invalid_resource", OperatorFault, "invalid_resource"),
    (500011, "invalid_resource", OperatorFault, "invalid_resource"),
    (70011, "invalid_scope", OperatorFault, "invalid_scope"),
    (9002313, "invalid_request", OperatorFault, "invalid_request"),
    (50196, "invalid_grant", RateLimited, "client_loop"),
    (90033, "temporarily_unavailable", ProviderUnavailable, "provider_unavailable"),
    (90033, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (90024, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (90012, "invalid_request", ProviderUnavailable, "provider_unavailable"),
    (90006, "invalid_request", ProviderUnavailable, "provider_unavailable"),
    (50087, "invalid_request", ProviderUnavailable, "provider_unavailable"),
    (90055, "invalid_request", ProviderUnavailable, "provider_unavailable"),
    (1, "unheard_of", UnexpectedReply, "unexpected_reply"),
]


@pytest.mark.pitfall(19)
@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[1]}-{row[0]}")
def test_every_refusal_has_its_reaction(
    microsoft: Microsoft, row: tuple[int, str, type[SyncError], str]
) -> None:
    """An operator's fault, a limit or an outage never looks like a dead grant (pitfall 19)."""
    number, word, error, code = row
    grant = microsoft.connect()
    microsoft.simulator.add_fault("oauth_error", method="oauth.token", reason=word, aadsts=number)

    with pytest.raises(SyncError) as raised:
        microsoft.authorizer.refresh(grant, now=NOW)

    assert (type(raised.value), raised.value.reason) == (error, code)
    assert "Scripted" not in str(raised.value)


@pytest.mark.pitfall(19)
@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimited), (500, ProviderUnavailable), (503, ProviderUnavailable)]
)
def test_an_outage_of_the_sign_in_passes(microsoft: Microsoft, status: int, error: type[SyncError]) -> None:
    """Its pause is kept, and the very next attempt is sent: msal remembers no refusal (pitfall 19)."""
    grant = microsoft.connect()
    microsoft.simulator.add_fault("status", method="oauth.token", status=status, retry_after="9")

    with pytest.raises(error) as raised:
        microsoft.authorizer.refresh(grant, now=NOW)

    assert getattr(raised.value, "retry_after", None) == 9.0
    assert microsoft.authorizer.refresh(grant, now=NOW).access_token


@pytest.mark.pitfall(19)
def test_a_refusal_is_not_remembered(microsoft: Microsoft) -> None:
    """For a minute msal would repeat a 400 from memory; here Microsoft is asked again (pitfall 19)."""
    grant = microsoft.connect()
    microsoft.simulator.add_fault("oauth_error", method="oauth.token", reason="invalid_grant", aadsts=90033)
    with pytest.raises(ProviderUnavailable):
        microsoft.authorizer.refresh(grant, now=NOW)

    assert microsoft.authorizer.refresh(grant, now=NOW).access_token


@pytest.mark.pitfall(19)
@pytest.mark.parametrize("action", ["html", "truncate", "drop_before"])
@pytest.mark.parametrize("step", ["exchange", "refresh"])
@pytest.mark.parametrize("method", ["oauth.token", "oauth.discovery"])
def test_a_broken_answer_is_an_outage(microsoft: Microsoft, step: str, action: str, method: str) -> None:
    """Half an answer, HTML or a lost connection cost nobody the connection (pitfall 19)."""
    grant, code = microsoft.connect(), microsoft.consent()["code"]
    authorizer = MicrosoftAuthorizer(REGISTRATION, session=wsgi_session(microsoft.simulator))
    microsoft.simulator.add_fault(action, method=method, status=500)

    asked = {
        "exchange": lambda: authorizer.exchange(code=code, verifier=VERIFIER, redirect_uri=REDIRECT, now=NOW),
        "refresh": lambda: authorizer.refresh(grant, now=NOW),
    }
    with pytest.raises(ProviderUnavailable) as raised:
        asked[step]()

    shown = "".join(traceback.format_exception(raised.value))
    assert [secret for secret in (code, grant.refresh_token, "client_secret") if str(secret) in shown] == []


@pytest.mark.pitfall(19)
def test_an_expired_secret_is_the_operators(microsoft: Microsoft) -> None:
    """No user is disconnected because our registration is out of date (pitfall 19)."""
    grant = microsoft.connect()
    microsoft.simulator.admin.expire_secret("client")

    with pytest.raises(OperatorFault) as raised:
        microsoft.authorizer.refresh(grant, now=NOW)

    assert raised.value.reason == "invalid_client"


def test_the_administrator_is_named_where_one_is_needed() -> None:
    """The person reads that an administrator has to consent, not that something went wrong."""
    words = [
        refusal({"error": "invalid_grant", "error_codes": [number]}).reason
        for number in (65001, 90094, 50105)
    ]

    assert {rejected(word) for word in words} == {Outcome.ADMIN_CONSENT_REQUIRED}


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


def claims(**changes: Any) -> dict[str, Any]:
    return {
        "aud": "client",
        "tid": "t1",
        "oid": "o1",
        "preferred_username": ADA,
        "exp": int(NOW.timestamp()) + 60,
        "nonce": asked_of(MicrosoftAuthorizer(REGISTRATION, session=wsgi_session(lambda *_: [])), ASKED)[
            "nonce"
        ],
        **changes,
    }


def exchanged(microsoft: Microsoft, *, token: str | None = None, **changes: Any) -> Grant:
    body = {"access_token": "a", "expires_in": 10, "scope": "Calendars.ReadWrite openid", **changes}
    if token is not None:
        body["id_token"] = token

    def application(environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            return microsoft.simulator(environ, start)
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    authorizer = MicrosoftAuthorizer(REGISTRATION, session=wsgi_session(application))
    return authorizer.exchange(code="c", verifier=VERIFIER, redirect_uri=REDIRECT, now=NOW)


def id_token(**changes: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims(**changes)).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


@pytest.mark.parametrize(
    ("changes", "account"),
    [({}, ADA), ({"preferred_username": None}, "t1/o1"), ({"preferred_username": "", "oid": None}, None)],
)
def test_the_account_is_who_signed_in(
    microsoft: Microsoft, changes: dict[str, Any], account: str | None
) -> None:
    """The name that people sign in with, else the identity that never changes, else nobody."""
    assert exchanged(microsoft, token=id_token(**changes)).account == account


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"exp": int(NOW.timestamp())},
        {"exp": "later"},
        {"exp": None},
        {"nonce": "x"},
        {"nonce": None},
    ],
)
def test_an_identity_that_is_not_for_us_is_refused(microsoft: Microsoft, changes: dict[str, Any]) -> None:
    """Audience, expiry, and that it belongs to the consent that we began."""
    with pytest.raises(UnexpectedReply):
        exchanged(microsoft, token=id_token(**changes))


@pytest.mark.parametrize(
    "changes", [{"access_token": None}, {"access_token": 7}, {"expires_in": "soon"}, {"expires_in": -1}]
)
def test_an_answer_without_a_token_is_none(microsoft: Microsoft, changes: dict[str, Any]) -> None:
    """Token and life are needed."""
    with pytest.raises(UnexpectedReply):
        exchanged(microsoft, **changes)


def test_a_missing_refresh_token_is_none(microsoft: Microsoft) -> None:
    """The flow then keeps the one that it has."""
    assert exchanged(microsoft).refresh_token is None
