"""A connection's life over HTTP, as a front end lives it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.conftest import Http
from tests.world import ACCOUNT, RETURN_TO

STAFF = "staff.t1.anna"
EVENT = {
    "summary": "canary-4711",
    "start": {"dateTime": "2027-03-16T10:00:00+01:00"},
    "end": {"dateTime": "2027-03-16T11:00:00+01:00"},
}
BODY = {"provider": "google", "resource": "anna", "return_to": RETURN_TO}


def connect(http: Http) -> str:
    """Consent in the browser; the connection's id."""
    started = http("POST", "/connections", token=STAFF, json=BODY)
    back = http.world.google.consent(started.body["authorization_url"], account=ACCOUNT)
    ended = http("GET", f"/oauth_callback?{urlsplit(back).query}", token=None)
    return parse_qs(urlsplit(ended.headers["Location"]).query)["connection"][0]


def test_the_consent_comes_back_to_the_front_end(http: Http) -> None:
    """The callback redirects to the registered address with the outcome; the state works once."""
    started = http("POST", "/connections", token=STAFF, json=BODY)
    back = http.world.google.consent(started.body["authorization_url"], account=ACCOUNT)
    query = urlsplit(back).query
    ended = http("GET", f"/oauth_callback?{query}", token=None)
    again = http("GET", f"/oauth_callback?{query}", token=None)

    assert (started.status, ended.status, again.status) == (201, 303, 400)
    assert ended.headers["Location"].startswith(f"{RETURN_TO}?outcome=connected&connection=")
    assert again.headers["Content-Type"].startswith("text/plain")
    assert "code=" not in ended.headers["Location"]


def test_a_refused_consent_comes_back_with_its_outcome(http: Http) -> None:
    """The person pressed Cancel: the front end gets the outcome, and nothing is connected."""
    started = http("POST", "/connections", token=STAFF, json=BODY)
    back = http.world.google.consent(started.body["authorization_url"], account=ACCOUNT, decision="deny")
    ended = http("GET", f"/oauth_callback?{urlsplit(back).query}", token=None)

    assert ended.headers["Location"] == f"{RETURN_TO}?outcome=refused"
    assert http("GET", "/connections", token=STAFF).body["connections"] == []


@pytest.mark.parametrize(
    "query", ["", "state=", "state=a&state=b", "state=nonsense&code=x", "state=" + "x" * 600]
)
def test_a_callback_with_a_made_up_state_changes_nothing(http: Http, query: str) -> None:
    """It is refused without a redirect, because nobody knows where to."""
    answer = http("GET", f"/oauth_callback?{query}", token=None)

    assert answer.status == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"return_to": "https://console.example/connected/../evil"}, 400, "unknown_return_address"),
        ({"return_to": "https://evil.example"}, 400, "unknown_return_address"),
        ({"provider": "yahoo"}, 400, "invalid_fields"),
        ({"resource": "ben"}, 404, "not_found"),
        ({"tenant": "t2"}, 400, "invalid_fields"),
        ({"connection": "nothing"}, 404, "not_found"),
    ],
)
def test_a_consent_that_cannot_succeed_is_refused(
    http: Http, changes: dict[str, str], status: int, code: str
) -> None:
    """Foreign return addresses, unknown providers and resources, and smuggled tenants."""
    answer = http("POST", "/connections", token=STAFF, json=BODY | changes)

    assert (answer.status, answer.code) == (status, code)


def test_the_first_synchronisation_over_http(http: Http) -> None:
    """Preview, start, progress, the imported event, its slots, health."""
    http.world.google.owner.put_event(ACCOUNT, EVENT)
    name = connect(http)
    preview = http("GET", f"/connections/{name}/preview", token=STAFF)
    started = http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    twice = http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    http.world.drain()
    progress = http("GET", f"/connections/{name}/progress", token=STAFF).body
    (calendar,) = http("GET", f"/connections/{name}/calendars", token=STAFF).body["calendars"]
    events = http(
        "GET",
        f"/connections/{name}/events?calendar={calendar['key']}&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z",
        token=STAFF,
    ).body["events"]
    health = http("GET", f"/connections/{name}/health", token=STAFF).body

    assert (preview.body["imports"], preview.body["exports"], preview.body["invitations"]) == (1, 0, 0)
    assert preview.body["limitations"] == []
    assert (started.status, twice.status, twice.code) == (202, 409, "sync_running")
    assert (progress["phase"], progress["percentage"]) == ("done", 100)
    assert [(event["start"], event["title"]) for event in events] == [("2027-03-16T09:00:00+00:00", None)]
    assert health["healthy"] is True


def test_imported_events_are_read_only(http: Http) -> None:
    """C7: any attempt to change one is refused with a clear error."""
    name = connect(http)

    for method in ("PUT", "PATCH", "DELETE"):
        answer = http(method, f"/connections/{name}/events/abc", token=STAFF)
        assert (answer.status, answer.code) == (403, "read_only")


def test_settings_change_only_what_is_named(http: Http) -> None:
    """A patch keeps the rest; what contradicts itself is refused and changes nothing."""
    name = connect(http)
    before = http("GET", f"/connections/{name}", token=STAFF).body["settings"]
    patch = {"imports": {"mode": "full"}, "exports": {"reminder": 20}}
    after = http("PATCH", f"/connections/{name}", token=STAFF, json=patch).body["settings"]
    wrong = http("PATCH", f"/connections/{name}", token=STAFF, json={"exports": {"notify": True}})
    odd = http("PATCH", f"/connections/{name}", token=STAFF, json={"exports": {"title": "{secret}"}})

    assert after["imports"] == before["imports"] | {"mode": "full"}
    assert after["exports"] == before["exports"] | {"reminder": 20}
    assert (wrong.status, odd.status) == (400, 400)
    assert http("GET", f"/connections/{name}", token=STAFF).body["settings"] == after


def test_a_stale_change_is_refused(http: Http) -> None:
    """If-Match with the version that the person saw."""
    name = connect(http)
    first = http(
        "PATCH", f"/connections/{name}", token=STAFF, json={"show_events": True}, headers={"If-Match": '"1"'}
    )
    second = http(
        "PATCH", f"/connections/{name}", token=STAFF, json={"show_events": False}, headers={"If-Match": '"1"'}
    )

    assert (first.status, second.status) == (200, 412)


def test_a_calendar_is_switched_off_and_on(http: Http) -> None:
    """C1 and C6: its events go at once and come back."""
    http.world.google.owner.put_event(ACCOUNT, EVENT)
    name = connect(http)
    http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    http.world.drain()
    (calendar,) = http("GET", f"/connections/{name}/calendars", token=STAFF).body["calendars"]
    question = (
        f"/connections/{name}/events?calendar={calendar['key']}"
        "&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"
    )
    path = f"/connections/{name}/calendars/{calendar['key']}"
    counts = [len(http("GET", question, token=STAFF).body["events"])]
    for use in ("none", "import"):
        assert http("PATCH", path, token=STAFF, json={"use": use}).status == 200
        http.world.drain()
        counts.append(len(http("GET", question, token=STAFF).body["events"]))

    assert counts == [1, 0, 1]


def test_disconnecting_leaves_a_receipt(http: Http) -> None:
    """E1: a tracked job; the receipt says what was done."""
    http.world.google.owner.put_event(ACCOUNT, EVENT)
    name = connect(http)
    http("POST", f"/connections/{name}/sync", token=STAFF, json={})
    http.world.drain()
    early = http("GET", f"/connections/{name}/receipt", token=STAFF)
    started = http("DELETE", f"/connections/{name}", token=STAFF)
    http.world.drain()
    receipt = http("GET", f"/connections/{name}/receipt", token=STAFF).body

    assert (early.status, started.status) == (404, 202)
    assert (receipt["status"], receipt["channels_stopped"], receipt["imports_removed"]) == (
        "disconnected",
        1,
        1,
    )
    assert receipt["grant_revoked"] is True
    assert [item for item in http.world.google.inspect.channels() if item["live"]] == []


ROUTES = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("GET", "/calendars"),
    ("POST", "/calendars"),
    ("GET", "/preview"),
    ("POST", "/sync"),
    ("DELETE", "/sync"),
    ("GET", "/progress"),
    ("GET", "/receipt"),
    ("GET", "/health"),
    ("POST", "/resync"),
    ("POST", "/release"),
    ("GET", "/events?calendar=" + "0" * 24 + "&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"),
    ("PATCH", "/events/x"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", ["owner.t2.-", "staff.t1.ben", "support.t1.anna"])
def test_other_callers_cannot_reach_a_connection(http: Http, method: str, path: str, token: str) -> None:
    """Another tenant and another's staff see "not found", support without a case is not let in."""
    name = connect(http)
    bodies = {"": {}, "/sync": {}, "/resync": {}, "/release": {"calendar": "0" * 24}}
    options = {"json": bodies[path]} if method in {"PATCH", "POST"} and path in bodies else {}
    answer = http(method, f"/connections/{name}{path}", token=token, **options)

    expected = 403 if token.startswith("support") else 404
    assert answer.status == expected
    assert http("GET", f"/connections/{name}", token=STAFF).body["status"] == "connected"
