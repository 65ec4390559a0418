"""Staff decide over HTTP what becomes of an owner's change to an exported event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Http
from tests.api.privacy.test_overview import book, synchronised
from tests.api.privacy.test_privacy import tasks
from tests.world import ACCOUNT

SECRET = "canary of the owner"
ASK = {"time": "propose", "text": "propose", "deletion": "propose"}
ANNA, BEN = "staff.t1.anna", "staff.t1.ben"


@pytest.fixture
def booking(http: Http) -> Any:
    """A booking that its owner moved by an hour and gave other words; the tenant wants to be asked."""
    seen = http("GET", "/tenant")
    body = {key: value for key, value in seen.body.items() if key != "id"} | {"owner_edits": ASK}
    assert http("PUT", "/tenant", json=body, headers={"If-Match": seen.headers["ETag"]}).status == 200
    synchronised(http, show=False)
    made = book(http, hour=14)
    name = own(http)["id"]
    http.world.google.owner.edit_event(ACCOUNT, name, {"summary": SECRET})
    http.world.google.owner.shift_event(ACCOUNT, name, minutes=60)
    http.world.drain()
    return made


def own(http: Http) -> Any:
    """The booking's event in Google's own state; its id is of our making."""
    (found,) = [item for item in http.world.google.inspect.events(ACCOUNT) if item["id"].startswith("sb")]
    return found


def event(http: Http) -> tuple[str, str]:
    return own(http)["start"]["dateTime"], own(http)["summary"]


def test_what_is_to_be_decided_is_listed(http: Http, booking: Any) -> None:
    """With what the owner wants, until when it can be decided, and nothing of it for the customer."""
    listed = http("GET", "/bookings/proposals", token=ANNA).body["proposals"]
    shown = http("GET", f"/bookings/{booking['id']}", token=ANNA).body
    customers = http("GET", f"/bookings/{booking['id']}?tenant=t1", token=booking["management_token"]).body

    assert listed == [shown]
    assert (shown["start"], shown["proposed"]["start"]) == (
        "2027-03-16T13:00:00+00:00",
        "2027-03-16T14:00:00+00:00",
    )
    assert (shown["proposed"]["title"], shown["proposed"]["deletion"]) == (SECRET, False)
    assert SECRET not in str(customers)
    assert "proposed" not in customers
    assert SECRET not in tasks(http.world) + "\n".join(http.world.log.lines)


def test_an_accepted_change_is_the_bookings(http: Http, booking: Any) -> None:
    """The revision that was seen is the one that is decided about, once."""
    seen = http("GET", f"/bookings/{booking['id']}").body["revision"]
    path = f"/bookings/{booking['id']}/proposal/accept"
    stale = http("POST", path, token=ANNA, json={"revision": seen - 1})
    accepted = http("POST", path, token=ANNA, json={"revision": seen})
    again = http("POST", path, token=ANNA, json={})
    http.world.drain()

    assert (stale.status, stale.code) == (412, "stale_version")
    assert (accepted.status, accepted.body["start"]) == (200, "2027-03-16T14:00:00+00:00")
    assert (accepted.body["proposed"], accepted.body["changed_by"]) == (None, "staff")
    assert (again.status, again.code) == (404, "no_proposal")
    assert event(http)[1] == SECRET
    assert http("GET", "/bookings/proposals").body["proposals"] == []


def test_a_declined_change_is_undone(http: Http, booking: Any) -> None:
    """The owner's calendar shows the booking again."""
    before = event(http)
    declined = http("POST", f"/bookings/{booking['id']}/proposal/decline", token=ANNA, json={})
    http.world.drain()

    assert (declined.status, declined.body["proposed"]) == (200, None)
    assert declined.body["start"] == "2027-03-16T13:00:00+00:00"
    assert event(http) != before
    assert SECRET not in event(http)[1]


@pytest.mark.parametrize("word", ["accept", "decline"])
def test_only_the_resources_own_staff_decide(http: Http, booking: Any, word: str) -> None:
    """Neither the customer, nor a colleague, nor support, nor another tenant."""
    path = f"/bookings/{booking['id']}/proposal/{word}"
    answers = {
        token: http("POST", path, token=token, json={}).status
        for token in (BEN, "owner.t2.-", "support.t1.-", None)
    }

    assert list(answers.values()) == [404, 404, 403, 401]
    assert http("GET", "/bookings/proposals", token=BEN).body["proposals"] == []
    assert http("GET", "/bookings/proposals", token="owner.t2.-").body["proposals"] == []
    assert len(http("GET", "/bookings/proposals", token="owner.t1.-").body["proposals"]) == 1


def test_where_nothing_is_proposed_there_is_nothing_to_decide(http: Http) -> None:
    """A code of its own distinguishes it from a booking that is not there."""
    made = book(http)
    answer = http("POST", f"/bookings/{made['id']}/proposal/accept", json={})
    missing = http("POST", "/bookings/none/proposal/accept", json={})

    assert (answer.status, answer.code) == (404, "no_proposal")
    assert (missing.status, missing.code) == (404, "not_found")
