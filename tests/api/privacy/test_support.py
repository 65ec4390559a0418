"""Support access: only under the owner's grant, only while it lasts, and every look is in the trail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Http
from tests.api.privacy.test_overview import CUSTOMER, DAY, book, synchronised
from tests.whole_lists import every

OWNER, SUPPORT = "owner.t1.-", "support.t1.-"


def allow(http: Http, **body: Any) -> Any:
    http.world.advance(seconds=1)
    answer = http("POST", "/tenant/support", token=OWNER, json={"reason": "Slots are missing", **body})
    assert answer.status == 201, answer.body
    return answer.body


def look(http: Http) -> Any:
    """Support looks, a second after whatever happened before."""
    http.world.advance(seconds=1)
    return http("GET", DAY, token=SUPPORT)


def trail(http: Http) -> list[tuple[str, str]]:
    entries = http("GET", "/tenant/audit", token=OWNER).body["entries"]
    return [(entry["action"], entry["who"]) for entry in entries]


def test_support_sees_nothing_without_a_grant_and_the_attempt_is_audited(http: Http) -> None:
    """G2: no grant, no look; the owner reads that somebody tried."""
    answer = http("GET", DAY, token=SUPPORT)

    assert (answer.status, answer.code) == (403, "no_support_grant")
    assert trail(http) == [("support_refused", "support-1")]


@pytest.mark.pitfall(25)
def test_a_grant_lets_support_read_and_every_read_is_audited(http: Http) -> None:
    """G2: who, when, what and why, newest first; the answer holds no customer's address or note."""
    synchronised(http, show=True)
    book(http)
    grant = allow(http, ticket="CASE-7")
    answer = look(http)
    look(http)
    entries = http("GET", "/tenant/audit", token=OWNER).body["entries"]

    assert answer.status == 200
    assert [item["customer"] for item in answer.body["bookings"]] == [
        {"name": CUSTOMER, "email": None, "phone": None, "time_zone": None}
    ]
    assert answer.body["bookings"][0]["note"] is None
    assert [entry["action"] for entry in entries] == ["support_read", "support_read", "support_granted"]
    last = entries[0]
    assert last["target"] == "overview/anna/20270316T0000Z-20270317T0000Z"
    assert (last["reason"], last["ticket"], last["grant"]) == ("Slots are missing", "CASE-7", grant["id"])
    assert last["at"] > entries[1]["at"]


def test_a_grant_ends_by_the_clock(http: Http) -> None:
    """A day unless the owner says otherwise, a week at most."""
    allow(http)
    http.world.advance(hours=23, minutes=59)
    assert http("GET", DAY, token=SUPPORT).status == 200
    http.world.advance(minutes=1)
    assert http("GET", DAY, token=SUPPORT).code == "no_support_grant"
    allow(http, hours=168)
    http.world.advance(days=6, hours=23)
    assert http("GET", DAY, token=SUPPORT).status == 200
    assert http("POST", "/tenant/support", token=OWNER, json={"reason": "x", "hours": 169}).status == 400


def test_a_revoked_grant_allows_nothing_from_that_moment(http: Http) -> None:
    """Revoking twice is fine, and the list says what is active."""
    grant = allow(http)
    http.world.advance(seconds=1)
    assert http("DELETE", f"/tenant/support/{grant['id']}", token=OWNER).status == 200
    assert http("DELETE", f"/tenant/support/{grant['id']}", token=OWNER).status == 200
    listed = http("GET", "/tenant/support", token=OWNER).body

    assert look(http).code == "no_support_grant"
    assert [(item["active"], item["revoked_by"]) for item in listed["grants"]] == [(False, "owner-1")]
    assert trail(http)[1:] == [("support_revoked", "owner-1"), ("support_granted", "owner-1")]


def test_the_lock_beats_every_grant(http: Http) -> None:
    """G2: while support is locked out nothing is shown, and nothing can be granted."""
    allow(http)
    http("PUT", "/tenant/support", token=OWNER, json={"locked": True})

    assert look(http).code == "support_locked"
    assert http("POST", "/tenant/support", token=OWNER, json={"reason": "x"}).code == "support_locked"
    assert [item["active"] for item in http("GET", "/tenant/support", token=OWNER).body["grants"]] == [False]
    assert trail(http)[0] == ("support_refused", "support-1")
    # Storing the tenant's other settings does not lift the lock.
    http("PUT", "/tenant", token=OWNER, json={"name": "Salon", "time_zone": "Europe/Zurich"})
    assert http("GET", DAY, token=SUPPORT).code == "support_locked"
    http("PUT", "/tenant/support", token=OWNER, json={"locked": False})
    assert http("GET", DAY, token=SUPPORT).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/connections"),
        ("POST", "/connections"),
        ("GET", "/resources"),
        ("PUT", "/resources/anna"),
        ("POST", "/resources/anna/feed"),
        ("GET", "/services"),
        ("GET", "/tenant"),
        ("GET", "/tenant/audit"),
        ("GET", "/tenant/support"),
        ("POST", "/tenant/support"),
        ("PUT", "/tenant/support"),
        ("POST", "/tenant/export"),
        ("POST", "/tenant/erasures"),
        ("GET", "/bookings/b1"),
        ("POST", "/bookings"),
        ("GET", "/slots/explain?service=cut&resource=anna&at=2027-03-16T09:00:00Z"),
    ],
)
def test_support_may_do_nothing_else(http: Http, method: str, path: str) -> None:
    """A grant opens the overview, to be read, and nothing beside it."""
    allow(http)

    assert http(method, path, token=SUPPORT, json={} if method in {"POST", "PUT"} else None).status == 403


def test_a_grant_of_one_tenant_opens_no_other(http: Http) -> None:
    """G3: support of another tenant has no use of it."""
    allow(http)

    assert http("GET", DAY, token="support.t2.-").code == "no_support_grant"
    assert trail(http) == [("support_granted", "owner-1")]


@pytest.mark.parametrize("token", ["staff.t1.anna", SUPPORT])
def test_only_the_owner_grants_and_reads_the_trail(http: Http, token: str) -> None:
    """Neither staff nor support decide about support."""
    assert http("POST", "/tenant/support", token=token, json={"reason": "x"}).status == 403
    assert http("GET", "/tenant/audit", token=token).status == 403


def test_the_trail_is_read_in_pages_and_never_changed(http: Http) -> None:
    """Every entry once, newest first, also where several are of one moment; none can be replaced."""
    for number in range(7):
        http("GET", DAY, token=f"support.t1.{number}")
    seen: list[str] = []
    after = ""
    while True:
        page = http("GET", f"/tenant/audit?limit=3{after}", token=OWNER).body
        seen += [entry["id"] for entry in page["entries"]]
        if page["next_page_token"] is None:
            break
        after = f"&page_token={page['next_page_token']}"
    entry = every(http.world.ports.lists.audit, "t1")[0]
    http.world.ports.support.record(entry)

    assert len(seen) == len(set(seen)) == 7
    assert seen == [item["id"] for item in http("GET", "/tenant/audit", token=OWNER).body["entries"]]
    assert http("GET", "/tenant/audit?page_token=nothing", token=OWNER).code == "invalid_page_token"
    assert http("GET", "/tenant/audit?limit=0", token=OWNER).status == 400
