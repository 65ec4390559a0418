"""Owners are told once of what needs them."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import Status
from common.domain.catalogue.records import Language
from common.domain.notify import NoticeKind
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.domain.shared.tasks import Work
from common.flows.ops.maintain import maintain
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.booking_setup import booked, enter, events
from tests.flows.setups.notify_setup import OWNER, policy
from tests.whole_lists import every
from tests.world import ACCOUNT, World

REAUTH = "The calendar of Anna must be connected again"


def followed() -> World:
    """A world whose calendar is really followed."""
    world = World()
    world.catalogue()
    world.account()
    policy(world, customers=False, owner=OWNER)
    start_sync(world.ports, tenant="t1", connection=world.connect().id)
    world.drain()
    return world


def sweep(world: World) -> None:
    """A minute later the scheduler fires."""
    world.advance(minutes=1)
    maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()


def dead() -> World:
    """A world whose grant was revoked, which is noticed."""
    world = followed()
    world.google.admin.revoke_grant(ACCOUNT)
    enter(world, "18:00", "19:00")
    world.drain()
    return world


@pytest.mark.pitfall(19)
def test_a_dead_grant_is_told_once() -> None:
    """Pitfall 19, A4: the owner and whoever the calendar belongs to read it within minutes, once."""
    world = dead()
    for _ in range(5):
        sweep(world)
        world.advance(hours=1)
    (connection,) = world.ports.connections.of_tenant("t1")
    (mail,) = world.postbox.mails

    assert connection.status is Status.REAUTH_REQUIRED
    assert (mail.to, mail.subject) == ((OWNER, ACCOUNT), REAUTH)
    assert "https://console.example" in mail.text
    assert mail.calendar is None


@pytest.mark.pitfall(19)
def test_a_grant_that_dies_again_is_told_again() -> None:
    """Pitfall 19: once each time, not once for ever."""
    world = dead()
    sweep(world)
    world.connect()
    world.drain()
    world.google.admin.revoke_grant(ACCOUNT)
    enter(world, "19:00", "20:00")
    world.drain()
    world.advance(hours=2)
    sweep(world)

    assert [mail.subject for mail in world.postbox.mails] == [REAUTH, REAUTH]


def test_a_conflict_is_told_with_its_time_and_reference_only() -> None:
    """Who the customer is and what took the time stands in the console, not in a mail."""
    world = followed()
    booking = booked(world).booking
    world.drain()
    enter(world, "10:00", "11:00")
    world.drain()
    sweep(world)
    (mail,) = world.postbox.mails

    assert mail.subject == "Two things at the same time for Anna"
    assert booking.id[-8:].upper() in mail.text
    assert "10:00-10:30" in mail.text
    assert [word for word in ("Zoe", "zoe@", "Dentist") if word in mail.text + mail.html] == []


def test_what_the_owner_did_is_not_mailed_back() -> None:
    """A move in the calendar is a notice in the console, and no mail to whoever moved it."""
    world = followed()
    booked(world)
    world.drain()
    (event,) = events(world)
    world.google.owner.shift_event(ACCOUNT, event["id"], minutes=60)
    world.drain()
    sweep(world)

    assert [item.kind for item in every(world.ports.lists.notices, "t1")] == [NoticeKind.BOOKING_MOVED]
    assert world.postbox.mails == []


def test_notices_are_written_in_the_tenants_language() -> None:
    """German where the tenant says so."""
    world = dead()
    policy(world, language=Language.GERMAN)
    sweep(world)

    assert [mail.subject for mail in world.postbox.mails] == [
        "Der Kalender von Anna muss neu verbunden werden"
    ]
    assert world.postbox.mails[0].to == (ACCOUNT,)


def test_the_same_promise_twice_is_one_mail() -> None:
    """F17: a sweep that fires twice, and a task that comes twice."""
    world = dead()
    sweep(world)
    for done in [item for item in world.done if item.task.work is Work.NOTIFY]:
        world.run(Work.NOTIFY, done.task.payload)

    assert len(world.postbox.mails) == 1
