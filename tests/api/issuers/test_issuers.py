"""Tenants' own OpenID issuers: who is admitted by their tokens, and that none can speak for other tenants."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from common import wiring
from common.domain.issuers import Issuer, issuer_id
from tests.api.issuers.issuer_setup import HOME, OWN, IssuerWorld
from tests.issuers import AUDIENCE

NAME = issuer_id(OWN, AUDIENCE)


@pytest.fixture
def issuer_world() -> Iterator[IssuerWorld]:
    yield IssuerWorld()
    wiring.use(None)


def test_staff_are_admitted_by_the_tenants_own_issuer(issuer_world: IssuerWorld) -> None:
    """Its keys are discovered; roles mean the same as in tokens of the installation's issuer."""
    own = issuer_world.make_issuer()
    made = issuer_world.add(own)
    caller = issuer_world.installed.authenticate_staff(
        own.token(tenant="t1", role="staff", resources=["anna"])
    )
    shown = issuer_world.http("GET", "/issuers", token=own.token(tenant="t1", role="owner"))

    assert (201, f"{OWN}/jwks.json") == (made.status, made.body["jwks_uri"])
    assert ("t1", ("anna",), NAME, f"{NAME[:10]}:customer-7") == (
        caller.tenant,
        caller.resources,
        caller.issuer,
        caller.subject,
    )
    assert [NAME] == [item["id"] for item in shown.body["issuers"]]
    assert {"accepted": True, "issuers": [{"issuer": HOME, "audience": AUDIENCE}]} == shown.body[
        "installation"
    ]


@pytest.mark.parametrize(
    ("claims", "body"),
    [
        ({"role": ["reader", "owner"], "tenant": "t1"}, {}),
        (
            {"https://salon.example/role": "owner", "tenant": "t1"},
            {"role_claim": "https://salon.example/role"},
        ),
        (
            {"firebase": {"tenant": "salon-ab12"}, "role": "owner"},
            {"tenant_claim": "firebase.tenant", "tenant_value": "salon-ab12"},
        ),
        ({"tid": "5107b21d", "roles": ["owner"]}, {"tenant_claim": None, "role_claim": "roles"}),
    ],
    ids=["list", "name space", "firebase", "entra"],
)
def test_claim_names_are_configurable(issuer_world: IssuerWorld, claims: dict, body: dict) -> None:
    """The custom claims of Firebase, Auth0 and Entra are found by their name or path."""
    own = issuer_world.make_issuer()
    made = issuer_world.add(own, proof=own.token(**claims), **body)

    assert made.status == 201, made.body
    assert (200, None) == issuer_world.staff_answer(own.token(**claims))


FOREIGN = [
    {"tenant": "t2"},
    {"tenant": ["t1", "t2"]},
    {"tenant": {"t2": "t2"}},
    {"tenant": ""},
    {"tenant": None},
    {"tenant": "T1"},
    {"tenant": "t1 "},
    {"tenant": "t1/../t2"},
]


@pytest.mark.parametrize("claims", FOREIGN, ids=str)
def test_a_tenants_issuer_cannot_name_another_tenant(issuer_world: IssuerWorld, claims: dict) -> None:
    """A correctly signed token that names another tenant gets 403, and shows nothing."""
    own = issuer_world.make_issuer()
    issuer_world.add(own)

    assert (403, "foreign_tenant") == issuer_world.staff_answer(own.token(role="owner", **claims))


@pytest.mark.parametrize("named", ["t1", "t2", "other"])
def test_an_issuer_without_a_tenant_claim_belongs_to_its_tenant(
    issuer_world: IssuerWorld, named: str
) -> None:
    """The issuer and audience say which tenant it is, and no claim can say otherwise."""
    own = issuer_world.make_issuer()
    issuer_world.add(own, tenant_claim=None)
    caller = issuer_world.installed.authenticate_staff(own.token(tenant=named, role="owner", tenants=[named]))

    assert "t1" == caller.tenant


def test_a_tenant_cannot_take_over_anothers_issuer(issuer_world: IssuerWorld) -> None:
    """Not by configuring it, nor with other claims, nor with its own keys."""
    own = issuer_world.make_issuer()
    issuer_world.add(own)
    intruder = issuer_world.owner("t2")
    evil = issuer_world.make_issuer("https://evil.example")
    evil.issuer.url = OWN
    forged = evil.issuer.sign(
        {"tenant": "t2", "role": "owner"}, audience=AUDIENCE, subject="x", now=own.clock.now()
    )

    taken = issuer_world.add(own, token=intruder, proof=own.token(tenant="t2", role="owner"))
    pinned = issuer_world.add(
        own, token=intruder, proof=own.token(tenant="t1", role="owner"), tenant_claim=None
    )
    keys = {"jwks_uri": "https://evil.example/jwks.json", "audience": "free"}
    elsewhere = issuer_world.add(own, token=intruder, proof=forged, **keys)

    assert [(409, "issuer_taken")] * 2 == [(item.status, item.code) for item in (taken, pinned)]
    assert (400, "invalid_issuer") == (elsewhere.status, elsewhere.code)
    assert 401 == issuer_world.staff_answer(forged)[0]
    assert (200, None) == issuer_world.staff_answer(own.token(tenant="t1", role="owner"))


def test_a_tenant_cannot_take_over_the_installations_issuer(issuer_world: IssuerWorld) -> None:
    """Its issuer and audience are taken; for another audience a token of that issuer is needed."""
    same = issuer_world.add(issuer_world.home, token=issuer_world.owner("t2"))
    issuer_world.world.targets.documents[f"{HOME}/.well-known/openid-configuration"] = lambda: json.dumps(
        {"issuer": HOME, "jwks_uri": "https://evil.example/jwks.json"}
    ).encode()
    evil = issuer_world.make_issuer("https://evil.example")
    other = issuer_world.add(
        issuer_world.home, token=issuer_world.owner("t2"), proof=evil.token(iss=HOME, aud="x"), audience="x"
    )

    assert (409, "issuer_taken") == (same.status, same.code)
    # The keys that were named prove another issuer's token, and none of this one.
    assert other.code == "proof_refused"
    assert 401 == issuer_world.staff_answer(evil.token(iss=HOME, tenant="t1", role="owner"))[0]


@pytest.mark.parametrize("tenant", ["t1", "t2"])
def test_a_tenants_issuer_cannot_grant_the_support_role(issuer_world: IssuerWorld, tenant: str) -> None:
    """Only the installation's issuer can, for any tenant."""
    own = issuer_world.make_issuer()
    issuer_world.add(own)
    issuer_world.http("POST", "/tenant/support", token=issuer_world.owner(), json={"reason": "look"})
    path = "/overview?resource=anna&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"
    by_own = issuer_world.http("GET", path, token=own.token(tenant=tenant, role="support"))
    by_home = issuer_world.http("GET", path, token=issuer_world.home.token(tenant="t1", role="support"))

    assert (403, {"t1": "role_not_trusted", "t2": "foreign_tenant"}[tenant]) == (by_own.status, by_own.code)
    assert by_home.status == 200


def test_an_installation_issuer_limited_to_tenants() -> None:
    """It is valid for the tenants that it lists, and for support only where its settings say so."""
    url = "https://chain.example"
    issuer_world = IssuerWorld(
        Issuer("installation-1", url, AUDIENCE, f"{HOME}/jwks.json", tenants=("t1", "t3"))
    )
    said = [
        issuer_world.staff_answer(issuer_world.home.token(iss=url, tenant=tenant, role=role))
        for tenant, role in (("t1", "owner"), ("t2", "owner"), ("t1", "support"))
    ]
    wiring.use(None)

    assert [(200, None), (403, "foreign_tenant"), (403, "role_not_trusted")] == said


def test_a_caller_cannot_remove_the_issuer_of_their_own_token(issuer_world: IssuerWorld) -> None:
    """It can be removed once the caller uses a token of another issuer."""
    own = issuer_world.make_issuer()
    mine = own.token(tenant="t1", role="owner")
    closed_too_early = issuer_world.http(
        "PUT", "/issuers/installation", token=issuer_world.owner(), json={"accepted": False}
    )
    issuer_world.add(own)
    by_home = issuer_world.http(
        "PUT", "/issuers/installation", token=issuer_world.owner(), json={"accepted": False}
    )
    itself = issuer_world.http("DELETE", f"/issuers/{NAME}", token=mine)
    closed = issuer_world.http("PUT", "/issuers/installation", token=mine, json={"accepted": False})
    issuer_world.world.advance(minutes=1)
    mine = own.token(tenant="t1", role="owner")
    refused = issuer_world.staff_answer(issuer_world.owner())
    last = issuer_world.http("DELETE", f"/issuers/{NAME}", token=mine)
    others = issuer_world.staff_answer(issuer_world.owner("t2"))
    opened = issuer_world.http("PUT", "/issuers/installation", token=mine, json={"accepted": True})
    issuer_world.world.advance(minutes=1)
    removed = issuer_world.http("DELETE", f"/issuers/{NAME}", token=issuer_world.owner())
    issuer_world.world.advance(minutes=1)

    early = (closed_too_early, by_home, itself, last)
    assert [(409, "would_lock_out")] * 4 == [(item.status, item.code) for item in early]
    assert (200, {"accepted": False}) == (closed.status, closed.body)
    assert (403, "issuer_not_accepted") == refused
    assert (200, None) == others
    assert (200, 204) == (opened.status, removed.status)
    assert 401 == issuer_world.staff_answer(own.token(tenant="t1", role="owner"))[0]
