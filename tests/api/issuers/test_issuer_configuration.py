"""Configuring a tenant's OpenID issuer: what is refused, that it must prove itself, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common import wiring
from common.domain.issuers import issuer_id
from common.errors import Conflict
from common.flows.issuers import distrust_issuer
from common.flows.privacy.erasure import start_erasure
from tests.api.issuers.issuer_setup import OWN, Doors
from tests.issuers import AUDIENCE
from tests.whole_lists import every

NAME = issuer_id(OWN, AUDIENCE)


@pytest.fixture
def doors() -> Iterator[Doors]:
    yield Doors()
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
def test_a_configuration_that_does_not_work_changes_nothing(doors: Doors, claims: dict, body: dict) -> None:
    """The proof must be an owner's under just this configuration; what counted before still does."""
    own = doors.party()
    doors.add(own)
    before = doors.http("GET", "/issuers", token=doors.owner()).body
    proof = own.token(**{"tenant": "t1", "role": "owner"} | claims)
    answer = doors.add(own, proof=proof, **body)

    assert (400, "proof_refused") == (answer.status, answer.code)
    assert before == doors.http("GET", "/issuers", token=doors.owner()).body
    assert (200, None) == doors.reads(own.token(tenant="t1", role="owner"))


def test_two_owners_cannot_remove_each_others_way_in(doors: Doors) -> None:
    """Each change renews the standing, so that of two at a time one is refused."""
    one, two = doors.party(), doors.party("https://two.example")
    doors.add(one)
    doors.add(two)
    issuers = doors.world.stores.issuers
    old = issuers.standing("t1")
    ports = doors.world.ports
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
def test_only_addresses_of_the_public_internet_are_called(
    doors: Doors, url: str, jwks_uri: str | None
) -> None:
    """The rules of webhook targets, and keys that lie below their issuer; nothing is fetched before."""
    own = doors.party()
    body = {"jwks_uri": jwks_uri} if jwks_uri else {}
    answer = doors.add(own, **{"issuer": url, **body})

    assert answer.status == 400
    assert answer.code in {"forbidden_target", "invalid_issuer"}
    assert doors.world.targets.fetched == []


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
def test_a_discovery_document_is_not_believed_blindly(doors: Doors, discovery: dict, code: str) -> None:
    """It must be the issuer's own, and may lead to the public internet only."""
    answer = doors.add(doors.party(**discovery))

    assert (400, code) == (answer.status, answer.code)


def test_an_issuer_without_discovery_names_its_keys(doors: Doors) -> None:
    """Then they lie below its own address."""
    own = doors.party()
    del doors.world.targets.documents[f"{OWN}/.well-known/openid-configuration"]

    assert "issuer_unreachable" == doors.add(own).code
    assert 201 == doors.add(own, jwks_uri=f"{OWN}/jwks.json").status


def test_only_owners_configure_issuers(doors: Doors) -> None:
    """Staff and support are refused, and another tenant's issuer is not there."""
    own = doors.party()
    doors.add(own)
    roles = [
        doors.add(own, token=doors.home.token(tenant="t1", role=role)).status for role in ("staff", "support")
    ]
    foreign = doors.http("DELETE", f"/issuers/{NAME}", token=doors.owner("t2"))

    assert [403, 403] == roles
    assert 404 == foreign.status
    assert [] == doors.http("GET", "/issuers", token=doors.owner("t2")).body["issuers"]


def test_a_proof_is_kept_nowhere(doors: Doors) -> None:
    """Not in the store, not in a log line, not in an answer, also when it was refused."""
    own = doors.party()
    proof = own.token(tenant="t1", role="owner", nonce="canary")
    answers = [doors.add(own, proof=proof), doors.add(own, proof=proof, role_claim="x")]
    documents = doors.world.documents
    stored = [str(item.data) for item in documents.get(documents.paths())]

    for part in proof.split("."):
        assert part not in "\n".join([*stored, *doors.world.log.lines, *(str(item) for item in answers)])


def test_erasing_a_tenant_ends_its_issuers(doors: Doors) -> None:
    """Nothing of them is left, also what lies outside of the tenant; the pair is free again."""
    own = doors.party()
    doors.add(own)
    assert (200, None) == doors.reads(own.token(tenant="t1", role="owner"))
    start_erasure(doors.world.ports, tenant="t1", subject="owner-1", confirm="t1")
    doors.world.drain()
    doors.world.advance(hours=1)
    gone = doors.reads(own.token(tenant="t1", role="owner"))
    again = doors.add(own, token=doors.owner("t2"), proof=own.token(tenant="t2", role="owner"))

    assert 401 == gone[0]
    assert [] == [path for path in doors.world.documents.paths() if path.startswith("tenants/t1/locks")]
    assert 201 == again.status
