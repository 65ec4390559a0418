"""Signed webhooks that notify the tenant's own systems, with the addresses and secrets it chose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.domain.shared.tasks import Work
from common.domain.webhooks import DeliveryState, WebhookEvent
from common.errors import Forbidden, GrantRevoked, InvalidRequest, Rejected
from common.flows.connect.disconnect import start_disconnect
from common.flows.webhooks.endpoints import (
    add_webhook,
    rotate_webhook_secret,
)
from common.ports.machine import WebhookResponse
from tests.flows.setups.booking_setup import CUSTOMER, booked, enter, shop
from tests.flows.setups.notify_setup import HOOK, cancel, move
from tests.flows.setups.webhook_setup import messages, shop_with_webhook, signature_valid, sweep
from tests.world import ACCOUNT, World


@pytest.mark.pitfall(25)
def test_bookings_are_sent_signed_and_without_personal_data() -> None:
    """Pitfall 25, B6: three events with ids and times, without name, address or note."""
    world, made = shop_with_webhook()
    booking = booked(world, note="secret note").booking
    world.drain()
    booking = move(world, booking, "11:00")
    world.drain()
    cancel(world, booking)
    world.drain()

    assert world.targets.types() == ["booking.created", "booking.changed", "booking.cancelled"]
    assert [item.event["data"]["revision"] for item in world.targets.posted] == [1, 2, 3]
    assert all(signature_valid(item, made.secret) for item in world.targets.posted)
    assert len({item.headers["webhook-id"] for item in world.targets.posted}) == 3
    everything = "".join(item.body for item in world.targets.posted)
    private = (CUSTOMER.name, CUSTOMER.email, CUSTOMER.phone, "secret note", ACCOUNT, "Anna")
    assert [word for word in private if word and word in everything] == []
    assert max(len(item.body) for item in world.targets.posted) < 20_000


def test_each_change_of_a_connection_is_sent() -> None:
    """Connected, consent revoked, connected, disconnected."""
    world = World()
    world.catalogue()
    world.account()
    add_webhook(world.ports, tenant="t1", url=HOOK)
    connection = world.connect()
    world.drain()
    world.google.admin.revoke_grant(ACCOUNT)
    world.advance(hours=2)
    with pytest.raises(GrantRevoked):
        world.run(Work.MAINTENANCE, {"job": "refresh", "tenant": "t1", "connection": connection.id})
    sweep(world, minutes=2)
    world.connect()
    world.drain()
    start_disconnect(world.ports, tenant="t1", connection=connection.id)
    world.drain()

    assert world.targets.types() == [
        "connection.connected",
        "connection.reauth_required",
        "connection.connected",
        "connection.disconnected",
    ]


def test_a_webhook_gets_the_chosen_events_only() -> None:
    """Other events are not sent, and nothing is sent to another tenant."""
    world, _ = shop_with_webhook(events=(WebhookEvent.BOOKING_CANCELLED,))
    add_webhook(world.ports, tenant="t2", url="https://other.example/hook")
    booking = booked(world).booking
    world.drain()
    cancel(world, booking)
    world.drain()

    assert world.targets.types() == ["booking.cancelled"]
    assert [item.url for item in world.targets.posted] == [HOOK]


def test_an_address_that_became_private_is_not_called() -> None:
    """SSRF: the refused request counts as a failed attempt, and its answer gives away nothing."""
    world, made = shop_with_webhook()
    world.targets.answers = [Forbidden("no", code="forbidden_target")]
    booked(world)
    world.drain(within=timedelta(seconds=1))
    (message,) = messages(world, made.webhook.id)

    assert (message.state, message.answer, message.attempts) == (DeliveryState.PENDING, "unreachable", 1)


def test_a_secret_is_replaced_without_a_gap() -> None:
    """Both secrets sign until the old one is dropped."""
    world, first = shop_with_webhook()
    second = rotate_webhook_secret(world.ports, tenant="t1", webhook=first.webhook.id)
    booked(world, "10:00")
    world.drain()
    third = rotate_webhook_secret(world.ports, tenant="t1", webhook=first.webhook.id, drop_old=True)
    booked(world, "11:00")
    world.drain()
    both, alone = world.targets.posted

    assert [signature_valid(both, item.secret) for item in (first, second)] == [True, True]
    assert [signature_valid(alone, item.secret) for item in (first, second, third)] == [False, False, True]


@pytest.mark.parametrize("url", ["http://shop.example/x", "https://10.0.0.1/", "https://a:b@shop.example/"])
def test_a_forbidden_address_is_refused(url: str) -> None:
    """SSRF: the address is checked when the webhook is added."""
    world, _ = shop()

    with pytest.raises(InvalidRequest):
        add_webhook(world.ports, tenant="t1", url=url)


def test_a_tenant_has_ten_webhooks_at_most() -> None:
    """Because each booking is a message to every one of them."""
    world, _ = shop_with_webhook()
    for number in range(9):
        add_webhook(world.ports, tenant="t1", url=f"{HOOK}/{number}")

    with pytest.raises(Rejected):
        add_webhook(world.ports, tenant="t1", url=f"{HOOK}/more")


def test_tasks_and_logs_hold_no_address_and_no_secret() -> None:
    """G3: they hold ids only; the stored secret is encrypted."""
    world, made = shop_with_webhook()
    world.targets.answers = [WebhookResponse(500)]
    booked(world)
    enter(world, "18:00", "19:00")
    world.drain()
    said = "\n".join([*world.log.lines, *(str(done.task) for done in world.done)])
    documents: Any = world.documents
    stored = "\n".join(str(item.data) for item in documents.get(documents.paths()))

    assert "shop.example/hooks" not in said
    assert made.secret not in said + stored
