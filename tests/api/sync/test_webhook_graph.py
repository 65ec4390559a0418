"""The route that receives Microsoft's notifications: what it answers and what it queues, for any body."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from common.domain.calendar.connection import ProviderKind
from common.domain.sync.push import PURPOSE, PushClaims, encode_token
from common.errors import OperatorFault, StoreUnavailable
from common.providers.registry import ProviderRegistry
from tests.world import OUTLOOK, RETURN_TO

CONNECTION, CALENDAR, OTHER = "c0" * 12, "ca" * 12, "cb" * 12
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 1a2b : 100%"
HOSTILE = {
    "no collection": ({}, 400),
    "a list": ([], 400),
    "a word": ("value", 400),
    "value is no list": ({"value": {"0": {}}}, 400),
    "nothing in it": ({"value": []}, 202),
    "items that are none": ({"value": [None, 1, "x", [], {}]}, 202),
    "odd types": ({"value": [{"clientState": 7, "lifecycleEvent": {"a": 1}, "changeType": []}]}, 202),
    "tokens of a rich notification": ({"value": [], "validationTokens": ["x.y.z"]}, 202),
}


def state(world, *, calendar=CALENDAR, channel="ch34567890", tenant="t1"):
    parts = (tenant, CONNECTION, calendar, channel)
    return encode_token(PushClaims(*parts, signature=world.ports.keys.sign(PURPOSE, *parts)))


def item(client_state: Any, **more: Any) -> dict[str, Any]:
    """A notification as Microsoft documents it."""
    return {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "subscriptionExpirationDateTime": "2027-03-22T08:00:00Z",
        "clientState": client_state,
        "changeType": "updated",
        "resource": "Users/1/Events/AAMkAD",
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "AAMkAD"},
        **more,
    }


def lifecycle(client_state: str, event: str) -> dict[str, Any]:
    """Lifecycle notifications have neither resource nor kind of change."""
    return {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "clientState": client_state,
        "lifecycleEvent": event,
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
    }


class Recording:
    """The queue, which remembers what it took and refuses one calendar."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self.taken: list[Any] = []
        self.refused = ""

    def enqueue(self, task: Any) -> bool:
        if task.payload["calendar"] == self.refused:
            raise StoreUnavailable("full", code="queue_unavailable")
        new = self._queue.enqueue(task)
        self.taken += [task.payload] if new else []
        return new


@pytest.fixture(autouse=True)
def queue(world):
    found = Recording(world.push_ports.queue)
    world.push_ports = replace(world.push_ports, queue=found)
    return found


@pytest.fixture
def send(http):
    def call(body, *, content_type="application/json; charset=utf-8", query=""):
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return http("POST", f"/webhook_graph{query}", token=None, data=data, content_type=content_type)

    return call


@pytest.mark.pitfall(9)
@pytest.mark.parametrize("token", [TOKEN, "a", "x" * 2048, "naïve ☕ token", '"quoted" & more'])
def test_a_validation_token_is_returned_as_plain_text(send, token):
    """Pitfall 9: the decoded token comes back as plain text, even with an empty body of no type."""
    answer = send(b"", content_type="text/plain; charset=utf-8", query=f"?validationToken={quote(token)}")

    assert (200, token) == (answer.status, answer.body)
    assert "text/plain; charset=utf-8" == answer.headers["Content-Type"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.pitfall(9)
@pytest.mark.parametrize(
    "token",
    [
        "",
        "<script>alert(1)</script>",
        "a<b",
        "a\r\nSet-Cookie: b=c",
        "a\x00",
        "\u202egnp",
        "x" * 2049,
        "é" * 1025,
    ],
)
def test_a_validation_token_that_a_browser_could_run_is_refused(send, token):
    """Pitfall 9: markup, control characters and long texts are refused, and not shown in the refusal."""
    answer = send(b"", query=f"?validationToken={quote(token)}")

    assert (400, "bad_validation_token") == (answer.status, answer.code)
    assert not token or token not in json.dumps(answer.body)


def test_the_validation_is_not_a_page_for_browsers(http, send):
    """It is no route for browsers: only POST, no foreign origin let in, one token only."""
    seen = http("GET", f"/webhook_graph?validationToken={quote(TOKEN)}", token=None)
    foreign = http(
        "POST", "/webhook_graph?validationToken=a", token=None, headers={"Origin": "https://evil.example"}
    )

    assert 405 == seen.status
    assert 200 == foreign.status
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert 400 == send(b"", query="?validationToken=a&validationToken=b").status
    assert 405 == http("OPTIONS", "/webhook_graph", token=None).status


@pytest.mark.pitfall(10)
def test_each_item_of_a_batch_is_handled_by_itself(world, queue, send):
    """Pitfall 10: items of several calendars in one request, forged ones between them: each on its own."""
    batch = [
        item("forged"),
        item(state(world)),
        item(None),
        item(state(world, calendar=OTHER)),
        item(state(world)),
    ]

    answer = send({"value": batch})

    assert (202, None) == (answer.status, answer.body)
    assert {CALENDAR, OTHER} == {payload["calendar"] for payload in queue.taken}
    assert [line for line in world.log.lines if '"pushes"' in line and '"forged": 2' in line]


@pytest.mark.pitfall(10)
def test_a_forged_client_state_queues_nothing_and_gets_the_same_answer(world, queue, send):
    """Pitfall 10: another tenant's name under the same signature, other keys, a cut or a long state."""
    good = state(world)
    forged = [good.replace("t1", "t2"), good[:-1], good + "x" * 100, "A" * 66, "", "<b>", None, {"a": 1}]

    answers = {send({"value": [item(one)]}).status for one in forged}

    assert {202} == answers == {send({"value": [item(good)]}).status}
    assert 1 == len(queue.taken)


@pytest.mark.pitfall(11)
def test_a_repeated_notification_queues_two_tasks_at_most(world, queue, send):
    """Pitfall 11: the same delivery again, or many items of one change, make two tasks at most."""
    for _ in range(5):
        assert 202 == send({"value": [item(state(world))] * 4}).status

    assert 2 == len(queue.taken)


@pytest.mark.pitfall(9)
@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("missed", "missed"),
        ("subscriptionRemoved", "removed"),
        ("reauthorizationRequired", "reauthorize"),
        ("somethingOfTomorrow", "missed"),
    ],
)
def test_each_lifecycle_event_queues_a_sync_with_its_reason(world, queue, send, event, reason):
    """Pitfall 9: each lifecycle event has its own reason; an unknown one counts as missed notifications."""
    send({"value": [lifecycle(state(world), event), lifecycle(state(world), event)]})
    again = send({"value": [lifecycle(state(world), event)]})

    assert 202 == again.status
    assert {reason} == {payload["reason"] for payload in queue.taken}
    assert len(queue.taken) == (2 if reason == "missed" else 1)


@pytest.mark.pitfall(9)
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_body_without_notifications_queues_nothing(world, queue, send, name):
    """Pitfall 9: whatever arrives is answered, and makes no work."""
    body, status = HOSTILE[name]

    answer = send(body)

    assert status == answer.status
    assert [] == queue.taken
    assert not [line for line in world.log.lines if "request_crashed" in line]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"value": [{"clientState": "a"', 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b'{"value": NaN}', 400),
        (b'{"value": [], "value": []}', 400),
        (b"[" * 100_000, 400),
        (b'{"value": [' + b" " * 262_144 + b"]}", 413),
    ],
)
def test_a_body_that_is_not_json_is_refused(send, raw, status):
    """Truncated, empty, no text, no JSON, too deep or too large: an error that says so, never a 202."""
    assert status == send(raw).status


def test_a_notification_with_unknown_values_requests_a_sync(world, queue, send):
    """A kind of change that Microsoft did not have yet, and fields that it did not have, hide nothing."""
    send({"value": [item(state(world), changeType="teleported", novelty={"deep": [1, 2]})]})

    assert [CALENDAR] == [payload["calendar"] for payload in queue.taken]


@pytest.mark.pitfall(9)
def test_an_item_that_cannot_be_queued_makes_microsoft_send_again(world, queue, send):
    """Pitfall 9: 503 if one item could not be queued; the others are queued all the same."""
    queue.refused = CALENDAR

    answer = send({"value": [item(state(world)), item(state(world, calendar=OTHER))]})

    assert 503 == answer.status
    assert [OTHER] == [payload["calendar"] for payload in queue.taken]


@pytest.mark.pitfall(25)
def test_tasks_and_logs_hold_no_content_of_notifications(world, queue, send):
    """Pitfall 25: nothing of an item but our own ids goes on: no resource, no state."""
    send({"value": [item(state(world), secret="canary")]})

    texts = [json.dumps(queue.taken), *world.log.lines]
    assert [] == [text for text in texts if "canary" in text or "AAMkAD" in text or state(world) in text]


def test_a_connection_lists_its_providers_limitations(world, http):
    """A Microsoft connection lists what is not possible there, as does its preview; Google's nothing."""
    world.outlook()
    world.connect()
    world.connect(OUTLOOK, provider=ProviderKind.MICROSOFT)

    listed = http("GET", "/connections").body["connections"]
    shown = {one["provider"]: one["limitations"] for one in listed}
    previewed = {
        one["provider"]: http("GET", f"/connections/{one['id']}/preview").body["limitations"]
        for one in listed
    }

    assert [] == shown["google"]
    assert {"guests_are_always_mailed", "no_accepting_for_guests"} <= set(shown["microsoft"])
    assert previewed == shown


def test_a_provider_that_is_not_offered_is_refused(world, http):
    """Without a registration at Microsoft, connecting says so, and nothing else breaks."""
    google = world.ports.providers[ProviderKind.GOOGLE]
    world.ports = replace(world.ports, providers=ProviderRegistry({ProviderKind.GOOGLE: lambda: google}))
    body = {"provider": "microsoft", "resource": "anna", "return_to": RETURN_TO}

    answer = http("POST", "/connections", json=body)

    assert (400, "unknown_provider") == (answer.status, answer.code)
    with pytest.raises(OperatorFault):
        world.ports.providers[ProviderKind.MICROSOFT]
