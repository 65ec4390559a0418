"""Configuring a tenant's OpenID issuer: what is refused, how it must prove that it works, what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common import wiring
from common.domain.issuers import issuer_id
from common.errors import Conflict
from common.flows.issuers import distrust_issuer
from common.flows.privacy.erasure import start_erasure
from tests.api.issuers.issuer_setup import OWN, IssuerWorld
from tests.issuers import AUDIENCE
from tests.whole_lists import every

NAME = issuer_id(OWN, AUDIENCE)


@pytest.fixture
def issuer_world() -> Iterator[IssuerWorld]:
    yield IssuerWorld()
    wiring.use(None)


@pytest.mark.parametrize(
    ("claims", "body"),
    [
        ({"role": "staff"}, {}),
        ({"role": "support"}, {}),
        ({"tenant": "t2"}, {}),
        ({"exp": 1}, {}),
        ({"aud": "other"}, {}),
        ({"iss": "https://other.example"}, {}),
        ({}, {"role_claim": "roles"}),
        ({}, {"tenant_value": "salon"}),
    ],
    ids=str,
)
def test_a_configuration_that_does_not_work_changes_nothing(
    issuer_world: IssuerWorld, claims: dict, body: dict
) -> None:
    """The proof must be an owner's token under this very configuration; otherwise the old one stays."""
    own = issuer_world.make_issuer()
    issuer_world.add(own)
    before = issuer_world.http("GET", "/issuers", token=issuer_world.owner()).body
    proof = own.token(**{"tenant": "t1", "role": "owner"} | claims)
    answer = issuer_world.add(own, proof=proof, **body)

    assert (400, "proof_refused") == (answer.status, answer.code)
    assert before == issuer_world.http("GET", "/issuers", token=issuer_world.owner()).body
    assert (200, None) == issuer_world.staff_answer(own.token(tenant="t1", role="owner"))


def test_of_two_concurrent_issuer_changes_one_is_refused(issuer_world: IssuerWorld) -> None:
    """So two owners cannot lock each other out."""
    one, two = issuer_world.make_issuer(), issuer_world.make_issuer("https://two.example")
    issuer_world.add(one)
    issuer_world.add(two)
    issuers = issuer_world.world.stores.issuers
    old = issuers.standing("t1")
    ports = issuer_world.world.ports
    distrust_issuer(ports, tenant="t1", subject="a", issuer=NAME, vouched_by=issuer_id(two.url, AUDIENCE))
    second = issuers.get("t1", issuer_id(two.url, AUDIENCE))
    trail = every(ports.lists.audit, "t1")

    with pytest.raises(Conflict):
        issuers.remove(second, old, trail[0])
    assert ["issuer_added", "issuer_added", "issuer_removed"] == sorted(
        item.action.value for item in every(ports.lists.audit, "t1")
    )


@pytest.mark.parametrize(
    ("url", "jwks_uri"),
    [
        ("http://login.salon.example", None),
        ("https://127.0.0.1", None),
        ("https://[::ffff:169.254.169.254]", None),
        ("https://10.0.0.7/realm", None),
        ("https://user:secret@login.example", None),
        ("https://login.example/?tenant=t1", None),
        ("https://login.example/#x", None),
        ("https://login.example:22", None),
        ("file:///etc/passwd", None),
        (OWN, "http://login.salon.example/jwks.json"),
        (OWN, "https://login.salon.example.evil.example/jwks.json"),
        (OWN, "https://evil.example/jwks.json"),
        (OWN, f"{OWN}/../evil/jwks.json"),
        (OWN, f"{OWN}/%2e%2e/jwks.json"),
        (OWN, OWN),
    ],
)
def test_an_issuer_must_be_on_the_public_internet(
    issuer_world: IssuerWorld, url: str, jwks_uri: str | None
) -> None:
    """As for webhook targets, and its keys must lie below its own address; nothing is fetched before."""
    own = issuer_world.make_issuer()
    body = {"jwks_uri": jwks_uri} if jwks_uri else {}
    answer = issuer_world.add(own, **{"issuer": url, **body})

    assert answer.status == 400
    assert answer.code in {"forbidden_target", "invalid_issuer"}
    assert issuer_world.world.targets.fetched == []


@pytest.mark.parametrize(
    ("discovery", "code"),
    [
        ({"issuer": "https://other.example"}, "invalid_issuer"),
        ({"issuer": OWN + "/"}, "invalid_issuer"),
        ({"jwks_uri": None}, "invalid_issuer"),
        ({"jwks_uri": "http://169.254.169.254/keys"}, "forbidden_target"),
        ({"jwks_uri": "https://169.254.169.254/keys"}, "forbidden_target"),
        ({"jwks_uri": "https://down.example/keys"}, "issuer_unreachable"),
    ],
)
def test_a_discovery_document_is_checked(issuer_world: IssuerWorld, discovery: dict, code: str) -> None:
    """It must name the issuer itself, and lead to addresses on the public internet only."""
    answer = issuer_world.add(issuer_world.make_issuer(**discovery))

    assert (400, code) == (answer.status, answer.code)


def test_an_issuer_without_discovery_needs_a_key_address(issuer_world: IssuerWorld) -> None:
    """Which must lie below its own address."""
    own = issuer_world.make_issuer()
    del issuer_world.world.targets.documents[f"{OWN}/.well-known/openid-configuration"]

    assert "issuer_unreachable" == issuer_world.add(own).code
    assert 201 == issuer_world.add(own, jwks_uri=f"{OWN}/jwks.json").status


def test_only_owners_configure_issuers(issuer_world: IssuerWorld) -> None:
    """Staff and support are refused, and another tenant's issuer is not found."""
    own = issuer_world.make_issuer()
    issuer_world.add(own)
    roles = [
        issuer_world.add(own, token=issuer_world.home.token(tenant="t1", role=role)).status
        for role in ("staff", "support")
    ]
    foreign = issuer_world.http("DELETE", f"/issuers/{NAME}", token=issuer_world.owner("t2"))

    assert [403, 403] == roles
    assert 404 == foreign.status
    assert [] == issuer_world.http("GET", "/issuers", token=issuer_world.owner("t2")).body["issuers"]


def test_the_proof_token_is_not_stored_or_logged(issuer_world: IssuerWorld) -> None:
    """Nor is it in an answer, also when it was refused."""
    own = issuer_world.make_issuer()
    proof = own.token(tenant="t1", role="owner", nonce="canary")
    answers = [issuer_world.add(own, proof=proof), issuer_world.add(own, proof=proof, role_claim="x")]
    documents = issuer_world.world.documents
    stored = [str(item.data) for item in documents.get(documents.paths())]

    for part in proof.split("."):
        assert part not in "\n".join(
            [*stored, *issuer_world.world.log.lines, *(str(item) for item in answers)]
        )


def test_erasing_a_tenant_removes_its_issuers(issuer_world: IssuerWorld) -> None:
    """Also the records outside the tenant's own; the issuer and audience can be used by others again."""
    own = issuer_world.make_issuer()
    issuer_world.add(own)
    assert (200, None) == issuer_world.staff_answer(own.token(tenant="t1", role="owner"))
    start_erasure(issuer_world.world.ports, tenant="t1", subject="owner-1", confirm="t1")
    issuer_world.world.drain()
    issuer_world.world.advance(hours=1)
    gone = issuer_world.staff_answer(own.token(tenant="t1", role="owner"))
    again = issuer_world.add(own, token=issuer_world.owner("t2"), proof=own.token(tenant="t2", role="owner"))

    assert 401 == gone[0]
    assert [] == [
        path for path in issuer_world.world.documents.paths() if path.startswith("tenants/t1/locks")
    ]
    assert 201 == again.status
