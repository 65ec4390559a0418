import json

import pytest
from werkzeug.test import Client

from tests.local.google.driver import ADA, Refused, timed

DAY = "2026-10-05T10:00:00"


@pytest.fixture
def event(ada):
    return ada("events.insert", timed(DAY, summary="One", location="There", id="event0"), calendarId=ADA)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (
            "items(id,start/dateTime)",
            {"items": [{"id": "event0", "start": {"dateTime": "2026-10-05T10:00:00+02:00"}}]},
        ),
        ("items/summary", {"items": [{"summary": "One"}]}),
        (
            "kind,items(id),items(location)",
            {"kind": "calendar#events", "items": [{"id": "event0", "location": "There"}]},
        ),
        ("items(start(timeZone),id)", {"items": [{"id": "event0", "start": {"timeZone": "Europe/Zurich"}}]}),
        ("nextPageToken", {}),
        ("items(attendees(email))", {"items": [{}]}),
    ],
)
def test_field_masks_select(ada, event, mask, expected):
    """Names, sub-selections and slashes keep exactly what they name."""
    assert ada("events.list", calendarId=ADA, fields=mask) == expected


def test_asterisk_selects_every_name(ada, event):
    """An asterisk in a field mask stands for every name."""
    page = ada("events.list", calendarId=ADA, fields="items/*/email")

    assert page["items"][0]["organizer"] == page["items"][0]["creator"] == {"email": ADA}
    assert ada("events.get", calendarId=ADA, eventId="event0", fields="*") == event


@pytest.mark.parametrize(
    "mask", ["itemz", "items(id", "items(id))", "items(nonsense)", ",", "items/", "items((id))"]
)
def test_wrong_field_masks_are_refused(ada, mask):
    """A field mask that cannot be read, or names an unknown field, is a 400."""
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, fields=mask)

    assert (caught.value.status, caught.value.reason) == (400, "invalidParameter")


def test_long_gets_come_as_posts(ada, event):
    """A POST with x-http-method-override GET and a form body is answered as a GET."""
    headers = {"Authorization": f"Bearer {ada.token}", "x-http-method-override": "GET"}
    path = f"/calendar/v3/calendars/{ADA}/events"
    page = ada.client.post(path, data={"fields": "items(id)", "maxResults": "5"}, headers=headers).get_json()

    assert page == {"items": [{"id": "event0"}]}


def test_ids_are_percent_encoded(sim, ada):
    """Calendar ids with #, @ and / work in the path."""
    strange = sim.admin.add_calendar(ADA, "Odd", calendar_id="en.swiss#holiday/x@group.v.calendar.google.com")

    assert ada("events.list", calendarId=strange)["summary"] == "Odd"


def multipart(parts, boundary="xx"):
    body = "".join(
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <{name}>\r\n\r\n{text}\r\n"
        for name, text in parts
    )
    return f"{body}--{boundary}--\r\n", {"Content-Type": f'multipart/mixed; boundary="{boundary}"'}


def test_batch_answers_each_part(ada, event):
    """A read, a write and a failure in one batch are answered each, matched by Content-ID."""
    insert = json.dumps(timed(DAY, id="event1"))
    post = f"POST /calendar/v3/calendars/{ADA}/events HTTP/1.1\r\nContent-Type: application/json"
    parts = [
        ("a", f"GET /calendar/v3/calendars/{ADA}/events/event0?fields=id HTTP/1.1\r\n\r\n"),
        (
            "b",
            f"{post}\r\n\r\n{insert}",
        ),
        ("c", f"GET /calendar/v3/calendars/{ADA}/events/nothing HTTP/1.1\r\n\r\n"),
    ]
    body, headers = multipart(parts)
    auth = {"Authorization": f"Bearer {ada.token}"}
    response = ada.client.post("/batch/calendar/v3", data=body, headers=headers | auth)

    assert response.mimetype == "multipart/mixed"
    assert [f"<response-{name}>" in response.text for name in "abc"] == [True] * 3
    assert response.text.count("HTTP/1.1 200 OK") == 2
    assert response.text.count("HTTP/1.1 404 Not Found") == 1
    assert '{"id": "event0"}' in response.text
    assert ada("events.get", calendarId=ADA, eventId="event1")["id"] == "event1"


def test_batches_have_limits(ada):
    """A batch without parts, with more than a thousand, or without multipart is a 400."""
    auth = {"Authorization": f"Bearer {ada.token}"}
    many, headers = multipart(
        [(str(number), "GET /calendar/v3/colors HTTP/1.1\r\n\r\n") for number in range(1001)]
    )

    assert ada.client.post("/batch/calendar/v3", data=many, headers=headers | auth).status_code == 400
    assert ada.client.post("/batch/calendar/v3", data="x", headers=auth).status_code == 400


@pytest.fixture
def control(sim):
    """Calls the control API over HTTP."""
    client = Client(sim)

    def call(operation, **arguments):
        response = client.post(f"/_sim/{operation}", json=arguments)
        return response.get_json().get("result") if response.status_code == 200 else response.status_code

    return call


def test_control_api_takes_and_answers_json(sim, ada, control):
    """Everything that the Python objects do, another process can do over HTTP."""
    calendar = control("add_calendar", owner=ADA, summary="Team")
    made = control("put_event", calendar=calendar, event=timed(DAY, summary="x"))
    control("shift_event", calendar=calendar, event_id=made["id"], minutes=30)
    control("add_fault", action="status", method="events.list", status=500)

    assert made["summary"] == "x"
    assert ada("events.get", calendarId=calendar, eventId=made["id"])["start"]["dateTime"][11:16] == "10:30"
    with pytest.raises(Refused):
        ada("events.list", calendarId=calendar)
    assert control("bulk_load", calendar=calendar, events=[timed(DAY), timed(DAY)]) == 2
    assert len(control("events", calendar=calendar)) == 3
    assert control("mails") == []


def test_control_api_refuses_wrong_calls(control):
    """Unknown operations are 404, wrong arguments 400, and the API's own errors keep their status."""
    assert control("explode") == 404
    assert control("put_event", nonsense=1) == 400
    assert control("put_event", calendar="nobody", event={}) == 404
    assert control("put_event", calendar=ADA, event={}) == 400


@pytest.mark.pitfall(25)
def test_state_shows_everything_but_secrets(sim, ada, event):
    """Pitfall 25: the state has lists, events, channels, grants, pushes and the rest, but no tokens."""
    body = {"id": "c1", "type": "web_hook", "address": "https://app.example.test/", "token": "canary-token"}
    ada("events.watch", body, calendarId=ADA)
    client = Client(sim)
    text = client.get("/_sim/state").text
    state = json.loads(text)["result"]

    assert [each["id"] for each in state["events"][ADA]] == ["event0"]
    assert state["channels"][0]["live"] is True
    assert state["pending_pushes"][0]["state"] == "sync"
    assert state["grants"][0]["refresh_tokens"] == 1
    assert not any(secret in text for secret in (ada.token, "canary-token", "1//0"))
    assert client.get("/_sim/health").get_json() == {"status": "ok"}
    assert client.get("/_sim/bulk_load").status_code == 404
    assert client.get(f"/_sim/events?calendar={ADA}").get_json()["result"] == state["events"][ADA]
