"""Export and erasure as an owner calls them: complete, confirmed, tracked, told, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Http
from tests.api.privacy.test_overview import CUSTOMER, book, synchronised
from tests.api.privacy.test_privacy import FOREIGN, stored, tasks
from tests.world import ACCOUNT

OWNER = "owner.t1.-"
ADDRESS = f"{CUSTOMER}@example.com"


def exported(http: Http, **wish: Any) -> list[dict[str, Any]]:
    """All pages of an export."""
    documents: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = http("POST", "/tenant/export", token=OWNER, json={**wish, **after})
        assert answer.status == 200, answer.body
        documents += answer.body["documents"]
        if answer.body["next"] is None:
            return documents
        after = {"after": answer.body["next"]}


def erased(http: Http, **wish: Any) -> Any:
    """Order an erasure, let it run, and read its receipt."""
    ordered = http("POST", "/tenant/erasures", token=OWNER, json=wish)
    assert ordered.status == 202, ordered.body
    http.world.drain()
    http.world.advance(hours=1)
    return http("GET", f"/tenant/erasures/{ordered.body['id']}", token=OWNER).body


def test_an_owner_reads_everything_and_no_secret(http: Http) -> None:
    """G4: JSON, page by page; what opens something is not in it."""
    synchronised(http, show=False, imports={"mode": "full", "private": "full"})
    book(http)
    http("POST", "/resources/anna/feed", token=OWNER, json={})
    documents = exported(http)
    paths = [item["path"] for item in documents]
    text = str(documents)

    assert {path.split("/")[2] for path in paths if path.count("/") > 2} >= {
        "bookings",
        "connections",
        "resources",
    }
    assert (paths[0], ADDRESS in text, FOREIGN[0] in text) == ("tenants/t1", True, True)
    assert [word for word in ("sealed", "secret_hash", "refresh_token", "/grants/") if word in text] == []
    assert [item["data"]["interval"]["start"] for item in documents if "/bookings/" in item["path"]] == [
        "2027-03-16T15:00:00+00:00"
    ]


def test_a_customers_export_is_about_that_customer(http: Http) -> None:
    """By address, however it is spelled; the address is in no log line."""
    book(http)
    mine = exported(http, customer=ADDRESS.upper())

    assert [item["data"]["customer"]["name"] for item in mine] == [CUSTOMER]
    assert exported(http, customer="somebody@example.com") == []
    assert CUSTOMER not in "\n".join(http.world.log.lines)


def test_a_customer_is_erased_with_a_receipt(http: Http) -> None:
    """G4: tracked, told, and gone from the store, the calendar, logs and tasks."""
    synchronised(http, show=False)
    book(http)
    receipt = erased(http, customer=ADDRESS, confirm=ADDRESS)
    kept = [stored(http.world), tasks(http.world), *http.world.log.lines]
    trail = http("GET", "/tenant/audit", token=OWNER).body["entries"]

    assert (receipt["stage"], receipt["bookings_anonymised"], receipt["events_left"]) == ("done", 1, 0)
    assert receipt["finished_at"] is not None
    assert CUSTOMER not in "\n".join(kept) + str(http.world.google.inspect.events(ACCOUNT)) + str(receipt)
    assert [(item["action"], item["target"].split("/")[0]) for item in trail] == [
        ("erasure_started", "customer")
    ]
    assert http("GET", "/tenant/erasures", token=OWNER).body["erasures"] == [receipt]


def test_a_tenant_is_erased_with_a_receipt(http: Http) -> None:
    """G4: the owner can still read that it is done; everything else is as if it had never been."""
    synchronised(http, show=False, imports={"mode": "full", "private": "full"})
    book(http)
    receipt = erased(http, confirm="t1")

    assert (receipt["scope"], receipt["stage"], receipt["connections_ended"]) == ("tenant", "done", 1)
    assert http("GET", "/tenant", token=OWNER).status == 404
    assert http("GET", "/resources", token=OWNER).body["resources"] == []
    assert [word for word in (*FOREIGN, CUSTOMER, ACCOUNT) if word in stored(http.world)] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"confirm": "t2"}, 400),
        ({"confirm": "anna"}, 400),
        ({"confirm": "t1", "resource": "anna"}, 400),
        ({"confirm": "anna", "resource": "anna", "customer": ADDRESS}, 400),
        ({"confirm": "bob", "resource": "bob"}, 404),
        ({"confirm": "t1", "tenant": "t1"}, 400),
    ],
    ids=str,
)
def test_an_unconfirmed_erasure_is_refused(http: Http, body: dict[str, Any], status: int) -> None:
    """The name has to be repeated, and only one thing can be named."""
    assert http("POST", "/tenant/erasures", token=OWNER, json=body).status == status
    assert http("GET", "/tenant/erasures", token=OWNER).body["erasures"] == []


@pytest.mark.parametrize("after", ["tenants/t2/bookings/x", "tenants/t1/../t2/x", "outbox/x"])
def test_an_export_stays_inside_its_tenant(http: Http, after: str) -> None:
    """G3: no place that a caller sends leads to another tenant."""
    assert http("POST", "/tenant/export", token=OWNER, json={"after": after}).status == 404
    foreign = http("POST", "/tenant/export", token="owner.t2.-", json={})
    # Reading it is all that ever happened there, and that is told.
    assert {item["path"].rsplit("/", 1)[0] for item in foreign.body["documents"]} == {"tenants/t2/audit"}


@pytest.mark.parametrize("token", ["staff.t1.anna", "support.t1.-"])
def test_only_owners_export_and_erase(http: Http, token: str) -> None:
    """Staff and support do neither, and read no receipt."""
    assert http("POST", "/tenant/export", token=token, json={}).status == 403
    assert http("POST", "/tenant/erasures", token=token, json={"confirm": "t1"}).status == 403
    assert http("GET", "/tenant/erasures", token=token).status == 403
    assert http("GET", "/tenant/erasures/x", token=OWNER).status == 404
