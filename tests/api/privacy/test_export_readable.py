"""What an export tells of imported events: times and titles that a person can read, as the mode allows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.calendar.connection import ProviderKind
from tests.api.canary_events import canary_of, google_event, graph_event
from tests.api.conftest import Http
from tests.api.connect.test_connections import STAFF
from tests.api.privacy.test_erasures import exported
from tests.world import ACCOUNT, OUTLOOK, RETURN_TO

BOTH = pytest.mark.parametrize("provider", list(ProviderKind), ids=str)
TITLE, TEXT = canary_of("open", "title"), canary_of("open", "text")
DAILY = {
    "pattern": {"type": "daily", "interval": 1},
    "range": {"type": "numbered", "startDate": "2027-03-16", "numberOfOccurrences": 3},
}


def imported(http: Http, provider: ProviderKind, mode: str) -> str:
    """A connected account with an ordinary event, a private one and a series; the connection's id."""
    world, google = http.world, provider is ProviderKind.GOOGLE
    if google:
        for kind, hour in (("open", 9), ("hush", 11)):
            world.google.owner.put_event(ACCOUNT, google_event(kind, hour))
        series = google_event("open", 14, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
        world.google.owner.put_event(ACCOUNT, series)
    else:
        world.outlook()
        for kind, hour in (("open", 9), ("hush", 11)):
            world.microsoft.owner.put_event(OUTLOOK, graph_event(kind, hour))
        world.microsoft.owner.put_event(OUTLOOK, graph_event("open", 14, recurrence=DAILY))
    wish = {"provider": provider.value, "resource": "anna", "return_to": RETURN_TO}
    started = http("POST", "/connections", token=STAFF, json=wish)
    side: Any = world.google if google else world.microsoft
    back = side.consent(started.body["authorization_url"], account=ACCOUNT if google else OUTLOOK)
    ended = http("GET", f"/oauth_callback?{urlsplit(back).query}", token=None)
    name = parse_qs(urlsplit(ended.headers["Location"]).query)["connection"][0]
    chosen = {"imports": {"mode": mode, "private": "times"}}
    assert http("PATCH", f"/connections/{name}", token=STAFF, json=chosen).status == 200
    http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    world.drain()
    return name


def told(documents: list[dict[str, Any]], collection: str, field: str) -> list[Any]:
    """What all documents of a collection say in a field."""
    return [item["data"][field] for item in documents if item["path"].split("/")[-2] == collection]


def events(documents: list[dict[str, Any]]) -> list[Any]:
    """The imported events of an export, by their start."""
    found = [event for week in told(documents, "weeks", "events") for event in week]
    return sorted(found, key=lambda event: str(event["interval"]["start"]))


@BOTH
def test_imported_events_are_exported_with_times_and_titles(http: Http, provider: ProviderKind) -> None:
    """G4, mode full: start and end in RFC 3339, what the event takes, its words, and its series."""
    imported(http, provider, "full")
    documents = exported(http)
    found = events(documents)
    first, private, *series = found

    assert first["interval"] == {"start": "2027-03-16T08:00:00+00:00", "end": "2027-03-16T09:00:00+00:00"}
    assert (TITLE in first["title"], TEXT in first["description"]) == (True, True)
    assert (first["blocks"], first["free"], first["private"], first["all_day"]) == (True, False, False, False)
    assert (private["private"], private["title"], private["description"]) == (True, None, None)
    assert [event["interval"]["start"][:13] for event in series] == [
        f"2027-03-{day}T13" for day in (16, 17, 18)
    ]
    assert len({event["unit"] for event in series}) == 1
    assert len({event["key"] for event in series}) == 3
    units = {unit for shard in told(documents, "index", "units") for unit in shard}
    assert units == {event["unit"] for event in found}


@BOTH
@pytest.mark.pitfall(25)
def test_the_time_only_mode_exports_times_alone(http: Http, provider: ProviderKind) -> None:
    """G4, pitfall 25: the same times, and no word of any event."""
    imported(http, provider, "times")
    documents = exported(http)

    assert [event["interval"]["start"] for event in events(documents)][:2] == [
        "2027-03-16T08:00:00+00:00",
        "2027-03-16T10:00:00+00:00",
    ]
    assert {(event["title"], event["description"]) for event in events(documents)} == {(None, None)}
    assert "canary" not in json.dumps(documents)


@BOTH
def test_a_resources_export_is_as_readable(http: Http, provider: ProviderKind) -> None:
    """G4: the events of its own connections; a resource without any has none."""
    imported(http, provider, "full")
    catalogue = http.world.ports.catalogue
    catalogue.save_resource("t1", replace(catalogue.resource("t1", "anna"), id="bob", version=None))
    mine, others = exported(http, resource="anna"), exported(http, resource="bob")

    assert [TITLE in str(event["title"]) for event in events(mine)] == [True, False, True, True, True]
    assert events(others) == []
