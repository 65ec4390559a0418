"""iCalendar feeds: what calendar programs read, with which secret, and what they never see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream

from tests.api.conftest import Answer, Http
from tests.api.connect.test_connections import STAFF
from tests.api.privacy.test_overview import CUSTOMER, book
from tests.api.privacy.test_privacy import stored
from tests.machinery import BASE


def publish(http: Http, **body: Any) -> str:
    """A new address; the path that the function answers to."""
    answer = http("POST", "/resources/anna/feed", token=STAFF, json=body)
    assert answer.status == 201, answer.body
    assert answer.body["url"].startswith(f"{BASE}/feeds/")
    return str(answer.body["url"]).removeprefix(BASE)


def fetch(http: Http, path: str, **headers: str) -> Answer:
    return http("GET", path, token=None, headers=headers)


def events(answer: Answer) -> list[Any]:
    """The events as one parser reads them, checked against what another one reads."""
    assert answer.status == 200, answer.body
    first = icalendar.Calendar.from_ical(answer.body).walk("VEVENT")
    second = IcsCalendarStream.calendar_from_ics(answer.body).events
    assert [(str(item["uid"]), item["dtstart"].dt, item["dtend"].dt) for item in first] == [
        (item.uid, item.dtstart, item.dtend) for item in second
    ]
    assert [(item["sequence"], str(item["status"]), str(item["summary"])) for item in first] == [
        (item.sequence, item.status.value, item.summary) for item in second
    ]
    return list(first)


def test_a_feed_holds_the_bookings_as_instants(http: Http) -> None:
    """H1: stable ids, exact instants, the calendar's name, and how often to look."""
    booked = book(http)
    answer = fetch(http, publish(http))
    (event,) = events(answer)

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert str(event["uid"]) == f"{booked['id']}@bookings.slotbridge"
    assert event["dtstart"].dt == datetime.fromisoformat("2027-03-16T16:00:00+01:00")
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=30)
    assert (event["sequence"], event["status"], event["summary"]) == (1, "CONFIRMED", "Booked")
    text = answer.body.splitlines()
    assert {"X-WR-CALNAME:Anna", "METHOD:PUBLISH", "REFRESH-INTERVAL;VALUE=DURATION:PT15M"} <= set(text)
    assert "DTSTART:20270316T150000Z" in text
    assert {line for line in answer.body.split("\n") if line and not line.endswith("\r")} == set()


@pytest.mark.parametrize("day", ["2027-03-27", "2027-03-28", "2027-03-29", "2027-10-30", "2027-10-31"])
def test_times_are_right_around_daylight_saving(http: Http, day: str) -> None:
    """The same instant as the booking's, on both sides of both changes."""
    world = http.world
    hours = {name: ["00:00-24:00"] for name in ("saturday", "sunday", "monday")}
    body = {"name": "Anna", "time_zone": "Europe/Zurich", "hours": hours}
    assert http("PUT", "/resources/anna", json=body, headers={"If-Match": "*"}).status == 200
    slots = http("GET", f"/slots?tenant=t1&service=cut&from={day}T00:00:00Z&to={day}T06:00:00Z", token=None)
    wanted = slots.body["slots"][0]["start"]
    customer = {"name": CUSTOMER}
    assert (
        http(
            "POST",
            "/bookings?tenant=t1",
            token=None,
            json={"service": "cut", "resource": "anna", "start": wanted, "customer": customer},
        ).status
        == 201
    )
    (event,) = events(fetch(http, publish(http)))

    assert event["dtstart"].dt == datetime.fromisoformat(wanted)
    assert world.ports.bookings.page("t1", after=None, limit=1)[0].interval.start == event["dtstart"].dt


def test_a_moved_booking_keeps_its_id_and_raises_its_sequence(http: Http) -> None:
    """Clients move what they know instead of showing two."""
    booked = book(http)
    path = publish(http)
    (before,) = events(fetch(http, path))
    start = "2027-03-16T14:00:00+01:00"
    assert http("PATCH", f"/bookings/{booked['id']}", json={"start": start}).status == 200
    (after,) = events(fetch(http, path))

    assert after["uid"] == before["uid"]
    assert (before["sequence"], after["sequence"]) == (1, 2)
    assert after["dtstart"].dt == datetime.fromisoformat(start)


def test_a_cancelled_booking_stays_in_the_feed_for_a_month(http: Http) -> None:
    """STATUS:CANCELLED removes it from clients that look now and then; later it is left out."""
    booked = book(http)
    path = publish(http)
    http("DELETE", f"/bookings/{booked['id']}")
    (event,) = events(fetch(http, path))
    http.world.advance(days=29)
    still = events(fetch(http, path))
    http.world.advance(days=2)

    assert (event["status"], event["sequence"], event["transp"]) == ("CANCELLED", 2, "TRANSPARENT")
    assert len(still) == 1
    assert events(fetch(http, path)) == []


def test_an_unchanged_feed_is_not_sent_again(http: Http) -> None:
    """ETag and 304, also for weak and listed tags; any change makes another tag."""
    booked = book(http)
    path = publish(http)
    first = fetch(http, path)
    tag = first.headers["ETag"]
    http.world.advance(minutes=10)

    assert first.headers["Cache-Control"] == "private, max-age=300"
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = fetch(http, path, **{"If-None-Match": known})
        assert (again.status, again.body, again.headers["ETag"]) == (304, None, tag)
    http("DELETE", f"/bookings/{booked['id']}")
    changed = fetch(http, path, **{"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.pitfall(25)
def test_a_feed_never_shows_how_to_reach_a_customer(http: Http) -> None:
    """Taken times alone, or service and name as staff chose: never an address, a number or a note."""
    book(http)
    busy = fetch(http, publish(http)).body
    titles = fetch(http, publish(http, shows="titles"))

    assert CUSTOMER not in busy
    assert [str(event["summary"]) for event in events(titles)] == [f"Cut: {CUSTOMER}"]
    for word in (f"{CUSTOMER}@", "555 44 33", f"{CUSTOMER} note", "ATTENDEE", "ORGANIZER", "DESCRIPTION"):
        assert word not in titles.body


def test_names_cannot_break_out_of_their_line(http: Http) -> None:
    """Commas, semicolons, line breaks of long names and other scripts come back as they were."""
    name = "Zoë; DTSTART:19700101, \\n X-EVIL: " + "\N{SMILING FACE WITH OPEN MOUTH}" * 60
    body = {
        "service": "cut",
        "resource": "anna",
        "start": "2027-03-16T16:00:00+01:00",
        "customer": {"name": name},
    }
    assert http("POST", "/bookings?tenant=t1", token=None, json=body).status == 201
    answer = fetch(http, publish(http, shows="titles"))

    assert [str(event["summary"]) for event in events(answer)] == [f"Cut: {name}"]
    assert all(len(line.encode()) <= 75 for line in answer.body.split("\r\n"))


def test_the_secret_is_shown_once_rotated_and_revoked_at_once(http: Http) -> None:
    """A new address ends the former one in the same moment; the store holds only a hash."""
    first = publish(http)
    second = publish(http)
    secret = second.removeprefix("/feeds/").removesuffix(".ics")

    assert len(secret) == 43
    assert secret not in stored(http.world) + "".join(http.world.log.lines)
    assert [fetch(http, path).status for path in (first, second)] == [404, 200]
    shown = http("GET", "/resources/anna/feed", token=STAFF).body
    assert (shown["published"], shown["shows"], "url" in shown) == (True, "busy", False)
    assert http("DELETE", "/resources/anna/feed", token=STAFF).status == 204
    assert fetch(http, second).status == 404
    assert http("GET", "/resources/anna/feed", token=STAFF).body == {"published": False}


def test_every_wrong_address_is_answered_alike(http: Http) -> None:
    """Nobody learns whether a secret was ever good, or of what form it is."""
    old = publish(http)
    publish(http)
    wrong = (old, "/feeds/x.ics", f"/feeds/{'A' * 43}.ics", f"/feeds/{'A' * 900}.ics", "/feeds/%00.ics")
    answers = [fetch(http, path) for path in wrong]

    assert {(answer.status, str(answer.body)) for answer in answers} == {(404, str(answers[0].body))}


@pytest.mark.parametrize(
    ("token", "status"),
    [("owner.t1.-", 201), (STAFF, 201), ("staff.t1.bob", 404), ("owner.t2.-", 404), ("support.t1.-", 403)],
)
def test_staff_publish_their_own_feed_only(http: Http, token: str, status: int) -> None:
    """Another's resource looks the same as none."""
    assert http("POST", "/resources/anna/feed", token=token, json={}).status == status
