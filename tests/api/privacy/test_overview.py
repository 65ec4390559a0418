"""The overview: what it shows to whom, and that what it shows is kept nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Http
from tests.api.connect.test_connections import STAFF, connect
from tests.api.privacy.test_privacy import CUSTOMER, FOREIGN, GUEST, PLACE, TEXT, TITLE, event, stored, tasks
from tests.world import ACCOUNT

DAY = "/overview?resource=anna&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z&tz=Europe/Zurich"


def shown(http: Http, *, token: str = STAFF, path: str = DAY) -> Any:
    answer = http("GET", path, token=token)
    assert answer.status == 200, answer.body
    return answer.body


def synchronised(http: Http, *, show: bool, imports: dict[str, Any] | None = None) -> str:
    """A connected and synchronised account with a public and a private event."""
    owner = http.world.google.owner
    owner.put_event(ACCOUNT, event(9))
    owner.put_event(ACCOUNT, event(11, visibility="private", summary=f"{TITLE} private"))
    name = connect(http)
    settings = {"show_events": show, "imports": imports or {"mode": "times", "private": "times"}}
    assert http("PATCH", f"/connections/{name}", token=STAFF, json=settings).status == 200
    http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    http.world.drain()
    return name


def book(http: Http, hour: int = 16) -> Any:
    body = {
        "service": "cut",
        "resource": "anna",
        "start": f"2027-03-16T{hour}:00:00+01:00",
        "customer": {"name": CUSTOMER, "email": f"{CUSTOMER}@example.com", "phone": "+41 79 555 44 33"},
        "note": f"{CUSTOMER} note",
    }
    answer = http("POST", "/bookings?tenant=t1", token=None, json=body)
    assert answer.status == 201, answer.body
    http.world.drain()
    return answer.body


def blocks(found: Any) -> list[tuple[str, str, str | None]]:
    return [(item["start"][11:16], item["end"][11:16], item["title"]) for item in found["external"]]


def test_the_overview_holds_bookings_absences_copies_and_live_events(http: Http) -> None:
    """G1: one answer for the day, times in the asked zone, and how well each calendar is known."""
    synchronised(http, show=True)
    http(
        "PUT",
        "/resources/anna/absences/dentist",
        token=STAFF,
        json={"start": "2027-03-16T07:00:00+01:00", "end": "2027-03-16T08:00:00+01:00"},
    )
    book(http)
    found = shown(http)

    assert [(item["start"], item["customer"]["name"]) for item in found["bookings"]] == [
        ("2027-03-16T16:00:00+01:00", CUSTOMER)
    ]
    assert [item["id"] for item in found["absences"]] == ["dentist"]
    assert [item["start"][11:16] for item in found["imported"]] == ["09:00", "11:00"]
    assert [item["title"] for item in found["imported"]] == [None, None]
    assert [(start, bool(title)) for start, _, title in blocks(found)] == [("09:00", True), ("11:00", False)]
    assert [(item["imported"], item["read_only"]) for item in found["external"]] == [(True, True)] * 2
    assert [item["state"] for item in found["calendars"]] == ["known"]


def test_titles_are_shown_only_while_show_events_is_on(http: Http) -> None:
    """G1: without the switch there are taken times, joined and without any word; the switch acts at once."""
    name = synchronised(http, show=False)
    http.world.google.owner.put_event(ACCOUNT, event(10))
    before = shown(http)
    http("PATCH", f"/connections/{name}", token=STAFF, json={"show_events": True})
    during = shown(http)
    http("PATCH", f"/connections/{name}", token=STAFF, json={"show_events": False})

    assert blocks(before) == blocks(shown(http)) == [("09:00", "12:00", None)]
    assert [title for _, _, title in blocks(during) if title] == [during["external"][0]["title"]] * 2
    assert TITLE in during["external"][0]["title"]


@pytest.mark.parametrize(("mode", "titled"), [("full", [True]), ("times", [False]), ("none", [])])
def test_private_titles_need_the_private_mode_as_well(http: Http, mode: str, titled: list[bool]) -> None:
    """C5 in the overview: a private event is shown in full, without a title, or not at all."""
    synchronised(http, show=True, imports={"mode": "full", "private": mode})
    private = [item for item in shown(http)["external"] if item["private"]]

    assert [item["title"] is not None for item in private] == titled


def test_own_exports_are_not_shown_as_foreign_events(http: Http) -> None:
    """A booking is in the list once, as a booking."""
    synchronised(http, show=True)
    book(http)

    assert len(http.world.google.inspect.events(ACCOUNT)) == 3
    assert [start for start, _, _ in blocks(shown(http))] == ["09:00", "11:00"]


@pytest.mark.pitfall(25)
def test_what_is_shown_is_kept_nowhere(http: Http) -> None:
    """Pitfall 25: live titles are in the answer, and in no document, log line, task or second answer."""
    name = synchronised(http, show=True)
    answer = shown(http)
    http("PATCH", f"/connections/{name}", token=STAFF, json={"show_events": False})
    http.world.drain()

    assert TITLE in str(answer)
    assert [bird for bird in (TEXT, PLACE, GUEST, "canary-more") if bird in str(answer)] == []
    kept = "\n".join([stored(http.world), *http.world.log.lines, tasks(http.world), str(shown(http))])
    assert [bird for bird in FOREIGN if bird in kept] == []


def test_every_overview_asks_the_calendars_anew(http: Http) -> None:
    """No answer with titles is shared with the next view, however soon it comes."""
    synchronised(http, show=True)
    shown(http)
    http.world.google.admin.clear_logs()
    http.world.google.owner.put_event(ACCOUNT, event(14))

    assert [start for start, _, _ in blocks(shown(http))] == ["09:00", "11:00", "14:00"]


def test_a_calendar_that_does_not_answer_is_reported_as_unknown(http: Http) -> None:
    """An outage shows the rest and says what is unknown; the copies are still there."""
    synchronised(http, show=True)
    http.world.google.add_fault("status", method="events.list", status=503, times=5)
    found = shown(http)

    assert (found["external"], [item["state"] for item in found["calendars"]]) == ([], ["unknown"])
    assert found["calendars"][0]["reason"] is not None
    assert len(found["imported"]) == 2


def test_a_range_has_at_most_62_days(http: Http) -> None:
    """Longer, empty or endless ranges are refused."""
    path = "/overview?resource=anna&from=2027-03-16T00:00:00Z&to="

    assert http("GET", f"{path}2027-05-17T00:00:00Z", token=STAFF).status == 200
    assert http("GET", f"{path}2027-05-17T00:00:01Z", token=STAFF).code == "window_too_long"
    assert http("GET", f"{path}2027-03-16T00:00:00Z", token=STAFF).code == "window"
    assert http(
        "GET", "/overview?resource=anna&from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z", token=STAFF
    ).status in {200, 400}


@pytest.mark.parametrize("token", ["staff.t1.bob", "owner.t2.-", "staff.t2.anna"])
def test_an_overview_of_somebody_elses_resource_is_not_found(http: Http, token: str) -> None:
    """Another's resource, or another tenant's, looks the same as none."""
    assert http("GET", DAY, token=token).status == 404
