"""Tenants' own OpenID issuers: who may come in by them, and that none of them can speak for anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from common import wiring
from common.domain.issuers import Issuer, issuer_id
from tests.api.issuers.issuer_setup import HOME, OWN, Doors
from tests.issuers import AUDIENCE

NAME = issuer_id(OWN, AUDIENCE)


@pytest.fixture
def doors() -> Iterator[Doors]:
    yield Doors()
    wiring.use(None)


def test_staff_comes_in_by_an_issuer_of_the_tenants_own(doors: Doors) -> None:
    """Its keys are discovered; owners and staff have the same rights as by the installation's issuer."""
    own = doors.party()
    made = doors.add(own)
    caller = doors.installed.gate(own.token(tenant="t1", role="staff", resources=["anna"]))
    shown = doors.http("GET", "/issuers", token=own.token(tenant="t1", role="owner"))

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
def test_claims_are_called_as_the_issuer_calls_them(doors: Doors, claims: dict, body: dict) -> None:
    """Custom claims of Firebase, Auth0 and Entra are found by their name or path."""
    own = doors.party()
    made = doors.add(own, proof=own.token(**claims), **body)

    assert made.status == 201, made.body
    assert (200, None) == doors.reads(own.token(**claims))


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
def test_an_issuer_of_one_tenant_never_names_another(doors: Doors, claims: dict) -> None:
    """Whatever it signs, correctly, with its own keys: 403, and nothing of anybody is shown."""
    own = doors.party()
    doors.add(own)

    assert (403, "foreign_tenant") == doors.reads(own.token(role="owner", **claims))


@pytest.mark.parametrize("named", ["t1", "t2", "other"])
def test_an_issuer_without_a_tenant_claim_is_its_tenants_alone(doors: Doors, named: str) -> None:
    """Where the pair of issuer and audience says whose it is, no claim can say otherwise."""
    own = doors.party()
    doors.add(own, tenant_claim=None)
    caller = doors.installed.gate(own.token(tenant=named, role="owner", tenants=[named]))

    assert "t1" == caller.tenant


def test_a_tenant_cannot_take_over_anothers_issuer(doors: Doors) -> None:
    """Not by configuring it, not with other claims, and not with keys of its own."""
    own = doors.party()
    doors.add(own)
    intruder = doors.owner("t2")
    evil = doors.party("https://evil.example")
    evil.issuer.url = OWN
    forged = evil.issuer.sign(
        {"tenant": "t2", "role": "owner"}, audience=AUDIENCE, subject="x", now=own.clock.now()
    )

    taken = doors.add(own, token=intruder, proof=own.token(tenant="t2", role="owner"))
    pinned = doors.add(own, token=intruder, proof=own.token(tenant="t1", role="owner"), tenant_claim=None)
    keys = {"jwks_uri": "https://evil.example/jwks.json", "audience": "free"}
    elsewhere = doors.add(own, token=intruder, proof=forged, **keys)

    assert [(409, "issuer_taken")] * 2 == [(item.status, item.code) for item in (taken, pinned)]
    assert (400, "invalid_issuer") == (elsewhere.status, elsewhere.code)
    assert 401 == doors.reads(forged)[0]
    assert (200, None) == doors.reads(own.token(tenant="t1", role="owner"))


def test_a_tenant_cannot_take_over_the_installations_issuer(doors: Doors) -> None:
    """Its issuer and audience are taken; with another audience it needs that issuer's own signature."""
    same = doors.add(doors.home, token=doors.owner("t2"))
    doors.world.targets.documents[f"{HOME}/.well-known/openid-configuration"] = lambda: json.dumps(
        {"issuer": HOME, "jwks_uri": "https://evil.example/jwks.json"}
    ).encode()
    evil = doors.party("https://evil.example")
    other = doors.add(doors.home, token=doors.owner("t2"), proof=evil.token(iss=HOME, aud="x"), audience="x")

    assert (409, "issuer_taken") == (same.status, same.code)
    # The keys that were named prove another issuer's token, and none of this one.
    assert other.code == "proof_refused"
    assert 401 == doors.reads(evil.token(iss=HOME, tenant="t1", role="owner"))[0]


@pytest.mark.parametrize("tenant", ["t1", "t2"])
def test_a_tenants_own_issuer_cannot_mint_support(doors: Doors, tenant: str) -> None:
    """Support comes from the installation alone, for no tenant at all by anybody else's word."""
    own = doors.party()
    doors.add(own)
    doors.http("POST", "/tenant/support", token=doors.owner(), json={"reason": "look"})
    path = "/overview?resource=anna&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"
    by_own = doors.http("GET", path, token=own.token(tenant=tenant, role="support"))
    by_home = doors.http("GET", path, token=doors.home.token(tenant="t1", role="support"))

    assert (403, {"t1": "role_not_trusted", "t2": "foreign_tenant"}[tenant]) == (by_own.status, by_own.code)
    assert by_home.status == 200


def test_a_bound_issuer_of_the_installation_names_its_tenants_alone() -> None:
    """An operator's issuer for some tenants is for just those, and for support only where it says so."""
    url = "https://chain.example"
    doors = Doors(Issuer("installation-1", url, AUDIENCE, f"{HOME}/jwks.json", tenants=("t1", "t3")))
    said = [
        doors.reads(doors.home.token(iss=url, tenant=tenant, role=role))
        for tenant, role in (("t1", "owner"), ("t2", "owner"), ("t1", "support"))
    ]
    wiring.use(None)

    assert [(200, None), (403, "foreign_tenant"), (403, "role_not_trusted")] == said


def test_nobody_is_locked_out_unknowingly(doors: Doors) -> None:
    """What the caller came by stays, until the caller comes by something else."""
    own = doors.party()
    mine = own.token(tenant="t1", role="owner")
    closed_too_early = doors.http(
        "PUT", "/issuers/installation", token=doors.owner(), json={"accepted": False}
    )
    doors.add(own)
    by_home = doors.http("PUT", "/issuers/installation", token=doors.owner(), json={"accepted": False})
    itself = doors.http("DELETE", f"/issuers/{NAME}", token=mine)
    closed = doors.http("PUT", "/issuers/installation", token=mine, json={"accepted": False})
    doors.world.advance(minutes=1)
    mine = own.token(tenant="t1", role="owner")
    refused = doors.reads(doors.owner())
    last = doors.http("DELETE", f"/issuers/{NAME}", token=mine)
    others = doors.reads(doors.owner("t2"))
    opened = doors.http("PUT", "/issuers/installation", token=mine, json={"accepted": True})
    doors.world.advance(minutes=1)
    removed = doors.http("DELETE", f"/issuers/{NAME}", token=doors.owner())
    doors.world.advance(minutes=1)

    early = (closed_too_early, by_home, itself, last)
    assert [(409, "would_lock_out")] * 4 == [(item.status, item.code) for item in early]
    assert (200, {"accepted": False}) == (closed.status, closed.body)
    assert (403, "issuer_not_accepted") == refused
    assert (200, None) == others
    assert (200, 204) == (opened.status, removed.status)
    assert 401 == doors.reads(own.token(tenant="t1", role="owner"))[0]
