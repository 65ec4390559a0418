import socket
import threading

import pytest

from local.google import GoogleServer, GoogleSimulator
from local.google.push.delivery import post
from tests.local.google.driver import Driver, Refused, timed

ADA, BOB = "ada@example.test", "bob@example.test"
HOOK = "https://app.example.test/webhook_google"
WEEK = 7 * 24 * 3600


def channel(name="channel-1", **more):
    return {"id": name, "type": "web_hook", "address": HOOK, "token": "secret"} | more


def write(sim, event="event0"):
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id=event))


def states(sent):
    return [headers["X-Goog-Resource-State"] for _, headers in sent]


@pytest.fixture
def watched(ada):
    return ada("events.watch", channel(), calendarId=ADA)


def test_watch_answers_a_channel(ada, clock, watched):
    """The resourceId is opaque; the expiration is a week away, in milliseconds as text."""
    assert (watched["id"], watched["token"], watched["kind"]) == ("channel-1", "secret", "api#channel")
    assert int(watched["expiration"]) == (clock().timestamp() + WEEK) * 1000
    assert (
        ada("events.watch", channel("channel-2"), calendarId="primary")["resourceId"] == watched["resourceId"]
    )


def test_channel_expires_when_asked_within_a_week(ada, clock):
    """Expiration or params.ttl shorten the life of a channel; more than a week is cut."""
    now = clock().timestamp()
    by_ttl = ada("events.watch", channel("a", params={"ttl": "3600"}), calendarId=ADA)
    by_time = ada("events.watch", channel("b", expiration=str(int(now + 60) * 1000)), calendarId=ADA)
    capped = ada("events.watch", channel("c", params={"ttl": "2592000"}), calendarId=ADA)

    assert [int(each["expiration"]) / 1000 - now for each in (by_ttl, by_time, capped)] == [3600, 60, WEEK]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (channel(address="http://app.example.test/hook"), "push.webhookUrlNotHttps"),
        (channel(address="nonsense"), "push.webhookUrlNotHttps"),
        (channel(address="https://[/"), "push.webhookUrlNotHttps"),
        (channel(address="https://app.example.test:99999/"), "push.webhookUrlNotHttps"),
        (channel(address="https://app.example.test/\u00fc"), "push.webhookUrlNotHttps"),
        (channel("x" * 65), "invalid"),
        (channel(token="x" * 257), "invalid"),
        (channel(type="pubsub"), "invalid"),
        (channel(""), "required"),
        (channel(expiration="1"), "invalid"),
    ],
)
def test_invalid_channels_are_refused(ada, body, reason):
    """Address, lengths and type of a channel are checked."""
    with pytest.raises(Refused) as caught:
        ada("events.watch", body, calendarId=ADA)

    assert (caught.value.status, caught.value.reason) == (400, reason)


def test_loopback_http_needs_the_setting(sim, ada):
    """Plain http is accepted for loopback addresses only, and only with the setting allow_http_push."""
    local = {"address": "http://127.0.0.1:8080/webhook_google"}
    ada("events.watch", channel(**local), calendarId=ADA)
    sim.admin.set_setting("allow_http_push", False)

    with pytest.raises(Refused) as caught:
        ada("events.watch", channel("channel-2", **local), calendarId=ADA)

    assert caught.value.reason == "push.webhookUrlNotHttps"


def test_channel_ids_are_unique_in_the_project(ada, bob, connect, watched):
    """A used channel id is refused for everybody in the project, but not for other projects."""
    for driver, calendar in ((ada, ADA), (bob, BOB), (connect(client="sister"), ADA)):
        with pytest.raises(Refused) as caught:
            driver("events.watch", channel(), calendarId=calendar)
        assert (caught.value.status, caught.value.reason) == (400, "channelIdNotUnique")
    connect(client="other")("events.watch", channel(), calendarId=ADA)


def test_generated_calendars_cannot_be_watched(sim, ada):
    """Calendars such as holidays answer pushNotSupportedForRequestedResource."""
    holidays = sim.admin.add_calendar(ADA, "Holidays", can_be_watched=False)

    with pytest.raises(Refused) as caught:
        ada("events.watch", channel(), calendarId=holidays)

    assert caught.value.reason == "pushNotSupportedForRequestedResource"


@pytest.mark.pitfall(10)
def test_sync_message_comes_first_with_all_headers(sim, sent, watched):
    """Pitfall 10: message 1 has the state sync, later ones exists, with rising numbers that leave gaps."""
    for number in range(4):
        write(sim, f"event{number}")
    sim.owner.delete_event(ADA, "event0")
    sim.push.deliver()
    address, headers = sent[0]
    numbers = [int(each["X-Goog-Message-Number"]) for _, each in sent]

    assert states(sent) == ["sync"] + ["exists"] * 5
    assert address == HOOK
    assert headers["X-Goog-Channel-ID"] == "channel-1"
    assert headers["X-Goog-Channel-Token"] == "secret"
    assert headers["X-Goog-Resource-ID"] == watched["resourceId"]
    assert headers["X-Goog-Resource-URI"] == watched["resourceUri"]
    assert headers["X-Goog-Channel-Expiration"] == "Thu, 08 Oct 2026 08:00:00 GMT"
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers)) != list(range(1, 7))


@pytest.mark.pitfall(12)
def test_own_writes_notify_as_well(ada, sent, sim, watched):
    """Pitfall 12: a client's own write comes back as a notification, one for each call."""
    ada("events.insert", timed("2026-10-05T10:00:00"), calendarId=ADA)
    sim.push.deliver()

    assert states(sent) == ["sync", "exists"]


def test_bulk_load_notifies_only_if_asked(sim, sent, watched):
    """A bulk load sends no notification by default, and one if asked."""
    bodies = [timed("2026-10-05T10:00:00") for _ in range(5)]
    sim.admin.bulk_load(ADA, bodies)
    sim.admin.bulk_load(ADA, bodies, notify=True)
    sim.push.deliver()

    assert states(sent) == ["sync", "exists"]


@pytest.mark.pitfall(8)
def test_pushes_can_be_dropped_doubled_and_reordered(sim, sent, watched):
    """Pitfall 8: a test can lose, double and reorder the notifications that wait."""
    write(sim, "event0")
    write(sim, "event1")
    sim.push.reorder([2, 1, 0])
    sim.push.duplicate(0)
    sim.push.deliver(2)
    lost = sim.push.drop()

    assert (states(sent), lost, sim.push.pending()) == (["exists", "exists"], 2, [])
    assert sent[0] == sent[1]


@pytest.mark.parametrize(("status", "again"), [(500, True), (502, True), (503, True), (504, True)])
def test_server_errors_are_retried_later(sim, clock, watched, status, again):
    """A notification answered with 500, 502, 503 or 504 is repeated after growing pauses."""
    sim.push.send = lambda _address, _headers: status

    assert [attempt.will_retry for attempt in sim.push.deliver()] == [again]
    assert sim.push.deliver() == []
    clock.forward(seconds=1)
    assert [attempt.attempt for attempt in sim.push.deliver()] == [2]
    clock.forward(seconds=1)
    assert sim.push.deliver() == []
    assert [attempt.attempt for attempt in sim.push.deliver(force=True)] == [3]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 501])
def test_other_error_answers_are_not_retried(sim, watched, status):
    """After any other error status the notification is lost."""
    sim.push.send = lambda _address, _headers: status
    sim.push.deliver()

    assert sim.push.pending() == []


def test_stop_is_for_the_same_user_and_client(sim, ada, bob, *, connect, watched, sent):
    """Only the user and client that opened a channel may stop it; an unknown one is 404."""
    body = {"id": watched["id"], "resourceId": watched["resourceId"]}
    for driver in (bob, connect(client="sister")):
        with pytest.raises(Refused) as caught:
            driver("channels.stop", body)
        assert caught.value.status == 404
    with pytest.raises(Refused) as caught:
        ada("channels.stop", body | {"id": "unknown"})
    assert caught.value.body["error"]["message"] == "Channel 'unknown' not found for project 'project'"

    ada("channels.stop", body)
    write(sim)
    sim.push.deliver()

    assert states(sent) == ["sync"]
    ada("channels.stop", body)


@pytest.mark.pitfall(8)
def test_expired_channels_send_nothing(sim, clock, sent, watched):
    """Pitfall 8: after its expiration a channel sends nothing, not even that it ended."""
    clock.forward(seconds=WEEK)
    write(sim)
    sim.push.deliver()

    assert states(sent) == ["sync"]
    assert [each["live"] for each in sim.inspect.channels()] == [False]


def test_channels_survive_a_revoked_grant(sim, sent, watched):
    """After a revocation nobody can stop a channel, and it still sends notifications."""
    sim.admin.revoke_grant(ADA)
    write(sim)
    sim.push.deliver()

    assert states(sent) == ["sync", "exists"]


def test_every_channel_on_a_resource_is_notified(sim, ada, sent, watched):
    """Two channels on a resource are both notified; a change may cause several messages (a setting)."""
    ada("events.watch", channel("channel-2"), calendarId=ADA)
    sim.push.deliver()
    sim.admin.set_setting("notifications_per_change", 3)
    write(sim)
    sim.push.deliver()

    assert states(sent)[2:] == ["exists"] * 6


def test_event_types_narrow_a_channel(sim, ada, sent):
    """A channel for the event type focusTime ignores other events."""
    ada("events.watch", channel(), calendarId=ADA, eventTypes=["focusTime"])
    write(sim)
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", eventType="focusTime"))
    sim.push.deliver()

    assert states(sent) == ["sync", "exists"]


def test_calendar_list_channel_reports_new_and_lost_calendars(sim, ada, sent):
    """New and lost calendars cause notifications; a changed role does not."""
    ada("calendarList.watch", channel())
    made = sim.admin.add_calendar(BOB, "Team")
    sim.admin.share(made, ADA, "reader")
    sim.admin.share(made, ADA, "writer")
    sim.admin.unshare(made, ADA)
    sim.push.deliver()

    assert states(sent) == ["sync", "exists", "exists"]


def test_pushes_are_real_requests(clock):
    """The delivery thread sends an empty POST over HTTP (here to the simulator, which answers 404)."""
    simulator = GoogleSimulator(now=clock)
    simulator.settings.allow_http_push = True
    simulator.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/callback"])
    simulator.admin.add_account(ADA)
    with GoogleServer(simulator) as server:
        driver = Driver(simulator, simulator.admin.grant(ADA, "client", ["calendar"])["access_token"])
        driver("events.watch", channel(address=f"{server.url}/webhook?x=1"), calendarId=ADA)
        simulator.push.hold()
        simulator.push.start()
        simulator.push.release()
        assert simulator.push.wait_for(1, seconds=10)

    assert [(attempt.state, attempt.status) for attempt in simulator.push.attempts()] == [("sync", 404)]


@pytest.mark.pitfall(24)
def test_channels_on_lost_calendars_send_nothing(sim, bob, sent):
    """Pitfall 24: after a calendar is no longer shared, its channel sends nothing, without any notice."""
    team = sim.admin.add_calendar(ADA, "Team")
    sim.admin.share(team, BOB, "reader")
    bob("events.watch", channel(), calendarId=team)
    sim.admin.unshare(team, BOB)
    sim.owner.put_event(team, timed("2026-10-05T10:00:00"))
    sim.push.deliver()

    assert states(sent) == ["sync"]


def test_answers_that_are_no_http_count_as_504():
    """A webhook that does not answer in HTTP, or not at all, counts as status 504 and is retried."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"

        def talk():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"nonsense\r\n\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        nonsense = post(address, {})
        thread.join()

    assert (nonsense, post(address, {})) == (504, 504)
