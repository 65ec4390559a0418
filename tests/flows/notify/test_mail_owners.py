"""Mails to owners about what they must do: each is sent once."""

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


def synchronised_world() -> World:
    """A world whose calendar is synchronised."""
    world = World()
    world.catalogue()
    world.account()
    policy(world, customers=False, owner=OWNER)
    start_sync(world.ports, tenant="t1", connection=world.connect().id)
    world.drain()
    return world


def run_outbox(world: World) -> None:
    """Run the outbox a minute later."""
    world.advance(minutes=1)
    maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()


def revoked_world() -> World:
    """A world whose grant was revoked, as a synchronisation has found out."""
    world = synchronised_world()
    world.google.admin.revoke_grant(ACCOUNT)
    enter(world, "18:00", "19:00")
    world.drain()
    return world


@pytest.mark.pitfall(19)
def test_a_revoked_grant_is_mailed_once() -> None:
    """Pitfall 19, A4: to the owner and to the account of the calendar, within minutes."""
    world = revoked_world()
    for _ in range(5):
        run_outbox(world)
        world.advance(hours=1)
    (connection,) = world.ports.connections.of_tenant("t1")
    mails = world.postbox.mails

    assert connection.status is Status.REAUTH_REQUIRED
    assert [(mail.to, mail.subject) for mail in mails] == [((OWNER,), REAUTH), ((ACCOUNT,), REAUTH)]
    assert all("https://console.example" in mail.text for mail in mails)
    assert [mail.calendar for mail in mails] == [None, None]


@pytest.mark.pitfall(19)
def test_each_revoked_grant_is_mailed() -> None:
    """Pitfall 19: a grant that is revoked after a new connection is mailed too."""
    world = revoked_world()
    run_outbox(world)
    world.connect()
    world.drain()
    world.google.admin.revoke_grant(ACCOUNT)
    enter(world, "19:00", "20:00")
    world.drain()
    world.advance(hours=2)
    run_outbox(world)

    assert [mail.subject for mail in world.postbox.to(OWNER)] == [REAUTH, REAUTH]


def test_a_conflict_is_mailed_with_time_and_reference_only() -> None:
    """The customer and the conflicting event are shown in the console, not in a mail."""
    world = synchronised_world()
    booking = booked(world).booking
    world.drain()
    enter(world, "10:00", "11:00")
    world.drain()
    run_outbox(world)
    (mail,) = world.postbox.to(OWNER)

    assert mail.subject == "Two things at the same time for Anna"
    assert booking.id[-8:].upper() in mail.text
    assert "10:00-10:30" in mail.text
    assert [word for word in ("Zoe", "zoe@", "Dentist") if word in mail.text + mail.html] == []


def test_an_owners_own_change_is_not_mailed_to_the_owner() -> None:
    """A new time set in the calendar is a notice in the console and no mail."""
    world = synchronised_world()
    booked(world)
    world.drain()
    (event,) = events(world)
    world.google.owner.shift_event(ACCOUNT, event["id"], minutes=60)
    world.drain()
    run_outbox(world)

    assert [item.kind for item in every(world.ports.lists.notices, "t1")] == [NoticeKind.BOOKING_MOVED]
    assert world.postbox.mails == []


def test_notices_are_mailed_in_the_tenants_language() -> None:
    """German where the tenant chose it."""
    world = revoked_world()
    policy(world, language=Language.GERMAN)
    run_outbox(world)

    assert [mail.subject for mail in world.postbox.mails] == [
        "Der Kalender von Anna muss neu verbunden werden"
    ]
    assert world.postbox.mails[0].to == (ACCOUNT,)


def test_repeated_tasks_send_one_mail() -> None:
    """F17: a notification task that is delivered twice sends one mail."""
    world = revoked_world()
    run_outbox(world)
    for done in [item for item in world.done if item.task.work is Work.NOTIFY]:
        world.run(Work.NOTIFY, done.task.payload)

    assert [mail.to for mail in world.postbox.mails] == [(OWNER,), (ACCOUNT,)]
