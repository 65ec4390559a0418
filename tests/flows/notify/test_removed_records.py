"""What has to be told although the records that it is about are removed before it is; and what has not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from common.api.tasks import run_task
from common.domain.booking.booking import Customer
from common.domain.calendar.connection import ProviderKind
from common.domain.notify import NoticeKind, new_notice
from common.domain.shared.outbox import OutboxKind, connection_news_entry
from common.domain.shared.task_records import LapseProposal, NotifyCustomer, RemindOwner
from common.domain.shared.tasks import task_for
from common.errors import Forbidden, OperatorFault, Rejected
from common.flows.catalogue.delete_resource import delete_resource
from common.flows.connect.disconnect import start_disconnect
from common.flows.ops.dead_letters import replay_dead_letter
from common.flows.privacy.erasure import start_erasure
from common.flows.webhooks.endpoints import add_webhook
from tests.flows.setups.booking_setup import CUSTOMER, booked
from tests.flows.setups.notify_setup import (
    CANCELLED,
    HOOK,
    OWNER,
    cancel,
    mailed,
    pending_notifications,
    policy,
)
from tests.whole_lists import every
from tests.world import ACCOUNT, OUTLOOK, World

REFUSED = Forbidden("no", code="mail_rejected")
BOTH = pytest.mark.parametrize("provider", list(ProviderKind), ids=str)


def world_without_calendar() -> World:
    """A shop whose resource is connected to nothing."""
    world = World()
    world.catalogue()
    return world


def freed(world: World) -> None:
    """Anna is switched off and offered by nothing, so that she can be removed."""
    catalogue = world.ports.catalogue
    catalogue.save_resource(
        "t1", replace(catalogue.resource("t1", "anna"), id="ben", name="Ben", version=None)
    )
    catalogue.save_service("t1", replace(catalogue.service("t1", "cut"), resources=("ben",)))
    catalogue.save_resource("t1", replace(catalogue.resource("t1", "anna"), active=False))


def remove(world: World) -> None:
    """Remove Anna; the job that cleans up has run to its end."""
    freed(world)
    delete_resource(world.ports, tenant="t1", resource="anna", subject="owner-1")
    for _ in range(12):
        world.advance(minutes=2)


def run_scheduler(world: World) -> None:
    """Let some hours pass, with the outbox relay."""
    for _ in range(10):
        world.advance(minutes=30)
        world.maintain()
        world.drain()


def logged(world: World, event: str) -> list[dict[str, Any]]:
    """The log lines of one event."""
    lines = map(json.loads, world.log.lines)
    return [line for line in lines if line["event"] == event]


def test_a_cancellation_is_mailed_although_its_resource_was_removed() -> None:
    """The mail names the resource as it was called, at its own clocks."""
    world = world_without_calendar()
    booking = booked(world, customer=Customer("Zoe", CUSTOMER.email)).booking
    world.drain()
    world.postbox.failures = [OperatorFault("no", code="mail_refused")]
    cancel(world, booking)
    world.drain()
    remove(world)
    run_scheduler(world)
    last = world.postbox.mails[-1]

    assert mailed(world)[1:] == [CANCELLED]
    assert "With: Anna" in last.text
    assert "What: Cut" in last.text
    assert "10:00-10:30 (Europe/Zurich)" in last.text
    assert pending_notifications(world) == []
    assert every(world.ports.lists.dead_letters, "t1") == ()


def test_a_mail_from_before_this_release_goes_without_the_removed_name() -> None:
    """An older outbox entry does not say what the resource was called."""
    world = world_without_calendar()
    booking = booked(world).booking
    world.drain()
    world.postbox.failures = [OperatorFault("no", code="mail_refused")]
    cancel(world, booking)
    world.drain()
    (entry,) = world.ports.ledger.outbox_due(world.clock.now().replace(year=2028), 9)
    world.ports.ledger.put_outbox(replace(entry, words={}))
    remove(world)
    run_scheduler(world)

    assert mailed(world)[1:] == [CANCELLED]
    assert "With:" not in world.postbox.mails[-1].text
    assert pending_notifications(world) == []


def test_a_dead_letter_is_replayed_although_its_resource_was_removed() -> None:
    """What the mail says is kept with what was given up."""
    world = world_without_calendar()
    booking = booked(world).booking
    world.drain()
    world.postbox.refused[str(CUSTOMER.email)] = REFUSED
    cancel(world, booking)
    world.drain()
    remove(world)
    world.postbox.refused.clear()
    (letter,) = every(world.ports.lists.dead_letters, "t1")
    replay_dead_letter(world.ports, tenant="t1", letter=letter.id)
    world.drain()

    assert mailed(world)[1:] == [CANCELLED]
    assert "With: Anna" in world.postbox.mails[-1].text
    assert every(world.ports.lists.dead_letters, "t1") == ()


def test_erasing_the_customer_leaves_nothing_to_mail() -> None:
    """Also what waited for a replay is mailed to nobody, and is not said to be sent."""
    world = world_without_calendar()
    booked(world)
    world.postbox.refused[str(CUSTOMER.email)] = REFUSED
    world.drain()
    world.postbox.refused.clear()
    address = str(CUSTOMER.email)
    start_erasure(world.ports, tenant="t1", subject="owner-1", customer=address, confirm=address)
    world.drain()
    world.advance(hours=1)
    (letter,) = every(world.ports.lists.dead_letters, "t1")
    replay_dead_letter(world.ports, tenant="t1", letter=letter.id)
    world.drain()

    assert (world.postbox.mails, logged(world, "mail_sent")) == ([], [])
    assert [line["kind"] for line in logged(world, "no_mail_due")] == ["booked"]
    assert every(world.ports.lists.dead_letters, "t1") == ()


def test_erasing_the_resource_takes_its_outstanding_mails_along() -> None:
    """With its bookings go the outbox entries about them, given up or not, and the names in them."""
    world = world_without_calendar()
    booked(world)
    world.postbox.refused[str(CUSTOMER.email)] = REFUSED
    world.drain()
    start_erasure(world.ports, tenant="t1", subject="owner-1", resource="anna", confirm="anna")
    world.drain()
    for _ in range(12):
        world.advance(minutes=2)
    left = [path for path in world.documents.paths() if path.startswith("outbox/")]

    assert left == []
    assert world.postbox.mails == []


@BOTH
def test_a_disconnection_is_told_although_its_record_was_removed(provider: ProviderKind) -> None:
    """The tenant's systems hear of it by what the outbox entry says."""
    world = world_without_calendar()
    world.account()
    world.outlook()
    account = ACCOUNT if provider is ProviderKind.GOOGLE else OUTLOOK
    connection = world.connect(account, provider=provider)
    start_disconnect(world.ports, tenant="t1", connection=connection.id)
    world.drain()
    remove(world)
    add_webhook(world.ports, tenant="t1", url=HOOK)
    entry = connection_news_entry(connection, OutboxKind.DISCONNECTED, now=world.clock.now())
    world.ports.ledger.put_outbox(entry)
    run_scheduler(world)

    assert [item.event["data"] for item in world.targets.posted] == [
        {"tenant": "t1", "connection": connection.id, "resource": "anna", "provider": provider.value}
    ]
    assert pending_notifications(world) == []


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (NotifyCustomer(OutboxKind.BOOKED, "t1", "gone", 1, "e1"), "erased"),
        (LapseProposal("t1", "gone", "e1"), "erased"),
        (RemindOwner("t1", "gone", "e1", 0), "erased"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_work_about_what_is_gone_ends_and_is_logged_as_that(record: Any, why: str) -> None:
    """Its outbox entry goes, and nothing is said to be sent."""
    world = world_without_calendar()
    task = task_for(record, name=None)
    world.run(task.work, task.payload)

    assert [line["why"] for line in logged(world, "nothing_to_do")] == [why]
    assert logged(world, "mail_sent") == []


def test_a_notice_about_a_removed_resource_is_not_mailed() -> None:
    """It asks for nothing any more, and would name nobody."""
    world = world_without_calendar()
    world.account()
    policy(world, owner=OWNER)
    connection = world.connect()
    now = world.clock.now()
    world.ports.ledger.record_notice(
        new_notice(NoticeKind.CALENDAR_GONE, tenant="t1", cause="x", at=now, connection=connection.id)
    )
    start_disconnect(world.ports, tenant="t1", connection=connection.id)
    world.drain()
    remove(world)
    run_scheduler(world)

    assert world.postbox.mails == []
    assert [line["kind"] for line in logged(world, "nothing_to_do")] == ["notice"]
    assert pending_notifications(world) == []


def test_refused_work_of_an_outbox_entry_rests_as_a_dead_letter() -> None:
    """It is not queued for ever, and not lost: a person finds it."""
    world = world_without_calendar()
    booking = booked(world).booking
    (entry,) = [
        item
        for item in world.ports.ledger.outbox_due(world.clock.now().replace(year=2028), 9)
        if item.booking == booking.id
    ]
    task = task_for(NotifyCustomer(OutboxKind.BOOKED, "t1", booking.id, 1, entry.id), name="n")

    def refuse(_: object) -> None:
        raise Rejected("no", code="odd")

    answer = run_task(world.ports, task, deliveries=0, flow=refuse)
    resting = world.ports.ledger.outbox(entry.id)
    (letter,) = every(world.ports.lists.dead_letters, "t1")

    assert answer.body == {"outcome": "buried", "code": "odd"}
    assert (letter.code, resting is not None and resting.at_rest) == ("odd", True)
