"""Who may call: real tokens of the development issuer, and every kind of bad one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.api.http import Role
from common.api.tokens import KeysUnavailable, ServiceGate, StaffGate, TokenVerifier
from common.errors import NotAllowed, UntrustedCaller
from local.issuer import Issuer, bad_tokens
from local.server import serve

AUDIENCE = "slotbridge"
FUNCTION = "https://functions.example/export"
ACCOUNT = "tasks@demo.iam.gserviceaccount.com"
CLAIMS = {"tenant": "t1", "role": "staff", "resources": ["anna", 7]}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with serve(issuer) as served:
        issuer.url = issuer.service_issuer = served.base_url
        yield issuer


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(issuer=issuer.url, jwks_uri=f"{issuer.url}/jwks.json")


def staff_token(issuer: Issuer, **claims: object) -> str:
    return issuer.sign(CLAIMS | claims, audience=AUDIENCE, subject="s1", now=now())


def test_a_staff_token_names_tenant_role_and_resources(issuer: Issuer, verifier: TokenVerifier) -> None:
    """Only what the issuer signed counts; a resource that is no text is dropped."""
    caller = StaffGate(verifier, audience=AUDIENCE)(staff_token(issuer))

    assert ("s1", "t1", Role.STAFF, ("anna",)) == (
        caller.subject,
        caller.tenant,
        caller.role,
        caller.resources,
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "admin"},
        {"role": None},
        {"tenant": ""},
        {"tenant": 5},
        {"tenant": "a/b"},
        {"tenant": "a" * 65},
    ],
)
def test_a_token_without_tenant_or_role_is_not_allowed(
    issuer: Issuer, verifier: TokenVerifier, claims: dict[str, object]
) -> None:
    """A verified stranger is still a stranger."""
    with pytest.raises(NotAllowed):
        StaffGate(verifier, audience=AUDIENCE)(staff_token(issuer, **claims))


def test_every_bad_staff_token_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    """Wrong audience, issuer, key, algorithm, time: refused, each of them."""
    gate = StaffGate(verifier, audience=AUDIENCE)
    let_in = []
    for kind, token in bad_tokens(issuer, CLAIMS, audience=AUDIENCE, subject="s1", now=now()).items():
        try:
            gate(token)
        except UntrustedCaller:
            continue
        let_in.append(kind)

    assert let_in == []


def test_a_task_token_of_the_service_account_is_admitted(issuer: Issuer, verifier: TokenVerifier) -> None:
    """Audience and account are exactly the expected ones."""
    token = issuer.service_token(email=ACCOUNT, audience=FUNCTION, now=now())

    assert ServiceGate(verifier, audience=FUNCTION, accounts={ACCOUNT})(token).subject == ACCOUNT


@pytest.mark.parametrize(
    ("email", "audience"),
    [
        ("other@demo.iam.gserviceaccount.com", FUNCTION),
        (ACCOUNT, "https://functions.example/disconnect"),
        (ACCOUNT, FUNCTION + "/"),
        (ACCOUNT.upper(), FUNCTION),
    ],
)
def test_other_service_tokens_are_refused(
    issuer: Issuer, verifier: TokenVerifier, email: str, audience: str
) -> None:
    """Another account, or a token made out to another function."""
    token = issuer.service_token(email=email, audience=audience, now=now())

    with pytest.raises(UntrustedCaller):
        ServiceGate(verifier, audience=FUNCTION, accounts={ACCOUNT})(token)


def test_an_unverified_address_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    """The address must be vouched for."""
    claims = {"email": ACCOUNT, "email_verified": False}
    token = issuer.sign(claims, audience=FUNCTION, subject="1", now=now())

    with pytest.raises(UntrustedCaller):
        ServiceGate(verifier, audience=FUNCTION, accounts={ACCOUNT})(token)


def test_a_staff_token_opens_no_private_function(issuer: Issuer, verifier: TokenVerifier) -> None:
    """An owner's ID token is no service account's."""
    with pytest.raises(UntrustedCaller):
        ServiceGate(verifier, audience=FUNCTION, accounts={ACCOUNT})(staff_token(issuer, role="owner"))


def test_an_expired_token_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    """Half a minute of skew is forgiven, more is not."""
    old = issuer.sign(CLAIMS, audience=AUDIENCE, subject="s1", now=now() - timedelta(hours=1, minutes=1))

    with pytest.raises(UntrustedCaller):
        StaffGate(verifier, audience=AUDIENCE)(old)


def test_a_new_key_is_fetched(issuer: Issuer) -> None:
    """After the issuer rotated, tokens of the new key are good."""
    verifier = TokenVerifier(issuer=issuer.url, jwks_uri=f"{issuer.url}/jwks.json", cooldown=0)
    gate = StaffGate(verifier, audience=AUDIENCE)
    gate(staff_token(issuer))
    issuer.rotate()

    assert gate(staff_token(issuer)).tenant == "t1"


def test_unreachable_keys_are_not_the_callers_fault(issuer: Issuer) -> None:
    """The answer is 503, so that nobody is logged out by an outage."""
    verifier = TokenVerifier(issuer=issuer.url, jwks_uri="http://127.0.0.1:9/jwks.json")

    with pytest.raises(KeysUnavailable):
        StaffGate(verifier, audience=AUDIENCE)(staff_token(issuer))
