"""Classes and holds over HTTP: guests see themselves, staff see everybody, and a hold is a secret."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Answer, Http

START = "2027-03-16T10:00:00+01:00"
WINDOW = "from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"
YOGA = {
    "name": "Yoga",
    "duration": 60,
    "interval": 30,
    "resources": ["anna"],
    "capacity": 3,
    "hold_minutes": 5,
    "show_seats": True,
}


@pytest.fixture
def studio(http: Http) -> Http:
    """A business that gives classes."""
    assert http("PUT", "/services/yoga", json=YOGA).status in {200, 201}
    return http


def join(http: Http, number: int, **changes: Any) -> Answer:
    customer = {"name": f"Canary{number}", "email": f"guest{number}@canary.example"}
    body = {"service": "yoga", "resource": "anna", "start": START, "customer": customer}
    return http("POST", "/bookings?tenant=t1", token=None, json=body | changes)


def hold(http: Http, **changes: Any) -> Answer:
    body = {"service": "yoga", "resource": "any", "start": START}
    return http("POST", "/bookings/holds?tenant=t1", token=None, json=body | changes)


def seats(http: Http, query: str = "") -> dict[str, int | None]:
    found = http("GET", f"/slots?tenant=t1&service=yoga&tz=Europe/Zurich&{WINDOW}{query}", token=None)
    return {slot["start"]: slot["seats_left"] for slot in found.body["slots"]}


def test_a_class_fills_up(studio: Http) -> None:
    """F7: the list shows how many seats are left, for parties too; the last one is gone with 409."""
    join(studio, 1, seats=2)

    assert seats(studio)[START] == 1
    assert START not in seats(studio, "&seats=2")
    assert join(studio, 2).status == 201
    assert (join(studio, 3).status, join(studio, 3).code) == (409, "slot_taken")


@pytest.mark.pitfall(25)
def test_a_guest_sees_nobody_else(studio: Http) -> None:
    """Pitfall 25: neither the answer, nor the management link, nor the list has anything of the others."""
    first = join(studio, 1).body
    second = join(studio, 2).body
    path, token = f"/bookings/{second['id']}?tenant=t1", second["management_token"]
    read = studio("GET", path, token=token).body
    listed = studio("GET", f"/slots?tenant=t1&service=yoga&{WINDOW}", token=None).body

    for shown in (second, read, listed):
        assert "anary1" not in str(shown)
        assert first["id"] not in str(shown)
    assert {"session", "roster", "places"} & set(read) == set()


@pytest.mark.pitfall(25)
def test_nobody_reads_a_session_with_a_seats_token(studio: Http, world: Any) -> None:
    """Pitfall 25: a session has no link of its own, and a guest's token opens the guest's booking alone."""
    made = join(studio, 1).body
    session = world.ports.bookings.get("t1", made["id"]).session

    assert studio("GET", f"/bookings/{session}?tenant=t1", token=made["management_token"]).status == 404


def test_staff_see_the_count_and_each(studio: Http) -> None:
    """F7: the overview holds the session with its number of guests, and every seat with its guest."""
    join(studio, 1, seats=2)
    join(studio, 2)
    found = studio("GET", f"/overview?resource=anna&{WINDOW}", token="staff.t1.anna").body["bookings"]
    sessions = [item for item in found if item["is_session"]]
    guests = [item for item in found if not item["is_session"]]

    assert [(item["seats"], item["customer"]["name"]) for item in sessions] == [(3, "")]
    assert sorted((item["customer"]["name"], item["seats"]) for item in guests) == [
        ("Canary1", 2),
        ("Canary2", 1),
    ]
    assert {item["session"] for item in guests} == {sessions[0]["id"]}


def test_staff_move_and_cancel_a_whole_session(studio: Http, world: Any) -> None:
    """F7: all guests follow, and each is notified."""
    made = [join(studio, number).body for number in (1, 2)]
    session = world.ports.bookings.get("t1", made[0]["id"]).session
    later = "2027-03-16T14:00:00+01:00"
    moved = studio("PATCH", f"/bookings/{session}", token="staff.t1.anna", json={"start": later})
    world.drain()
    starts = [world.ports.bookings.get("t1", item["id"]).interval.start.isoformat() for item in made]
    gone = studio("DELETE", f"/bookings/{session}", token="staff.t1.anna")
    world.drain()

    assert (moved.status, gone.status) == (200, 200)
    assert starts == ["2027-03-16T13:00:00+00:00"] * 2
    assert [world.ports.bookings.get("t1", item["id"]).status.value for item in made] == ["cancelled"] * 2
    assert [len(world.postbox.to(f"guest{number}@canary.example")) for number in (1, 2)] == [3, 3]


def test_a_hold_is_booked_with_its_token(studio: Http) -> None:
    """F7: the answer says until when, for whom of the staff, and what books it."""
    held = hold(studio, seats=2)
    body = held.body

    assert (held.status, body["expires_at"], body["resource"]) == (201, "2027-03-15T08:05:00+00:00", "anna")
    assert seats(studio)[START] == 1
    made = join(studio, 1, seats=2, hold={"id": body["id"], "token": body["token"]})
    assert (made.status, made.body["id"]) == (201, body["id"])
    assert join(studio, 2, seats=2, hold={"id": body["id"], "token": body["token"]}).code == "hold_used"


def test_a_hold_is_released_with_its_token(studio: Http) -> None:
    """F7: its seats are free at once; without the token there is no such hold."""
    body = hold(studio, seats=3).body
    path = f"/bookings/holds/{body['id']}?tenant=t1"

    assert studio("DELETE", path, token="x" * 43).status == 404
    assert studio("DELETE", path, token=None).status == 401
    assert START not in seats(studio)
    assert studio("DELETE", path, token=body["token"]).status == 204
    assert seats(studio)[START] == 3


def test_staff_hold_for_their_own_resources_only(studio: Http) -> None:
    """G3: a hold takes time like a booking does."""
    body = {"service": "yoga", "resource": "anna", "start": START}

    assert studio("POST", "/bookings/holds", token="staff.t1.ben", json=body).status == 403
    assert studio("POST", "/bookings/holds", token="staff.t1.anna", json=body).status == 201


@pytest.mark.pitfall(25)
def test_the_resources_feed_tells_how_many_and_not_who(studio: Http) -> None:
    """Pitfall 25: a feed may be shown around, so a session is one entry without names."""
    join(studio, 1)
    join(studio, 2)
    published = studio("POST", "/resources/anna/feed", json={"shows": "titles"})
    address = published.body["url"].rpartition("/feeds/")[2]
    text = studio("GET", f"/feeds/{address}", token=None).body

    assert text.count("BEGIN:VEVENT") == 1
    assert "SUMMARY:Yoga: 2" in text
    assert "anary" not in text
