"""Which tokens are accepted: real tokens of issuers in this process, and every kind of invalid one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from common.api.authentication import ServiceAuthenticator
from common.crypto.jwks import KeysUnavailable
from common.crypto.token_verifier import JwtVerifier, fetch_trusted
from common.domain.issuers import Issuer, Role
from common.errors import NotAllowed, UntrustedCaller
from local.cloud_tasks.clock import VirtualClock
from local.issuer import SigningKey, bad_tokens
from local.server import serve
from tests.issuers import AUDIENCE, START, FakeIssuer, authenticator

FUNCTION = "https://functions.example/export"
ACCOUNT = "tasks@demo.iam.gserviceaccount.com"
CLAIMS = {"tenant": "t1", "role": "staff", "resources": ["anna", 7]}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def party(clock: VirtualClock) -> FakeIssuer:
    return FakeIssuer("https://login.example", clock)


def test_a_staff_token_names_tenant_role_and_resources(party: FakeIssuer) -> None:
    """They come from the signed claims only; a resource that is not a text is dropped."""
    caller = authenticator(party)(party.token(**CLAIMS))

    assert ("customer-7", "t1", Role.STAFF, ("anna",), "") == (
        caller.subject,
        caller.tenant,
        caller.role,
        caller.resources,
        caller.issuer,
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "admin"},
        {"role": None},
        {"role": ["admin"]},
        {"tenant": ""},
        {"tenant": 5},
        {"tenant": ["t1"]},
        {"tenant": "a/b"},
        {"tenant": "a" * 65},
    ],
)
def test_a_token_without_tenant_or_role_is_not_allowed(party: FakeIssuer, claims: dict[str, object]) -> None:
    """A valid token without a usable tenant or role is NotAllowed."""
    with pytest.raises(NotAllowed):
        authenticator(party)(party.token(**CLAIMS | claims))


def test_every_bad_staff_token_is_refused(party: FakeIssuer) -> None:
    """Wrong audience, issuer, key, algorithm or time."""
    authenticate, let_in = authenticator(party), []
    bad = bad_tokens(party.issuer, CLAIMS, audience=AUDIENCE, subject="s1", now=party.clock.now())
    for kind, token in bad.items():
        try:
            authenticate(token)
        except UntrustedCaller:
            continue
        let_in.append(kind)

    assert len(bad) > 10
    assert let_in == []


def service_authenticator(party: FakeIssuer, audience: str = FUNCTION) -> ServiceAuthenticator:
    """Authenticates service accounts for the function at this address."""
    issuer = Issuer("tasks", party.url, audience, f"{party.url}/jwks.json")
    verifier = JwtVerifier(now=party.clock.now, fetch=party.fetch, fetch_foreign=party.fetch)
    return ServiceAuthenticator(verifier, issuer, accounts={ACCOUNT})


def service_token(party: FakeIssuer, email: str = ACCOUNT, audience: str = FUNCTION) -> str:
    return party.issuer.service_token(email=email, audience=audience, now=party.clock.now())


def test_a_task_token_of_the_service_account_is_admitted(party: FakeIssuer) -> None:
    """Audience and account are exactly the expected ones."""
    assert ACCOUNT == service_authenticator(party)(service_token(party)).subject


@pytest.mark.parametrize(
    ("email", "audience"),
    [
        ("other@demo.iam.gserviceaccount.com", FUNCTION),
        (ACCOUNT, "https://functions.example/disconnect"),
        (ACCOUNT, FUNCTION + "/"),
        (ACCOUNT.upper(), FUNCTION),
    ],
)
def test_other_service_tokens_are_refused(party: FakeIssuer, email: str, audience: str) -> None:
    """A token of another account, or one issued for another function."""
    with pytest.raises(UntrustedCaller):
        service_authenticator(party)(service_token(party, email, audience))


def test_an_unverified_service_account_address_is_refused(party: FakeIssuer) -> None:
    """The claim email_verified must be true."""
    token = party.token(email=ACCOUNT, email_verified=False, aud=FUNCTION)

    with pytest.raises(UntrustedCaller):
        service_authenticator(party)(token)


def test_staff_and_service_tokens_are_not_interchangeable(party: FakeIssuer) -> None:
    """An owner's ID token is refused where a service account is expected, and the other way round."""
    with pytest.raises(UntrustedCaller):
        service_authenticator(party)(party.token(**CLAIMS | {"role": "owner"}))
    with pytest.raises(UntrustedCaller):
        authenticator(party)(service_token(party))


@pytest.mark.parametrize(
    ("claims", "seconds", "good"),
    [
        ({}, 3600 + 29, True),
        ({}, 3600 + 30, False),
        ({}, -30, True),
        ({}, -31, False),
        ({"nbf": 100}, 70, True),
        ({"nbf": 100}, 69, False),
        ({"exp": None}, 0, False),
        ({"iat": None}, 0, False),
        ({"exp": "later"}, 0, False),
        ({"exp": True}, 0, False),
        ({"exp": float("inf")}, 0, False),
        ({"nbf": "soon"}, 0, False),
    ],
)
def test_a_token_is_valid_between_its_times_with_30_seconds_leeway(
    party: FakeIssuer, claims: dict[str, object], seconds: float, good: bool
) -> None:
    """A difference of half a minute between two clocks is accepted, exactly, and no more."""
    based = {"nbf": START.timestamp() + 100} if claims == {"nbf": 100} else claims
    token = party.token(**CLAIMS | based)
    party.clock.advance_to(START + timedelta(seconds=seconds)) if seconds >= 0 else None
    early = FakeIssuer(party.url, VirtualClock(START + timedelta(seconds=seconds)), party.issuer)
    outcome = attempt(lambda: authenticator(early if seconds < 0 else party)(token))

    assert outcome is (None if good else UntrustedCaller)


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"aud": [AUDIENCE]}, True),
        ({"aud": [AUDIENCE, "other"], "azp": AUDIENCE}, True),
        ({"aud": [AUDIENCE, "other"]}, False),
        ({"aud": [AUDIENCE, "other"], "azp": "other"}, False),
        ({"aud": ["other", "third"], "azp": AUDIENCE}, False),
        ({"aud": AUDIENCE, "azp": "other"}, True),
        ({"aud": []}, False),
        ({"aud": [AUDIENCE, 7], "azp": AUDIENCE}, False),
        ({"aud": {AUDIENCE: 1}}, False),
        ({"aud": None}, False),
    ],
)
def test_a_token_must_be_issued_for_our_audience(
    party: FakeIssuer, claims: dict[str, object], good: bool
) -> None:
    """With several audiences the authorized party (azp) decides, as OpenID Connect says."""
    outcome = attempt(lambda: authenticator(party)(party.token(**CLAIMS | claims)))

    assert outcome is (None if good else UntrustedCaller)


def test_a_token_that_is_too_long_is_not_decoded(party: FakeIssuer) -> None:
    """So that no caller makes the server decode megabytes."""
    with pytest.raises(UntrustedCaller, match="too long"):
        authenticator(party)(party.token(**CLAIMS | {"padding": "x" * 20_000}))
    assert party.fetched == 0


def test_unreachable_keys_are_answered_503(party: FakeIssuer) -> None:
    """Not 401, so that an outage of the issuer logs nobody out."""
    party.down = True

    with pytest.raises(KeysUnavailable):
        authenticator(party)(party.token(**CLAIMS))


def test_the_installations_keys_are_fetched_over_http(party: FakeIssuer) -> None:
    """The operator's own issuer may be at any address; a failed answer means that keys are unavailable."""
    with serve(party.issuer) as served:
        content = fetch_trusted(f"{served.base_url}/jwks.json")
        with pytest.raises(KeysUnavailable):
            fetch_trusted(f"{served.base_url}/nowhere")
    with pytest.raises(KeysUnavailable):
        fetch_trusted("http://127.0.0.1:9/jwks.json")

    assert party.issuer.keys[0].key_id in content.decode()


def test_a_key_id_alone_proves_nothing(party: FakeIssuer) -> None:
    """A token signed by another key of the same id is refused."""
    stranger = SigningKey(party.issuer.keys[0].key_id, SigningKey.generate().private)
    other = FakeIssuer(party.url, party.clock)
    other.issuer.keys = [stranger]

    with pytest.raises(UntrustedCaller):
        authenticator(party)(other.token(**CLAIMS))


def attempt(call: Callable[[], object]) -> type[BaseException] | None:
    """The error that a call raises, or None."""
    try:
        call()
    except UntrustedCaller as error:
        return type(error)
    return None
