"""The tenant's own systems are told by signed webhooks, again and again for days, and under one id."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.hooks import LARGEST_BODY, SCHEDULE, DeliveryState, HookEvent
from common.domain.work import NoticeKind, Work
from common.errors import Forbidden, GrantRevoked, InvalidRequest, ProviderUnavailable, Rejected
from common.flows.add_hook import AddHook, add_hook
from common.flows.change_hook import ChangeHook, change_hook
from common.flows.maintain import Job, Maintain, maintain
from common.flows.replay_hook import ReplayHook, replay_hook
from common.flows.rotate_hook_secret import RotateHookSecret, rotate_hook_secret
from common.flows.start_disconnect import StartDisconnect, start_disconnect
from common.ports import Answer
from tests.flows.booking_setup import CUSTOMER, booked, enter, shop
from tests.flows.outreach_setup import HOOK, cancel, move
from tests.outreach import Posted
from tests.world import ACCOUNT, World


def hooked(**wish: Any) -> tuple[World, Any]:
    """A shop with one target."""
    world, _ = shop()
    world.drain()
    return world, add_hook(world.ports, AddHook("t1", HOOK, **wish))


def genuine(posted: Posted, secret: str) -> bool:
    """The receiver's side of the standard, written anew."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.{posted.body}"
    expected = base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in posted.headers["webhook-signature"].split(" ")


def messages(world: World, hook: str) -> list[Any]:
    return list(world.ports.hooks.deliveries("t1", hook, limit=100))


def sweep(world: World, **length: float) -> None:
    """Time passes, and the scheduler fires."""
    world.advance(**length)
    maintain(world.ports, Maintain(Job.OUTBOX))
    world.drain()


@pytest.mark.pitfall(25)
def test_the_life_of_a_booking_is_told_thin_and_signed() -> None:
    """Pitfall 25, B6: three events with ids and times, no name, address or note, each signed."""
    world, made = hooked()
    booking = booked(world, note="secret note").booking
    world.drain()
    booking = move(world, booking, "11:00")
    world.drain()
    cancel(world, booking)
    world.drain()

    assert world.targets.types() == ["booking.created", "booking.changed", "booking.cancelled"]
    assert [item.event["data"]["revision"] for item in world.targets.posted] == [1, 2, 3]
    assert all(genuine(item, made.secret) for item in world.targets.posted)
    assert len({item.headers["webhook-id"] for item in world.targets.posted}) == 3
    everything = "".join(item.body for item in world.targets.posted)
    private = (CUSTOMER.name, CUSTOMER.email, CUSTOMER.phone, "secret note", ACCOUNT, "Anna")
    assert [word for word in private if word and word in everything] == []
    assert max(len(item.body) for item in world.targets.posted) < LARGEST_BODY


def test_the_life_of_a_connection_is_told() -> None:
    """Connected, to be connected again, connected, disconnected."""
    world = World()
    world.catalogue()
    world.account()
    add_hook(world.ports, AddHook("t1", HOOK))
    connection = world.connect()
    world.drain()
    world.google.admin.revoke_grant(ACCOUNT)
    world.advance(hours=2)
    with pytest.raises(GrantRevoked):
        world.run(Work.MAINTENANCE, {"job": "refresh", "tenant": "t1", "connection": connection.id})
    sweep(world, minutes=2)
    world.connect()
    world.drain()
    start_disconnect(world.ports, StartDisconnect("t1", connection.id))
    world.drain()

    assert world.targets.types() == [
        "connection.connected",
        "connection.reauth_required",
        "connection.connected",
        "connection.disconnected",
    ]


def test_a_target_hears_of_what_it_chose() -> None:
    """Events that were not chosen are not sent, and other tenants hear nothing at all."""
    world, _ = hooked(events=(HookEvent.BOOKING_CANCELLED,))
    add_hook(world.ports, AddHook("t2", "https://other.example/hook"))
    booking = booked(world).booking
    world.drain()
    cancel(world, booking)
    world.drain()

    assert world.targets.types() == ["booking.cancelled"]
    assert [item.url for item in world.targets.posted] == [HOOK]


@pytest.mark.parametrize("failure", [Answer(500), Answer(302), Answer(429, 30.0), ProviderUnavailable("no")])
def test_what_was_not_taken_is_sent_again_under_its_id(failure: Any) -> None:
    """A failure and a redirect alike are tried again: the same id, the same body, a new time."""
    world, made = hooked()
    world.targets.answers = [failure, failure]
    booked(world)
    world.drain(within=timedelta(seconds=1))
    world.advance(minutes=10)
    (message,) = messages(world, made.hook.id)

    assert message.state is DeliveryState.DELIVERED
    assert len(world.targets.posted) == 3
    assert len({(item.headers["webhook-id"], item.body) for item in world.targets.posted}) == 1
    assert len({item.headers["webhook-timestamp"] for item in world.targets.posted}) == 3
    assert all(genuine(item, made.secret) for item in world.targets.posted)


def test_a_target_that_asks_for_time_gets_it() -> None:
    """Retry-After counts where it is longer than our own pause."""
    world, _ = hooked()
    world.targets.answers = [Answer(503, 3_600.0)]
    booked(world)
    world.drain()
    world.advance(minutes=50)
    before = len(world.targets.posted)
    world.advance(minutes=15)

    assert (before, len(world.targets.posted)) == (1, 2)


def test_a_target_that_fails_for_days_is_switched_off_with_a_notice() -> None:
    """B6: eleven tries over three days, then the owner is told once and nothing more is sent."""
    world, made = hooked()
    world.targets.always = Answer(500)
    booked(world, "10:00")
    world.drain()
    sweep(world, hours=80)
    hook = world.ports.hooks.get("t1", made.hook.id)
    tries = len(world.targets.posted)
    booked(world, "11:00")
    sweep(world, minutes=5)

    assert tries == len(SCHEDULE) + 1
    assert hook.disabled_at is not None
    assert [item.kind for item in world.ports.ledger.notices("t1")] == [NoticeKind.HOOK_DISABLED]
    assert len(world.targets.posted) == tries
    assert [item.state for item in messages(world, hook.id)] == [DeliveryState.FAILED]


def test_what_failed_is_kept_and_sent_again_on_demand() -> None:
    """B6: after switching it on again everything that failed is replayed, oldest first, under its old ids."""
    world, made = hooked()
    world.targets.always = Answer(500)
    booked(world, "10:00")
    booked(world, "11:00")
    world.drain()
    sweep(world, hours=80)
    with pytest.raises(Rejected):
        replay_hook(world.ports, ReplayHook("t1", made.hook.id))
    world.targets.always = Answer(204)
    world.targets.posted.clear()
    change_hook(world.ports, ChangeHook("t1", made.hook.id, enabled=True))
    queued = replay_hook(world.ports, ReplayHook("t1", made.hook.id))
    world.drain()
    found = messages(world, made.hook.id)
    again = replay_hook(world.ports, ReplayHook("t1", made.hook.id, delivery=found[0].id))
    world.drain()

    assert (queued, again, len(world.targets.posted)) == (2, 1, 3)
    assert {item.state for item in found} == {DeliveryState.DELIVERED}
    assert {item.headers["webhook-id"] for item in world.targets.posted} == {item.id for item in found}


def test_a_target_that_says_it_is_gone_is_switched_off_at_once() -> None:
    """410 is the receiver's own word for "never again"."""
    world, made = hooked()
    world.targets.always = Answer(410)
    booked(world)
    world.drain()

    assert len(world.targets.posted) == 1
    assert world.ports.hooks.get("t1", made.hook.id).enabled is False


def test_an_address_that_became_private_is_not_reached() -> None:
    """SSRF: what the courier refuses counts as a failure, and is nobody's secret way in."""
    world, made = hooked()
    world.targets.answers = [Forbidden("no", code="forbidden_target")]
    booked(world)
    world.drain(within=timedelta(seconds=1))
    (message,) = messages(world, made.hook.id)

    assert (message.state, message.answer, message.attempts) == (DeliveryState.PENDING, "unreachable", 1)


def test_a_secret_is_replaced_without_a_gap() -> None:
    """While both are known each signs; after the old one is dropped it signs no more."""
    world, first = hooked()
    second = rotate_hook_secret(world.ports, RotateHookSecret("t1", first.hook.id))
    booked(world, "10:00")
    world.drain()
    third = rotate_hook_secret(world.ports, RotateHookSecret("t1", first.hook.id, drop_old=True))
    booked(world, "11:00")
    world.drain()
    both, alone = world.targets.posted

    assert [genuine(both, item.secret) for item in (first, second)] == [True, True]
    assert [genuine(alone, item.secret) for item in (first, second, third)] == [False, False, True]


def test_a_task_that_comes_twice_delivers_once() -> None:
    """F17: a repeated task finds the message delivered."""
    world, _ = hooked()
    booked(world)
    world.drain()
    for done in [item for item in world.done if item.task.work is Work.NOTIFY]:
        world.run(Work.NOTIFY, done.task.payload)

    assert len(world.targets.posted) == 1


def test_a_failing_target_is_tried_by_one_worker_at_a_time() -> None:
    """A target that hangs keeps one worker waiting, not all of them; nothing is given up for that."""
    world, made = hooked()
    world.targets.answers = [Answer(500)]
    booked(world, "10:00")
    world.drain(within=timedelta(seconds=1))
    scope, now = f"hook.{made.hook.id}", world.clock.now()
    free = now + timedelta(minutes=10)
    world.ports.ledger.lease(scope, holder="another", until=free, now=now)
    booked(world, "11:00")
    world.advance(minutes=15)
    found = messages(world, made.hook.id)

    assert {item.state for item in found} == {DeliveryState.DELIVERED}
    assert [item.tried_at >= free for item in found] == [True, True]
    assert len(world.targets.posted) == 3
    assert world.ports.ledger.dead_letters("t1") == ()


class Deaf:
    """A queue that loses everything."""

    def enqueue(self, task: object) -> bool:
        return True


def test_a_message_whose_task_got_lost_is_swept() -> None:
    """F19: the promise is in the store, whatever became of the task."""
    world, _ = hooked()
    queue = world.ports.queue
    world.ports = replace(world.ports, queue=Deaf())
    booked(world)
    world.drain()
    world.ports = replace(world.ports, queue=queue)
    lost = len(world.targets.posted)
    sweep(world, minutes=2)

    assert (lost, len(world.targets.posted)) == (0, 1)


@pytest.mark.parametrize("url", ["http://shop.example/x", "https://10.0.0.1/", "https://a:b@shop.example/"])
def test_an_address_that_may_not_be_called_is_refused(url: str) -> None:
    """SSRF: the target is judged when it is registered."""
    world, _ = shop()

    with pytest.raises(InvalidRequest):
        add_hook(world.ports, AddHook("t1", url))


def test_there_is_an_end_to_targets() -> None:
    """Ten a tenant: each booking is a message to every one of them."""
    world, _ = hooked()
    for number in range(9):
        add_hook(world.ports, AddHook("t1", f"{HOOK}/{number}"))

    with pytest.raises(Rejected):
        add_hook(world.ports, AddHook("t1", f"{HOOK}/more"))


def test_addresses_and_secrets_of_targets_are_nowhere_in_tasks_and_logs() -> None:
    """G3: ids alone; at rest the secret is a ciphertext."""
    world, made = hooked()
    world.targets.answers = [Answer(500)]
    booked(world)
    enter(world, "18:00", "19:00")
    world.drain()
    said = "\n".join([*world.log.lines, *(str(done.task) for done in world.done)])
    documents: Any = world.documents
    stored = "\n".join(str(item.data) for item in documents.get(documents.paths()))

    assert "shop.example/hooks" not in said
    assert made.secret not in said + stored
