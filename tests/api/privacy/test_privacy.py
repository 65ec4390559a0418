"""Canaries in every field: what is private is nowhere that its mode forbids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.conftest import Http
from tests.api.connect.test_connections import STAFF, connect
from tests.world import ACCOUNT, World

TITLE, TEXT, PLACE, GUEST = "canary-title", "canary-text", "canary-place", "canary-guest"
CUSTOMER = "canary-customer"
FOREIGN = (TITLE, TEXT, PLACE, GUEST, "canary-more")


def event(hour: int, **more: Any) -> dict[str, Any]:
    return {
        "summary": f"{TITLE} \N{SMILING FACE WITH OPEN MOUTH}",
        "description": f"<b>{TEXT}</b>",
        "location": PLACE,
        "attendees": [
            {"email": f"{GUEST}@example.com", "displayName": GUEST, "comment": "canary-more"},
            {"email": ACCOUNT, "self": True, "responseStatus": "accepted"},
        ],
        "source": {"title": "canary-more", "url": "https://canary-more.example"},
        "extendedProperties": {"shared": {"canary-more": "canary-more"}},
        "start": {"dateTime": f"2027-03-16T{hour:02}:00:00+01:00", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": f"2027-03-16T{hour + 1:02}:00:00+01:00", "timeZone": "Europe/Zurich"},
        **more,
    }


def stored(world: World) -> str:
    """Everything in the database, as text."""
    documents: Any = world.documents
    paths = documents.paths()
    return "\n".join(f"{item.path} {item.data}" for item in documents.get(paths))


def tasks(world: World) -> str:
    """Every task that ran: names and payloads."""
    return "\n".join(f"{done.task.name} {json.dumps(dict(done.task.payload))}" for done in world.done)


def live_through(http: Http, settings: dict[str, Any]) -> str:
    """Connect, synchronise, change, list, book, explain, expire, disconnect; the connection's id."""
    owner = http.world.google.owner
    first = owner.put_event(ACCOUNT, event(9))
    owner.put_event(ACCOUNT, event(11, visibility="private"))
    owner.put_event(ACCOUNT, event(13, recurrence=["RRULE:FREQ=DAILY;COUNT=4"]))
    name = connect(http)
    assert http("PATCH", f"/connections/{name}", token=STAFF, json={"imports": settings}).status == 200
    http("GET", f"/connections/{name}/preview", token=STAFF)
    http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    http.world.drain()
    owner.edit_event(ACCOUNT, first["id"], {"summary": f"{TITLE} again"})
    http.world.google.add_fault("poison", method="events.list", event={"id": "poison1", "start": TEXT})
    http.world.drain()
    http("GET", "/slots?tenant=t1&service=cut&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z", token=None)
    body = {
        "service": "cut",
        "resource": "anna",
        "start": "2027-03-16T16:00:00+01:00",
        "customer": {"name": CUSTOMER, "email": f"{CUSTOMER}@example.com"},
        "note": CUSTOMER,
    }
    http("POST", "/bookings?tenant=t1", token=None, json=body)
    http.world.drain()
    http.world.google.admin.expire_sync_tokens()
    owner.shift_event(ACCOUNT, first["id"], minutes=15)
    http.world.drain()
    http("GET", f"/connections/{name}/health", token=STAFF)
    return name


@pytest.mark.pitfall(25)
def test_time_only_asks_for_and_keeps_nothing_else(http: Http) -> None:
    """Pitfall 25: no title, text, place or address of a foreign event anywhere, in the time-only mode."""
    live_through(http, {"mode": "times", "private": "times"})

    everything = {
        "store": stored(http.world),
        "log": "\n".join(http.world.log.lines),
        "tasks": tasks(http.world),
    }
    found = [(place, bird) for place, text in everything.items() for bird in FOREIGN if bird in text]
    assert found == []
    assert "imports" in everything["store"]


@pytest.mark.pitfall(25)
def test_logs_and_tasks_never_hold_what_is_private(http: Http) -> None:
    """Pitfall 25: in the full mode the store holds titles, logs and tasks still hold nothing."""
    live_through(http, {"mode": "full", "private": "full"})

    assert TITLE in stored(http.world)
    public = "\n".join(http.world.log.lines) + tasks(http.world)
    secret = [*FOREIGN, CUSTOMER, ACCOUNT, "ya29", "refresh"]
    assert [bird for bird in secret if bird in public] == []


def test_private_events_follow_their_own_mode(http: Http) -> None:
    """C5: with "not at all" private events leave no trace, and are in nobody's way."""
    name = live_through(http, {"mode": "full", "private": "none"})
    (calendar,) = http("GET", f"/connections/{name}/calendars", token=STAFF).body["calendars"]
    window = "from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"
    events = http("GET", f"/connections/{name}/events?calendar={calendar['key']}&{window}", token=STAFF).body[
        "events"
    ]
    slots = http("GET", f"/slots?tenant=t1&service=cut&{window}&tz=Europe/Zurich", token=None).body["slots"]

    assert [item for item in events if item["private"]] == []
    assert [slot["start"][11:16] for slot in slots if "T11:" in slot["start"]] == ["11:00", "11:15", "11:30"]


@pytest.mark.pitfall(25)
def test_tightening_the_mode_purges_what_is_no_longer_allowed(http: Http) -> None:
    """Pitfall 25: after the switch to time only, the titles are gone from the store."""
    name = live_through(http, {"mode": "full", "private": "full"})
    before = stored(http.world)
    http(
        "PATCH", f"/connections/{name}", token=STAFF, json={"imports": {"mode": "times", "private": "times"}}
    )
    http.world.drain()
    after = stored(http.world)

    assert TITLE in before
    assert [bird for bird in FOREIGN if bird in after] == []


def test_after_disconnecting_nothing_foreign_is_left(http: Http) -> None:
    """E1: imports, links, grant and cursors are gone."""
    name = live_through(http, {"mode": "full", "private": "full"})
    http("DELETE", f"/connections/{name}", token=STAFF)
    http.world.drain()

    assert [bird for bird in FOREIGN if bird in stored(http.world)] == []
    assert "/grants/" not in stored(http.world)
