"""Bookings and connections are changed only as they were seen, where the caller says what that was."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.calendar.connection import ProviderKind
from tests.api.booking.test_bookings import BODY
from tests.api.conftest import Answer, Http
from tests.api.connect.test_connections import STAFF
from tests.world import OUTLOOK

LATER, LAST = "2027-03-16T14:00:00+01:00", "2027-03-16T15:00:00+01:00"
WEAK, FOREIGN, NONE = 'W/"{}"', '"0-0"', "plain"


@pytest.fixture(params=["customer", "staff"])
def booked(http: Http, request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], str]:
    """A booking: its address, how its customer or its staff call, and its first tag."""
    made = http("POST", "/bookings?tenant=t1", token=None, json=BODY)
    customer = request.param == "customer"
    path = f"/bookings/{made.body['id']}" + ("?tenant=t1" if customer else "")
    caller = {"token": made.body["management_token"] if customer else STAFF}
    return path, caller, http("GET", path, **caller).headers["ETag"]


def change(http: Http, method: str, booked: tuple[str, dict[str, Any], str], tag: str) -> Answer:
    path, caller, _ = booked
    body = {"json": {"start": LAST}} if method == "PATCH" else {}
    return http(method, path, headers={"If-Match": tag}, **caller, **body)


def test_the_first_answer_has_the_tag(http: Http) -> None:
    """Whoever booked moves what they booked without reading it again."""
    made = http("POST", "/bookings?tenant=t1", token=None, json=BODY)
    key = {"token": made.body["management_token"]}
    path = f"/bookings/{made.body['id']}?tenant=t1"

    assert made.headers["ETag"] == http("GET", path, **key).headers["ETag"]
    moved = http("PATCH", path, json={"start": LATER}, headers={"If-Match": made.headers["ETag"]}, **key)
    assert (moved.status, moved.headers["ETag"]) == (200, http("GET", path, **key).headers["ETag"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_booking_is_changed_as_it_was_seen(http: Http, booked: Any, method: str) -> None:
    """The second of two who look at the same booking is told; nothing is changed for them."""
    path, caller, seen = booked
    moved = http("PATCH", path, json={"start": LATER}, headers={"If-Match": seen}, **caller)
    stale = change(http, method, booked, seen)
    now = http("GET", path, **caller)

    assert (moved.status, stale.status, stale.code) == (200, 412, "stale_version")
    assert (now.body["start"][:13], now.body["status"]) == (LATER[:13], "confirmed")
    assert change(http, method, booked, now.headers["ETag"]).status == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_done_is_done_again_by_an_old_tag(http: Http, booked: Any, method: str) -> None:
    """Whoever lost the answer sends it again, and hears that it is done, with the present tag."""
    _, _, seen = booked
    once, again = (change(http, method, booked, seen) for _ in range(2))

    assert (once.status, again.status) == (200, 200)
    assert (once.body, once.headers["ETag"]) == (again.body, again.headers["ETag"])


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [
        (FOREIGN, 412, "stale_version"),
        (WEAK, 412, "stale_version"),
        (NONE, 400, "invalid_version"),
        ("*", 200, None),
    ],
)
def test_other_tags_mean_what_they_mean_elsewhere(
    http: Http, booked: Any, tag: str, status: int, code: str | None
) -> None:
    """A weak or foreign tag never matches, what is none is refused, a star is whatever is there."""
    _, _, seen = booked
    answers = [change(http, method, booked, tag.format(seen.strip('"'))) for method in ("PATCH", "DELETE")]

    assert [(answer.status, answer.code) for answer in answers] == [(status, code)] * 2


def test_a_booking_that_is_known_is_not_sent_again(http: Http, booked: Any) -> None:
    """304 until it changes."""
    path, caller, seen = booked
    same = http("GET", path, headers={"If-None-Match": seen}, **caller)
    http("PATCH", path, json={"start": LATER}, **caller)
    other = http("GET", path, headers={"If-None-Match": seen}, **caller)

    assert (same.status, same.body) == (304, None)
    assert (other.status, other.headers["ETag"] == seen) == (200, False)


def test_without_a_condition_it_is_as_before(http: Http, booked: Any) -> None:
    """If-Match is nobody's duty here."""
    path, caller, _ = booked

    assert http("PATCH", path, json={"start": LATER}, **caller).status == 200
    assert http("DELETE", path, **caller).status == 200


@pytest.fixture(params=list(ProviderKind), ids=str)
def connection(http: Http, request: pytest.FixtureRequest) -> str:
    """The address of a connection of either provider."""
    world = http.world
    if request.param is ProviderKind.GOOGLE:
        return f"/connections/{world.connect().id}"
    world.outlook()
    return f"/connections/{world.connect(OUTLOOK, provider=ProviderKind.MICROSOFT).id}"


def test_settings_are_changed_as_they_were_seen(http: Http, connection: str) -> None:
    """Those of the connection and the switches of its calendars, which belong to them."""
    seen = http("GET", connection, token=STAFF)
    key = seen.body["calendars"][0]["key"]
    tag = {"If-Match": seen.headers["ETag"]}
    first = http("PATCH", connection, token=STAFF, json={"show_events": True}, headers=tag)
    again = http("PATCH", connection, token=STAFF, json={"show_events": True}, headers=tag)
    stale = http("PATCH", connection, token=STAFF, json={"imports": {"mode": "full"}}, headers=tag)
    one = f"{connection}/calendars/{key}"
    late = http("PATCH", one, token=STAFF, json={"enabled": False}, headers=tag)
    fresh = {"If-Match": first.headers["ETag"]}
    switched = http("PATCH", one, token=STAFF, json={"enabled": False}, headers=fresh)

    assert (first.status, again.status, again.headers["ETag"]) == (200, 200, first.headers["ETag"])
    assert [(item.status, item.code) for item in (stale, late)] == [(412, "stale_version")] * 2
    assert (switched.status, switched.headers["ETag"]) == (
        200,
        http("GET", connection, token=STAFF).headers["ETag"],
    )


def test_a_settings_version_is_a_condition_too(http: Http, connection: str) -> None:
    """The number that the settings show, quoted or not, and no condition at all."""
    for number, (header, enabled) in enumerate((('"1"', True), ("2", False), (None, True)), 1):
        headers = {"If-Match": header} if header else {}
        answer = http("PATCH", connection, token=STAFF, json={"show_events": enabled}, headers=headers)

        assert (answer.status, answer.body["settings"]["version"]) == (200, number + 1)
    for header in ("nonsense", '"', ""):
        refused = http("PATCH", connection, token=STAFF, json={}, headers={"If-Match": header})
        assert (refused.status, refused.code) == (400, "invalid_version")


def test_a_connection_that_is_known_is_not_sent_again(http: Http, connection: str) -> None:
    """304 while nothing of what is shown has changed."""
    tag = http("GET", connection, token=STAFF).headers["ETag"]
    same = http("GET", connection, token=STAFF, headers={"If-None-Match": tag})
    http("PATCH", connection, token=STAFF, json={"show_events": True})
    other = http("GET", connection, token=STAFF, headers={"If-None-Match": tag})

    assert (same.status, other.status) == (304, 200)
