"""Bookings and connections over HTTP with If-Match and If-None-Match: a stale ETag changes nothing."""

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
    """A booking: its address, how its customer or its staff call the API, and its first ETag."""
    made = http("POST", "/bookings?tenant=t1", token=None, json=BODY)
    customer = request.param == "customer"
    path = f"/bookings/{made.body['id']}" + ("?tenant=t1" if customer else "")
    caller = {"token": made.body["management_token"] if customer else STAFF}
    return path, caller, http("GET", path, **caller).headers["ETag"]


def change(http: Http, method: str, booked: tuple[str, dict[str, Any], str], tag: str) -> Answer:
    path, caller, _ = booked
    body = {"json": {"start": LAST}} if method == "PATCH" else {}
    return http(method, path, headers={"If-Match": tag}, **caller, **body)


def test_the_answer_to_a_new_booking_has_its_etag(http: Http) -> None:
    """So a customer can move the new booking without reading it first."""
    made = http("POST", "/bookings?tenant=t1", token=None, json=BODY)
    key = {"token": made.body["management_token"]}
    path = f"/bookings/{made.body['id']}?tenant=t1"

    assert made.headers["ETag"] == http("GET", path, **key).headers["ETag"]
    moved = http("PATCH", path, json={"start": LATER}, headers={"If-Match": made.headers["ETag"]}, **key)
    assert (moved.status, moved.headers["ETag"]) == (200, http("GET", path, **key).headers["ETag"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_booking_is_not_changed_with_a_stale_etag(http: Http, booked: Any, method: str) -> None:
    """The second of two callers who read the same version gets 412 stale_version, and nothing changes."""
    path, caller, seen = booked
    moved = http("PATCH", path, json={"start": LATER}, headers={"If-Match": seen}, **caller)
    stale = change(http, method, booked, seen)
    now = http("GET", path, **caller)

    assert (moved.status, stale.status, stale.code) == (200, 412, "stale_version")
    assert (now.body["start"][:13], now.body["status"]) == (LATER[:13], "confirmed")
    assert change(http, method, booked, now.headers["ETag"]).status == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_repeated_change_with_the_old_etag_succeeds(http: Http, booked: Any, method: str) -> None:
    """A caller who lost the answer repeats the request, and gets 200 and the current ETag."""
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
def test_weak_foreign_malformed_and_star_conditions(
    http: Http, booked: Any, tag: str, status: int, code: str | None
) -> None:
    """A weak or foreign ETag never matches, a malformed one is refused, a star matches any version."""
    _, _, seen = booked
    answers = [change(http, method, booked, tag.format(seen.strip('"'))) for method in ("PATCH", "DELETE")]

    assert [(answer.status, answer.code) for answer in answers] == [(status, code)] * 2


def test_an_unchanged_booking_is_answered_304(http: Http, booked: Any) -> None:
    """If-None-Match answers 304 until the booking changes."""
    path, caller, seen = booked
    same = http("GET", path, headers={"If-None-Match": seen}, **caller)
    http("PATCH", path, json={"start": LATER}, **caller)
    other = http("GET", path, headers={"If-None-Match": seen}, **caller)

    assert (same.status, same.body) == (304, None)
    assert (other.status, other.headers["ETag"] == seen) == (200, False)


def test_a_booking_can_be_changed_without_a_condition(http: Http, booked: Any) -> None:
    """If-Match is optional for bookings."""
    path, caller, _ = booked

    assert http("PATCH", path, json={"start": LATER}, **caller).status == 200
    assert http("DELETE", path, **caller).status == 200


@pytest.fixture(params=list(ProviderKind), ids=str)
def connection(http: Http, request: pytest.FixtureRequest) -> str:
    """The address of a connection, once for each provider."""
    world = http.world
    if request.param is ProviderKind.GOOGLE:
        return f"/connections/{world.connect().id}"
    world.outlook()
    return f"/connections/{world.connect(OUTLOOK, provider=ProviderKind.MICROSOFT).id}"


def test_connection_settings_are_not_changed_with_a_stale_etag(http: Http, connection: str) -> None:
    """The same for the settings of the connection and for those of each of its calendars."""
    seen = http("GET", connection, token=STAFF)
    key = seen.body["calendars"][0]["key"]
    tag = {"If-Match": seen.headers["ETag"]}
    first = http("PATCH", connection, token=STAFF, json={"show_events": True}, headers=tag)
    again = http("PATCH", connection, token=STAFF, json={"show_events": True}, headers=tag)
    stale = http("PATCH", connection, token=STAFF, json={"imports": {"mode": "full"}}, headers=tag)
    one = f"{connection}/calendars/{key}"
    late = http("PATCH", one, token=STAFF, json={"use": "none"}, headers=tag)
    fresh = {"If-Match": first.headers["ETag"]}
    switched = http("PATCH", one, token=STAFF, json={"use": "none"}, headers=fresh)

    assert (first.status, again.status, again.headers["ETag"]) == (200, 200, first.headers["ETag"])
    assert [(item.status, item.code) for item in (stale, late)] == [(412, "stale_version")] * 2
    assert (switched.status, switched.headers["ETag"]) == (
        200,
        http("GET", connection, token=STAFF).headers["ETag"],
    )


def test_the_settings_version_is_accepted_as_a_condition(http: Http, connection: str) -> None:
    """The version number in the settings works in If-Match, quoted or not; no condition works as well."""
    for number, (header, enabled) in enumerate((('"1"', True), ("2", False), (None, True)), 1):
        headers = {"If-Match": header} if header else {}
        answer = http("PATCH", connection, token=STAFF, json={"show_events": enabled}, headers=headers)

        assert (answer.status, answer.body["settings"]["version"]) == (200, number + 1)
    for header in ("nonsense", '"', ""):
        refused = http("PATCH", connection, token=STAFF, json={}, headers={"If-Match": header})
        assert (refused.status, refused.code) == (400, "invalid_version")


def test_an_unchanged_connection_is_answered_304(http: Http, connection: str) -> None:
    """If-None-Match answers 304 while nothing changes in what the answer shows."""
    tag = http("GET", connection, token=STAFF).headers["ETag"]
    same = http("GET", connection, token=STAFF, headers={"If-None-Match": tag})
    http("PATCH", connection, token=STAFF, json={"show_events": True})
    other = http("GET", connection, token=STAFF, headers={"If-None-Match": tag})

    assert (same.status, other.status) == (304, 200)
