"""Webhooks of owners over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from common.ports.machine import WebhookResponse as Said
from tests.api.conftest import Http
from tests.flows.setups.notify_setup import HOOK

OWNER = "owner.t1.-"
BOOKING = {
    "service": "cut",
    "resource": "anna",
    "start": "2027-03-22T10:00:00+01:00",
    "customer": {"name": "Zoe"},
}


def made(http: Http, **more: Any) -> Any:
    answer = http("POST", "/hooks", token=OWNER, json={"url": HOOK} | more)
    assert answer.status == 201, answer.body
    return answer.body


def test_a_secret_is_shown_once(http: Http) -> None:
    """When it is made and when it is replaced, and never afterwards."""
    hook = made(http, events=["booking.created"])
    shown = http("GET", f"/hooks/{hook['id']}", token=OWNER).body
    listed = http("GET", "/hooks", token=OWNER).body["hooks"]
    replaced = http("POST", f"/hooks/{hook['id']}/secret", token=OWNER, json={}).body
    alone = http("POST", f"/hooks/{hook['id']}/secret", token=OWNER, json={"drop_old": True}).body

    assert hook["secret"].startswith("whsec_")
    assert listed == [shown]
    assert "secret" not in shown
    assert (shown["url"], shown["events"], shown["enabled"], shown["secrets"]) == (
        HOOK,
        ["booking.created"],
        True,
        1,
    )
    assert (replaced["secrets"], alone["secrets"]) == (2, 1)
    assert len({hook["secret"], replaced["secret"], alone["secret"]}) == 3


def test_deliveries_can_be_read_and_repeated(http: Http) -> None:
    """Each delivery with its state, the target's answers and the body."""
    hook = made(http)
    http.world.targets.always = Said(410)
    http("POST", "/bookings?tenant=t1", token=None, json=BOOKING)
    http.world.drain()
    (failed,) = http("GET", f"/hooks/{hook['id']}/deliveries", token=OWNER).body["deliveries"]
    off = http("POST", f"/hooks/{hook['id']}/replay", token=OWNER, json={})
    http.world.targets.always = Said(200)
    on = http("PATCH", f"/hooks/{hook['id']}", token=OWNER, json={"enabled": True}).body
    again = http("POST", f"/hooks/{hook['id']}/replay", token=OWNER, json={})
    http.world.drain()
    one = http("POST", f"/hooks/{hook['id']}/deliveries/{failed['id']}/replay", token=OWNER)
    http.world.drain()
    (delivered,) = http("GET", f"/hooks/{hook['id']}/deliveries", token=OWNER).body["deliveries"]

    assert (failed["state"], failed["answer"], failed["event"]) == ("failed", "410", "booking.created")
    assert failed["body"]["data"]["resource"] == "anna"
    assert (off.status, off.code, on["enabled"]) == (409, "hook_disabled", True)
    assert (again.status, again.body, one.body) == (202, {"queued": 1}, {"queued": 1})
    assert (delivered["id"], delivered["state"]) == (failed["id"], "delivered")


def test_a_removed_webhook_gets_no_more_deliveries(http: Http) -> None:
    """Deliveries that were waiting end too."""
    hook = made(http)
    http("POST", "/bookings?tenant=t1", token=None, json=BOOKING)
    removed = http("DELETE", f"/hooks/{hook['id']}", token=OWNER)
    http.world.drain()

    assert (removed.status, http("DELETE", f"/hooks/{hook['id']}", token=OWNER).status) == (204, 404)
    assert http.world.targets.posted == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://shop.example/x"}, "forbidden_target"),
        ({"url": "https://127.0.0.1/x"}, "forbidden_target"),
        ({"url": "https://[::ffff:169.254.169.254]/"}, "forbidden_target"),
        ({"url": "https://user@shop.example/"}, "forbidden_target"),
        ({"url": "https://shop.example:22/"}, "forbidden_target"),
        ({"url": HOOK, "events": ["booking.exploded"]}, "invalid_fields"),
        ({"url": HOOK, "secret": "mine"}, "invalid_fields"),
    ],
)
def test_an_invalid_webhook_is_refused(http: Http, body: Any, code: str) -> None:
    """Private addresses, unusual ports, unknown events, and secrets that the caller chose."""
    answer = http("POST", "/hooks", token=OWNER, json=body)

    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("token", ["owner.t2.-", "staff.t1.anna", "support.t1.anna", None])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/secret", {}),
        ("GET", "/deliveries", None),
        ("POST", "/replay", {}),
        ("POST", "/deliveries/msg_0/replay", None),
    ],
)
def test_only_owners_of_the_tenant_reach_its_webhooks(
    http: Http, token: str | None, method: str, path: str, body: Any
) -> None:
    """Staff and other tenants do not."""
    hook = made(http)
    options = {} if body is None else {"json": body}
    answer = http(method, f"/hooks/{hook['id']}{path}", token=token, **options)

    assert answer.status in {401, 403, 404}
    assert http("GET", f"/hooks/{hook['id']}", token=OWNER).body["secrets"] == 1
