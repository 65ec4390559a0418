"""Every answer with an array has pages, or is listed here with the reason why it is bounded."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.calendar.connection import ProviderKind
from openapi.functions import whole
from tests.api.conftest import Http
from tests.api.connect.test_connections import STAFF
from tests.api.privacy.test_export_readable import imported

BOTH = pytest.mark.parametrize("provider", list(ProviderKind), ids=str)
# Answers with several things in them that are no list of records, by what bounds each.
ONE_ANSWER = {
    "getConnection": "a record: its calendars are settings of it, and listCalendars has pages",
    "previewSync": "a record: a line a calendar",
    "getHealth": "a record: a line a calendar",
    "getHook": "a record: the kinds of events that there are",
    "getOffer": "the providers that there are",
    "listIssuers": "ten at most: more are refused with too_many_issuers",
    "getOverview": "one view of at most 62 days",
    "getService": "a record: 200 resources at most",
    "listSlots": "one question of at most 62 days",
    "explainSlot": "the reasons of one moment",
    "getTenant": "a record: 50 of each at most",
}


def read_all_pages(http: Http, path: str, items: str, limit: int, **options: Any) -> list[Any]:
    """The items of all pages in turn."""
    found: list[Any] = []
    glue, after = "&" if "?" in path else "?", ""
    while True:
        answer = http("GET", f"{path}{glue}limit={limit}{after}", **options)
        assert answer.status == 200, answer
        assert len(answer.body[items]) <= limit
        found += answer.body[items]
        if answer.body["next_page_token"] is None:
            return found
        after = f"&page_token={answer.body['next_page_token']}"


def test_every_answer_with_a_list_has_pages_or_a_bound() -> None:
    """A new route with an array in its answer needs pages, or an entry above with its reason."""
    unbounded, known = set(), set()
    for entry in whole()["paths"].values():
        operation = entry.get("get")
        if operation is None:
            continue
        shape = resolved(operation["responses"]["200"]) if "200" in operation["responses"] else {}
        name, fields = operation["operationId"], shape.get("properties", {})
        arrays = [item for item in (shape, *map(of, fields.values())) if item.get("type") == "array"]
        known |= {name} & set(ONE_ANSWER)
        if arrays and "next_page_token" not in fields and name not in ONE_ANSWER:
            unbounded.add(name)

    assert unbounded == set()
    assert known == set(ONE_ANSWER)


def of(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = whole()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def resolved(answer: dict[str, Any]) -> dict[str, Any]:
    content = answer.get("content", {})
    return of(content["application/json"]["schema"]) if "application/json" in content else {}


def test_support_grants_have_pages(http: Http) -> None:
    """Newest first, each with whether it is valid; every page says whether support is locked out."""
    for number in range(5):
        http.world.advance(seconds=1)
        hours = {"reason": f"case {number}", "hours": 1 + 24 * (number % 2)}
        assert http("POST", "/tenant/support", json=hours).status == 201
    http.world.advance(hours=2)
    whole_list = read_all_pages(http, "/tenant/support", "grants", 200)
    page = http("GET", "/tenant/support?limit=2").body
    http("PUT", "/tenant/support", json={"locked": True})
    rest = http("GET", f"/tenant/support?page_token={page['next_page_token']}").body

    assert [item["reason"] for item in whole_list] == [f"case {number}" for number in (4, 3, 2, 1, 0)]
    assert [item["active"] for item in whole_list] == [False, True, False, True, False]
    assert read_all_pages(http, "/tenant/support", "grants", 2) == [
        item | {"active": False} for item in whole_list
    ]
    assert (page["locked"], rest["locked"]) == (False, True)
    assert [item["active"] for item in rest["grants"]] == [False, False, False]
    foreign = http("GET", f"/tenant/support?page_token={page['next_page_token']}", token="owner.t2.-")
    assert (foreign.status, foreign.code) == (400, "invalid_page_token")


@BOTH
def test_imported_events_have_pages(http: Http, provider: ProviderKind) -> None:
    """By time, the same for every page size; a token is valid for its calendar, window and zone only."""
    name = imported(http, provider, "full")
    (calendar,) = http("GET", f"/connections/{name}/calendars", token=STAFF).body["calendars"]
    window = "from=2027-03-15T00:00:00Z&to=2027-06-01T00:00:00Z"
    path = f"/connections/{name}/events?calendar={calendar['key']}&{window}"
    whole_list = read_all_pages(http, path, "events", 200, token=STAFF)
    token = http("GET", f"{path}&limit=2", token=STAFF).body["next_page_token"]

    assert len(whole_list) == 5
    assert [item["start"] for item in whole_list] == sorted(item["start"] for item in whole_list)
    for limit in (1, 2, 3):
        assert read_all_pages(http, path, "events", limit, token=STAFF) == whole_list
    for other in (path.replace("06-01", "06-02"), f"{path}&tz=Europe/Zurich"):
        refused = http("GET", f"{other}&page_token={token}", token=STAFF)
        assert (refused.status, refused.code) == (400, "invalid_page_token")
    assert http("GET", f"{path}&page_token={token}", token="staff.t1.ben").status == 404


def test_calendars_have_pages(http: Http) -> None:
    """The account's default calendar first, then by key."""
    world = http.world
    for number in range(4):
        world.google.admin.add_calendar("anna@example.com", f"Calendar {number}")
    name = world.connect().id
    path = f"/connections/{name}/calendars"
    whole_list = http("GET", f"/connections/{name}").body["calendars"]

    assert [item["primary"] for item in whole_list] == [True, False, False, False, False]
    for limit in (1, 2, 5):
        assert read_all_pages(http, path, "calendars", limit) == whole_list


def test_support_is_admitted_by_an_old_grant_among_many(http: Http) -> None:
    """A grant that is still valid is found, however many newer ones there are."""
    assert http("POST", "/tenant/support", json={"reason": "long", "hours": 168}).status == 201
    for _ in range(60):
        http.world.advance(minutes=1)
        made = http("POST", "/tenant/support", json={"reason": "short", "hours": 1}).body
        http("DELETE", f"/tenant/support/{made['id']}")
    day = "/overview?resource=anna&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"

    assert http("GET", day, token="support.t1.-").status == 200
