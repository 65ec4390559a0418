"""What each refusal of the sign-in means, and that no outage looks like a dead grant."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest

from common.domain.connect.consent import ConsentOutcome, outcome_of_rejected_code
from common.errors import (
    GrantDoubted,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.providers.microsoft.authorizer import MicrosoftAuthorizer, refusal
from tests.transports import wsgi_session
from tests.unit.providers.microsoft.authorizer_setup import NOW, REDIRECT, REGISTRATION, VERIFIER, Microsoft


@pytest.fixture
def microsoft() -> Iterator[Microsoft]:
    made = Microsoft()
    yield made
    made.close()


# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
REFUSALS: list[tuple[int, str, type[SyncError], str]] = [
    (50173, "invalid_grant", GrantRevoked, "invalid_grant"),
    (700082, "invalid_grant", GrantRevoked, "invalid_grant"),
    (70008, "invalid_grant", GrantRevoked, "invalid_grant"),
    (700084, "invalid_grant", GrantRevoked, "spa_redirect"),
    (70000, "invalid_grant", GrantDoubted, "invalid_grant"),
    (999999, "invalid_grant", GrantDoubted, "invalid_grant"),
    (70012, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (50033, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (50088, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (40010, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (80005, "invalid_grant", ProviderUnavailable, "provider_unavailable"),
    (700081, "invalid_grant", GrantRevoked, "invalid_grant"),
    (50057, "invalid_grant", GrantRevoked, "invalid_grant"),
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

    assert {outcome_of_rejected_code(word) for word in words} == {ConsentOutcome.ADMIN_CONSENT_REQUIRED}
