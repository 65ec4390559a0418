"""Resources and services go only when nothing depends on them, and leave nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from common.domain.booking.booking import Customer
from common.flows.booking.book import book
from tests.api.conftest import Answer, Http

START = datetime(2027, 3, 16, 9, tzinfo=UTC)


def changed(http: Http, path: str, **parts: Any) -> Answer:
    """The record with some fields changed."""
    seen = http("GET", path)
    body = {key: value for key, value in seen.body.items() if key != "id"}
    return http("PUT", path, json=body | parts, headers={"If-Match": seen.headers["ETag"]})


def booked(http: Http) -> str:
    """A booking of Anna's."""
    made = book(
        http.world.ports, tenant="t1", service="cut", resource="anna", start=START, customer=Customer("Carla")
    )
    return made.booking.id


def freed(http: Http) -> None:
    """Anna is switched off and offered by nothing."""
    http("PUT", "/resources/ben", json={"name": "Ben", "time_zone": "UTC"})
    assert changed(http, "/services/cut", resources=["ben"]).status == 200
    assert changed(http, "/resources/anna", active=False).status == 200


def test_a_service_can_be_deleted_once_it_is_switched_off(http: Http) -> None:
    """Nobody can book it between the look and the deletion."""
    on = http("DELETE", "/services/cut")
    changed(http, "/services/cut", active=False)
    tag = http("GET", "/services/cut").headers["ETag"]
    stale = http("DELETE", "/services/cut", headers={"If-Match": '"0-0"'})
    gone = http("DELETE", "/services/cut", headers={"If-Match": tag})

    assert (on.status, on.code) == (409, "still_active")
    assert (stale.status, stale.code, gone.status) == (412, "stale_version", 204)
    assert (http("GET", "/services/cut").status, http("DELETE", "/services/cut").status) == (404, 404)


@pytest.mark.parametrize("ended", [False, True])
def test_a_service_stays_once_it_was_booked(http: Http, ended: bool) -> None:
    """Bookings, cancelled and past ones too, name a service that is there."""
    name = booked(http)
    if ended:
        http("DELETE", f"/bookings/{name}")
        http.world.clock.advance_to(START.replace(month=9))
    changed(http, "/services/cut", active=False)
    refused = http("DELETE", "/services/cut")

    assert (refused.status, refused.code) == (409, "has_bookings")
    assert http("GET", "/services/cut").status == 200


@pytest.mark.parametrize(
    ("hindrance", "code"),
    [
        ("active", "still_active"),
        ("service", "offered_by_services"),
        ("booking", "has_bookings"),
        ("connection", "has_connections"),
    ],
)
def test_a_resource_stays_while_it_is_in_use(http: Http, hindrance: str, code: str) -> None:
    """The answer says what is in the way."""
    if hindrance == "booking":
        booked(http)
    if hindrance == "connection":
        http.world.connect()
    freed(http)
    if hindrance == "service":
        changed(http, "/services/cut", resources=["anna"])
    if hindrance == "active":
        changed(http, "/resources/anna", active=True)
    refused = http("DELETE", "/resources/anna")

    assert (refused.status, refused.code) == (409, code)
    assert http("GET", "/resources/anna").status == 200


def test_a_deleted_resource_leaves_nothing_but_its_history(http: Http) -> None:
    """Absences, agenda and feed go with it; what was booked in the past stays, and can be read."""
    name = booked(http)
    away = {"start": "2027-03-18T09:00:00Z", "end": "2027-03-18T10:00:00Z"}
    http("PUT", "/resources/anna/absences/away", json=away)
    feed = http("POST", "/resources/anna/feed", json={})
    http.world.clock.advance_to(START.replace(day=20))
    freed(http)
    job = http(
        "DELETE", "/resources/anna", headers={"If-Match": http("GET", "/resources/anna").headers["ETag"]}
    )
    at_once = http("GET", "/resources/anna").status
    http.world.drain()
    for _ in range(12):
        http.world.advance(minutes=2)
    receipt = http("GET", f"/tenant/erasures/{job.body['id']}").body
    left = [path for path in http.world.documents.paths() if "/resources/anna" in path]

    assert (job.status, job.body["bookings_kept"], at_once) == (202, True, 404)
    assert (receipt["stage"], receipt["finished_at"] is not None) == ("done", True)
    assert left == []
    assert http("GET", "/feeds/" + feed.body["url"].partition("/feeds/")[2], token=None).status == 404
    assert http("GET", f"/bookings/{name}").body["resource"] == "anna"
    assert [item["action"] for item in http("GET", "/tenant/audit").body["entries"]] == ["resource_deleted"]


def test_deleting_is_for_owners(http: Http) -> None:
    """Staff enter absences; what is offered is the owner's."""
    freed(http)

    for token in ("staff.t1.anna", "support.t1.-"):
        assert http("DELETE", "/resources/anna", token=token).status == 403
        assert http("DELETE", "/services/cut", token=token).status == 403
    assert http("DELETE", "/resources/anna", token="owner.t2.-").status == 404
    assert http("DELETE", "/services/cut", token="owner.t2.-").status == 404


def test_a_service_cannot_name_a_resource_that_is_gone(http: Http) -> None:
    """Neither can an absence be entered for it."""
    freed(http)
    http("DELETE", "/resources/anna")
    away = {"start": "2027-03-18T09:00:00Z", "end": "2027-03-18T10:00:00Z"}

    assert changed(http, "/services/cut", resources=["anna"]).code == "unknown_resource"
    assert http("PUT", "/resources/anna/absences/x", json=away).status == 404
