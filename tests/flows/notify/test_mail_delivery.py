"""Mails to customers that are refused, delayed or sent by repeated tasks."""

from __future__ import annotations

import pytest

from common.domain.connect.settings import ExportSettings
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.domain.shared.tasks import Work
from common.errors import Forbidden, OperatorFault, ProviderUnavailable
from common.flows.ops.maintain import maintain
from tests.crash_points import Crash, CrashPlan, crashing_ports
from tests.flows.setups.booking_setup import CUSTOMER, booked, shop, synchronised
from tests.flows.setups.notify_setup import (
    BOOKED,
    CANCELLED,
    MOVED,
    cancel,
    mailed,
    move,
    pending_notifications,
)
from tests.whole_lists import every
from tests.world import World


def test_two_changes_are_one_mail_with_the_current_state() -> None:
    """A delayed mail tells the current time; a change that was undone sends none."""
    world, _ = shop()
    booking = booked(world).booking
    world.drain()
    booking = move(world, booking, "11:00")
    booking = move(world, booking, "14:00")
    world.drain()
    booking = move(world, booking, "15:00")
    booking = move(world, booking, "14:00")
    world.drain()

    assert mailed(world) == [BOOKED, MOVED]
    assert "14:00-14:30" in world.postbox.mails[-1].text


def test_a_booking_cancelled_at_once_is_one_mail() -> None:
    """The customer gets the cancellation and no confirmation."""
    world, _ = shop()
    cancel(world, booked(world).booking)
    world.drain()

    assert mailed(world) == [CANCELLED]


def test_a_refused_mail_is_retried() -> None:
    """A busy mail service delays the mail, and the customer gets it once."""
    world, _ = shop()
    world.postbox.failures = [ProviderUnavailable("busy"), ProviderUnavailable("busy")]
    booked(world)
    world.drain()
    world.advance(minutes=5)

    assert mailed(world) == [BOOKED]
    assert pending_notifications(world) == []


def test_a_rejected_address_becomes_a_dead_letter() -> None:
    """I5: a mail that can never be delivered is kept without the address, outside the outbox."""
    world, _ = shop()
    world.postbox.failures = [Forbidden("no", code="mail_rejected")]
    booked(world)
    world.drain()
    (letter,) = every(world.ports.lists.dead_letters, "t1")

    assert (letter.work, letter.code, pending_notifications(world)) == (Work.NOTIFY, "mail_rejected", [])
    assert CUSTOMER.email not in str(letter)


def test_a_wrong_configuration_is_retried_for_three_days() -> None:
    """No mail is lost by a wrong mail configuration for three days; then it becomes a dead letter."""
    world, _ = shop()
    world.postbox.failures = [OperatorFault("no", code="mail_refused")] * 500
    booking = booked(world).booking
    world.drain()
    assert pending_notifications(world) == ["booked"]
    for _ in range(80):
        world.advance(hours=1)
        maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
        world.drain()

    assert pending_notifications(world) == []
    assert [item.payload["booking"] for item in every(world.ports.lists.dead_letters, "t1")] == [booking.id]


def test_a_repeated_task_sends_one_mail() -> None:
    """F17: Cloud Tasks may deliver a task twice, delayed and out of order."""
    world, _ = shop()
    booking = booked(world).booking
    world.drain()
    tasks = [done.task for done in world.done if done.task.work is Work.NOTIFY]
    move(world, booking, "11:00")
    world.drain()
    for _ in range(3):
        for task in tasks:
            world.run(Work.NOTIFY, task.payload)

    assert mailed(world) == [BOOKED, MOVED]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(1, 15))
def test_a_crash_at_any_call_loses_no_mail(call: int, after: bool) -> None:
    """F7: the mail is sent, and sent twice only if the crash came just after sending."""
    plan = CrashPlan()
    world = World(wrap=lambda ports: crashing_ports(ports, plan))
    world.catalogue()
    world.account()
    synchronised(world, world.connect(), exports=ExportSettings(on=False))
    world.drain()
    booked(world)
    plan.arm(call, after=after)
    for _ in range(3):
        world.drain()
        world.advance(minutes=2)
        plan.disarm()
        maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()
    ids = {str(mail.message["Message-ID"]) for mail in world.postbox.mails}

    assert all(isinstance(error, Crash) for error in world.errors)
    assert len(ids) == 1
    assert len(world.postbox.mails) <= 2
    if len(world.postbox.mails) == 2:
        # Died between the transport's yes and our own note of it.
        assert plan.crashes == 1
    assert pending_notifications(world) == []
