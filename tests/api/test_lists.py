"""Every list of the API is read page by page, and a page token is valid for its own list only."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.domain.booking.booking import Customer
from common.flows.booking.book import book
from tests.api.conftest import Answer, Http

START = datetime(2027, 3, 16, 9, tzinfo=UTC)
RESOURCE = {"name": "Someone", "time_zone": "Europe/Zurich"}
LISTS = [
    ("/resources", "resources"),
    ("/services", "services"),
    ("/resources/anna/absences", "absences"),
    ("/bookings", "bookings"),
    ("/bookings/proposals", "proposals"),
    ("/connections", "connections"),
    ("/invitations", "invitations"),
    ("/hooks", "hooks"),
    ("/tenant/notices", "notices"),
    ("/tenant/dead_letters", "dead_letters"),
    ("/tenant/audit", "entries"),
    ("/tenant/erasures", "erasures"),
]
EVERY = pytest.mark.parametrize(("path", "items"), LISTS)
FOR_STAFF = LISTS[:6]


@pytest.fixture
def filled(http: Http) -> Http:
    """Six resources (Anna is one of them) and three bookings with Anna."""
    for name in ("ben", "cleo", "dan", "eve", "finn"):
        http("PUT", f"/resources/{name}", json=RESOURCE)
    for hour in range(3):
        start = START + timedelta(minutes=30 * hour)
        book(
            http.world.ports,
            tenant="t1",
            service="cut",
            resource="anna",
            start=start,
            customer=Customer(f"Customer {hour}"),
        )
    return http


def page(http: Http, after: str | None, limit: int = 2, **more: Any) -> Answer:
    following = f"&page_token={after}" if after else ""
    return http("GET", f"/resources?limit={limit}{following}", **more)


def test_pages_join_to_the_whole_list(filled: Http) -> None:
    """Each item once, in one order; the last page has no token."""
    seen, token, sizes = [], None, []
    while True:
        answer = page(filled, token)
        seen += [item["id"] for item in answer.body["resources"]]
        sizes.append(len(answer.body["resources"]))
        token = answer.body["next_page_token"]
        if token is None:
            break

    assert seen == ["anna", "ben", "cleo", "dan", "eve", "finn"]
    assert sizes == [2, 2, 2]
    assert len(filled("GET", "/resources").body["resources"]) == 6


@EVERY
def test_every_list_takes_the_same_page_parameters(filled: Http, path: str, items: str) -> None:
    """With the same parameters, limits and refusals."""
    answer = filled("GET", f"{path}?limit=1")

    assert (answer.status, set(answer.body)) == (200, {items, "next_page_token"})
    assert len(answer.body[items]) <= 1
    for query in (
        "limit=0",
        "limit=201",
        "limit=ten",
        "limit=1_0",
        "limit=%2B5",
        "page=2",
        "limit=1&limit=2",
    ):
        assert filled("GET", f"{path}?{query}").status == 400, query
    for token in ("x", "", "a b", "AAAAAAAAAAAAAAAAAAAAAAAA", "A" * 601):
        refused = filled("GET", f"{path}?page_token={token}")
        assert (refused.status, refused.code in {"invalid_page_token", "invalid_fields"}) == (400, True), (
            token
        )


def test_a_page_token_is_valid_for_its_list_and_tenant_only(filled: Http) -> None:
    """For another list or tenant, or with one character changed, it is refused; the limit may change."""
    token = page(filled, None).body["next_page_token"]
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[-1] ^= 1
    forged = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()

    for answer in (
        page(filled, forged),
        page(filled, token, token="owner.t2.-"),
        filled("GET", f"/services?page_token={token}"),
        filled("GET", f"/bookings?page_token={token}"),
        filled("GET", f"/resources/anna/absences?page_token={token}"),
    ):
        assert (answer.status, answer.code) == (400, "invalid_page_token")
    assert len(page(filled, token, limit=200).body["resources"]) == 4


def test_a_page_token_is_valid_for_its_resource_only(filled: Http) -> None:
    """A token of one resource's list is refused in another resource's list."""
    for number in range(3):
        away = {"start": f"2027-04-0{number + 1}T08:00:00Z", "end": f"2027-04-0{number + 1}T09:00:00Z"}
        assert filled("PUT", f"/resources/anna/absences/a{number}", json=away).status == 201
    first = filled("GET", "/resources/anna/absences?limit=2").body

    rest = filled("GET", f"/resources/anna/absences?page_token={first['next_page_token']}")
    other = filled("GET", f"/resources/ben/absences?page_token={first['next_page_token']}")

    assert [item["id"] for item in rest.body["absences"]] == ["a2"]
    assert (other.status, other.code) == (400, "invalid_page_token")


@EVERY
def test_a_foreign_tenant_reads_an_empty_list(filled: Http, path: str, items: str) -> None:
    """Whatever is stored for other tenants."""
    assert filled("GET", path, token="owner.t2.-").body == {items: [], "next_page_token": None}


@EVERY
def test_roles_that_may_read_each_list(filled: Http, path: str, items: str) -> None:
    """Owners read all lists, staff those of their own resources, support none."""
    staff = filled("GET", path, token="staff.t1.ben")
    allowed = (path, items) in FOR_STAFF and "anna" not in path

    assert filled("GET", path, token="support.t1.-").status == 403
    assert filled("GET", path, token=None).status == 401
    if not allowed:
        assert staff.status == (404 if "anna" in path else 403)
    elif items == "services":
        assert [item["id"] for item in staff.body[items]] == ["cut"]
    elif items == "resources":
        assert [item["id"] for item in staff.body[items]] == ["ben"]
    else:
        assert staff.body[items] == []


def test_staff_list_bookings_of_their_own_resources_only(filled: Http) -> None:
    """On every page."""
    first = filled("GET", "/bookings?limit=2", token="staff.t1.anna").body
    rest = filled("GET", f"/bookings?page_token={first['next_page_token']}", token="staff.t1.anna").body
    names = [item["customer"]["name"] for item in [*first["bookings"], *rest["bookings"]]]

    assert sorted(names) == ["Customer 0", "Customer 1", "Customer 2"]
    assert {item["resource"] for item in first["bookings"]} == {"anna"}


def test_lists_accept_the_tenant_parameter_of_browsers(filled: Http) -> None:
    """The parameter by which a page's origin is checked changes no list."""
    assert len(filled("GET", "/resources?tenant=t1&limit=3").body["resources"]) == 3
