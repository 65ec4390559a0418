"""The tenant's policies, a resource's hours, and who may call what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from common.api.http import Access
from common.api.routes import Route
from common.domain.issuers import Role
from openapi.functions import function, names
from openapi.parameters import PATH_PARAMETERS
from tests.api.conftest import Answer, Http

ANY = {"If-Match": "*"}
TENANT = {"name": "Salon", "time_zone": "Europe/Zurich"}
RESOURCE = {"name": "Anna", "time_zone": "Europe/Zurich"}


@pytest.mark.parametrize(
    "origin",
    ["https://salon.example", "https://salon.example:8443", "http://localhost:5173", "https://[::1]:8443"],
)
def test_pages_of_a_registered_origin_may_call(http: Http, origin: str) -> None:
    """For this tenant alone, and with this very spelling."""
    put = http("PUT", "/tenant", json=TENANT | {"allowed_origins": [origin]}, headers=ANY)
    http("PUT", "/tenant", token="owner.t2.-", json=TENANT)
    seen = {
        page: http("GET", f"/services?tenant={tenant}", headers={"Origin": page}).headers.get(
            "Access-Control-Allow-Origin"
        )
        for page, tenant in ((origin, "t1"), (f"{origin}1", "t1"), (origin.replace("http", "HTTP"), "t1"))
    }
    elsewhere = http("GET", "/services?tenant=t2", token="owner.t2.-", headers={"Origin": origin})

    assert put.body["allowed_origins"] == [origin]
    assert list(seen.values()) == [origin, None, None]
    assert "Access-Control-Allow-Origin" not in elsewhere.headers


@pytest.mark.parametrize(("own", "other"), [("t1", "t2"), ("t2", "t1")])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_token_opens_no_page_of_another_tenant(http: Http, own: str, other: str, method: str) -> None:
    """Neither reads nor changes: the query cannot choose whose pages are asked about."""
    for tenant in ("t1", "t2"):
        origins = {"allowed_origins": [f"https://{tenant}.example"]}
        http(
            "PUT",
            "/tenant",
            token=f"owner.{tenant}.-",
            json=TENANT | origins,
            headers=ANY if tenant == "t1" else {},
        )
    body = {"json": TENANT} if method == "PUT" else {}

    def call(tenant: str, page: str) -> Answer:
        headers = ANY | {"Origin": f"https://{page}.example"}
        return http(method, f"/tenant?tenant={tenant}", token=f"owner.{own}.-", headers=headers, **body)

    lured, honest = call(other, page=other), call(other, page=own)
    strange = call(own, page=other)
    unnamed = http("GET", "/tenant", token=f"owner.{own}.-", headers={"Origin": f"https://{own}.example"})

    assert (lured.status, lured.code) == (honest.status, honest.code) == (403, "tenant_mismatch")
    assert (strange.status, strange.code) == ((200, None) if method == "GET" else (403, "origin_not_allowed"))
    seen = [item.headers.get("Access-Control-Allow-Origin") for item in (lured, honest, strange, unnamed)]
    assert seen == [None, f"https://{own}.example", None, f"https://{own}.example"]
    assert http("GET", "/tenant", token=f"owner.{own}.-").body["allowed_origins"] == [
        f"https://{own}.example"
    ]


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "null", "https://*.salon.example", "salon.example", "ftp://salon.example"),
        *("https://salon.example/", "https://salon.example/page", "https://Salon.example"),
        *("https://salon.example:443", "http://salon.example:80", "https://salon.example:99999"),
        *("https://user@salon.example", "https://", "https://salon.example ", "https://[::1"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(http: Http, origin: str) -> None:
    """It would never match, or match too much."""
    answer = http("PUT", "/tenant", json=TENANT | {"allowed_origins": [origin]}, headers=ANY)

    assert (answer.status, answer.code) == (400, "invalid_fields")
    assert [error["field"] for error in answer.body["errors"]] == ["allowed_origins.0"]


@pytest.mark.parametrize(("minutes", "status"), [(None, 200), (1, 200), (1440, 200), (0, 400), (1441, 400)])
def test_the_policy_for_silent_calendars_is_closed_or_a_grace(
    http: Http, minutes: int | None, status: int
) -> None:
    """Null offers nothing at once; a grace is minutes of a day at most, and never forgotten."""
    answer = http("PUT", "/tenant", json=TENANT | {"grace_minutes": minutes}, headers=ANY)

    assert answer.status == status
    if status == 200:
        assert http("GET", "/tenant").body["grace_minutes"] == minutes


def test_each_kind_of_edit_has_its_policy(http: Http) -> None:
    """Time, text and deletion; nothing else, and no other word."""
    edits = {"time": "revert", "text": "propose", "deletion": "apply"}
    put = http("PUT", "/tenant", json=TENANT | {"owner_edits": edits}, headers=ANY)

    assert put.body["owner_edits"] == edits
    for wrong in ({"time": "ignore"}, {"place": "apply"}, {"time": None}):
        assert http("PUT", "/tenant", json=TENANT | {"owner_edits": wrong}, headers=ANY).status == 400


@pytest.mark.parametrize(
    "hours",
    [
        ["10:00-12:00", "11:00-13:00"],
        ["13:00-14:00", "09:00-10:00"],
        ["10:03-12:00"],
        ["12:00-10:00"],
        ["10:00-10:00"],
        ["22:00-26:00"],
        ["24:00-24:00"],
        ["nine to five"],
    ],
    ids=str,
)
@pytest.mark.parametrize("where", ["weekly", "override"])
def test_hours_are_in_order_on_the_grid_and_apart(http: Http, hours: list[str], where: str) -> None:
    """The same rules for a weekday and for a date."""
    parts = {"hours": {"monday": hours}} if where == "weekly" else {"overrides": {"2027-03-28": hours}}
    answer = http("PUT", "/resources/ben", json=RESOURCE | parts)

    assert (answer.status, answer.code) == (400, "invalid_fields")
    assert http("GET", "/resources/ben").status == 404


def starts(http: Http, day: str) -> list[str]:
    before = date.fromisoformat(day) - timedelta(days=1)
    window = f"from={before}T21:00:00Z&to={day}T23:30:00Z&tz=Europe/Zurich"
    question = f"tenant=t1&service=cut&resource=anna&{window}"
    return [slot["start"] for slot in http("GET", f"/slots?{question}", token=None).body["slots"]]


@pytest.mark.parametrize(
    ("day", "first", "last", "count"),
    [
        ("2027-03-28", "2027-03-28T01:00:00+01:00", "2027-03-28T03:30:00+02:00", 7),
        ("2027-10-31", "2027-10-31T01:00:00+02:00", "2027-10-31T03:30:00+01:00", 15),
    ],
)
def test_an_override_holds_on_the_day_the_clocks_change(
    http: Http, day: str, first: str, last: str, count: int
) -> None:
    """From one to four on the wall clock is two hours in spring and four in autumn."""
    body = RESOURCE | {"hours": {"sunday": ["09:00-10:00"]}, "overrides": {day: ["01:00-04:00"]}}
    assert http("PUT", "/resources/anna", json=body, headers=ANY).status == 200
    found = starts(http, day)

    assert (found[0], found[-1], len(found)) == (first, last, count)


def doors() -> Iterator[tuple[str, Route]]:
    """Every route that asks for a member of staff."""
    for name in names():
        for route in function(name).routes:
            if route.access is Access.STAFF:
                yield name, route


@pytest.mark.parametrize(
    ("name", "route"),
    [pytest.param(*item, id=f"{item[0]} {item[1].method} {item[1].path}") for item in doors()],
)
def test_every_route_demands_its_roles(http: Http, name: str, route: Route) -> None:
    """Who has another role is refused before anything is read; without a token nobody comes in."""
    path = route.path
    for part, known in PATH_PARAMETERS.items():
        path = path.replace(f"<{part}>", str(known["example"]))
    more = {"json": {}} if route.body else {}
    refused = {
        role: http(route.method, f"/{name}{path}", token=f"{role.value}.t1.-", **more).code
        for role in Role
        if role not in route.roles
    }

    assert set(refused.values()) <= {"role_not_allowed"}
    assert http(route.method, f"/{name}{path}", token=None, **more).status == 401
    assert Role.OWNER in route.roles or name == "overview"
