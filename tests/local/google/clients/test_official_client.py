from concurrent.futures import ThreadPoolExecutor

import google_auth_httplib2
import httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from local.google import GoogleServer
from tests.local.google.driver import ADA, timed

DAY = "2026-10-05T10:00:00"


@pytest.fixture
def server(sim):
    with GoogleServer(sim) as running:
        yield running


@pytest.fixture
def tokens(sim):
    return sim.admin.grant(ADA, "client", ["calendar"])


@pytest.fixture
def credentials(server, tokens):
    return Credentials(
        tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=server.token_uri,
        client_id="client",
        client_secret="secret",
    )


@pytest.fixture
def service(server):
    """Google's own Python client, with the simulator as its API."""
    transport = httplib2.Http()
    with build(
        "calendar",
        "v3",
        http=transport,
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": server.calendar_endpoint},
    ) as built:
        yield built


@pytest.fixture
def http(credentials):
    transport = httplib2.Http(timeout=20)
    yield google_auth_httplib2.AuthorizedHttp(credentials, http=transport)
    transport.close()


@pytest.fixture
def run(http):
    def execute(request, **headers):
        request.headers |= headers
        return request.execute(http=http)

    return execute


def test_calendars_and_calendar_list(service, run):
    """The methods calendars.* and calendarList.* work through the official client."""
    made = run(service.calendars().insert(body={"summary": "Bookings"}))["id"]
    run(service.calendars().patch(calendarId=made, body={"description": "d"}))
    run(service.calendars().update(calendarId=made, body={"summary": "Visits"}))
    run(service.calendarList().patch(calendarId=made, body={"colorId": "3"}))
    run(service.calendarList().update(calendarId=made, body={"selected": False}))
    entry = run(service.calendarList().get(calendarId=made))
    listed = run(service.calendarList().list())
    run(service.calendarList().delete(calendarId=made))
    run(service.calendarList().insert(body={"id": made}))

    assert run(service.calendars().get(calendarId=made))["summary"] == "Visits"
    assert (entry["colorId"], "selected" in entry) == ("3", False)
    assert [item["id"] for item in listed["items"]] == [ADA, made]
    assert not run(service.calendars().delete(calendarId=made))
    assert run(service.colors().get())["kind"] == "calendar#colors"


def test_every_event_method(sim, service, run):
    """The methods events.* work through the official client: write, read, instances, move, import, delete."""
    events = service.events()
    other = sim.admin.add_calendar(ADA, "Other")
    body = timed(DAY, id="series", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    made = run(events.insert(calendarId="primary", body=body, sendUpdates="none"))
    patched = run(events.patch(calendarId="primary", eventId="series", body={"summary": "x"}))
    updated = run(events.update(calendarId="primary", eventId="series", body=patched | {"location": "y"}))
    instances = run(events.instances(calendarId="primary", eventId="series"))["items"]
    run(events.delete(calendarId="primary", eventId=instances[0]["id"]))
    moved = run(events.move(calendarId="primary", eventId="series", destination=other))
    imported = run(events.import_(calendarId="primary", body=timed(DAY, iCalUID="x@y")))

    assert (made["id"], updated["summary"], updated["location"]) == ("series", "x", "y")
    assert len(instances) == 3
    assert moved["organizer"]["email"] == other
    assert imported["iCalUID"] == "x@y"
    assert len(run(events.instances(calendarId=other, eventId="series"))["items"]) == 2
    assert run(events.get(calendarId=other, eventId="series"))["recurrence"] == body["recurrence"]


def test_paging_and_sync_tokens(sim, service, run):
    """list_next goes through the pages, and the sync token brings the change."""
    sim.admin.bulk_load(ADA, [timed(DAY, id=f"event{number}") for number in range(7)])
    request = service.events().list(calendarId=ADA, maxResults=3)
    found = []
    while request is not None:
        page = run(request)
        found += [item["id"] for item in page["items"]]
        request = service.events().list_next(request, page)
    sim.owner.delete_event(ADA, "event3")
    delta = run(service.events().list(calendarId=ADA, syncToken=page["nextSyncToken"]))

    assert found == [f"event{number}" for number in range(7)]
    assert [(item["id"], item["status"]) for item in delta["items"]] == [("event3", "cancelled")]


def test_channels_and_free_busy(sim, service, run):
    """Watching events and the list, stopping, and free/busy work through the official client."""
    hook = {"type": "web_hook", "address": "https://app.example.test/hook"}
    events = run(service.events().watch(calendarId=ADA, body=hook | {"id": "one"}))
    run(service.calendarList().watch(body=hook | {"id": "two"}))
    run(service.channels().stop(body={"id": "one", "resourceId": events["resourceId"]}))
    sim.owner.put_event(ADA, timed(DAY))
    asked = {"timeMin": "2026-10-05T00:00:00Z", "timeMax": "2026-10-06T00:00:00Z", "items": [{"id": ADA}]}

    assert [channel["stopped"] for channel in sim.inspect.channels()] == [True, False]
    assert len(run(service.freebusy().query(body=asked))["calendars"][ADA]["busy"]) == 1


def test_errors_and_preconditions(service, run):
    """HttpError has status and reason; If-Match and If-None-Match work as headers."""
    made = run(service.events().insert(calendarId=ADA, body=timed(DAY)))
    run(service.events().patch(calendarId=ADA, eventId=made["id"], body={"summary": "x"}))
    stale = service.events().update(calendarId=ADA, eventId=made["id"], body=made)

    with pytest.raises(HttpError) as caught:
        run(stale, **{"If-Match": made["etag"]})
    assert (caught.value.status_code, caught.value.reason) == (412, "Precondition Failed")
    with pytest.raises(HttpError) as caught:
        run(service.events().get(calendarId=ADA, eventId="nothing"))
    assert (caught.value.status_code, caught.value.error_details[0]["reason"]) == (404, "notFound")


def test_long_requests_are_sent_as_post(sim, service, run):
    """The client sends a query above 2048 characters as a POST, with the same answer."""
    sim.owner.put_event(ADA, timed(DAY, id="event0"))
    mask = "items(" + ",".join(["id", "summary", "start/dateTime"] * 100) + ")"

    assert run(service.events().list(calendarId=ADA, fields=mask))["items"][0]["id"] == "event0"


def test_batch_requests(server, service, http):
    """Twenty reads and a failure work in one multipart request."""
    answers = {}
    batch = BatchHttpRequest(batch_uri=server.batch_uri)
    for number in range(20):
        request = service.events().list(calendarId=ADA, maxResults=number + 1)
        batch.add(request, callback=lambda name, answer, error: answers.update({name: error or answer}))
    failing = service.events().get(calendarId=ADA, eventId="nothing")
    batch.add(failing, callback=lambda _name, _answer, error: answers.update(failed=error))
    batch.execute(http=http)

    assert answers.pop("failed").status_code == 404
    assert [answer["kind"] for answer in answers.values()] == ["calendar#events"] * 20


def test_expired_access_token_is_refreshed(sim, service, run, credentials):
    """After a 401, google-auth refreshes the token once, and the call passes."""
    before = credentials.token
    sim.admin.expire_access_tokens(ADA)
    run(service.calendarList().list())

    assert credentials.token != before
    assert [call["status"] for call in sim.admin.calls()] == [401, 200, 200]


@pytest.mark.pitfall(19)
def test_revoked_grant_is_a_refresh_error(sim, service, run):
    """Pitfall 19: after a revocation google-auth raises invalid_grant, which is not to be retried."""
    sim.admin.revoke_grant(ADA)

    with pytest.raises(RefreshError) as caught:
        run(service.calendarList().list())

    assert caught.value.args[1]["error"] == "invalid_grant"
    assert caught.value.retryable is False


@pytest.mark.pitfall(13)
def test_lost_answer_makes_the_transport_send_twice(sim, service, run):
    """Pitfall 13: if a connection ends without an answer, httplib2 repeats the POST.

    A client id reveals it.
    """
    sim.add_fault("drop_after", method="events.insert")

    with pytest.raises(HttpError) as caught:
        run(service.events().insert(calendarId=ADA, body=timed(DAY, id="event0")))

    assert caught.value.status_code == 409
    sim.add_fault("drop_after", method="events.insert")
    run(service.events().insert(calendarId=ADA, body=timed(DAY)))
    assert len(sim.inspect.events(ADA)) == 3


def test_truncated_answer_is_a_string(sim, service, run):
    """The client does not notice a truncated answer: it returns text."""
    sim.add_fault("truncate", method="events.list")

    assert isinstance(run(service.events().list(calendarId=ADA)), str)


def test_threads_do_not_disturb_each_other(sim, server, service, tokens):
    """Eight threads insert at once; every event is stored, with a change number of its own."""

    def insert(number):
        transport = httplib2.Http(timeout=20)
        authorized = google_auth_httplib2.AuthorizedHttp(Credentials(tokens["access_token"]), http=transport)
        request = service.events().insert(calendarId=ADA, body=timed(DAY, id=f"event{number:03d}"))
        made = request.execute(http=authorized)
        transport.close()
        return made["etag"]

    with ThreadPoolExecutor(8) as pool:
        etags = list(pool.map(insert, range(40)))

    assert len(set(etags)) == len(sim.inspect.events(ADA)) == 40
