"""Events of bookings in Outlook: one for each booking, also after lost responses, without needless mails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.booking.booking import BookingStatus
from common.domain.connect.settings import ExportSettings
from common.domain.export.exported_event import LinkState
from common.domain.shared.tasks import Lane
from common.flows.booking.change import cancel_booking
from common.flows.export.export_booking import write_event
from local.microsoft import Settings
from tests.flows.setups.graph_setup import INVITING, OWN, Outlook, settled
from tests.flows.setups.sync_setup import at


def exported_events(world, *, calendar=None):
    """The events that Slotbridge created, as Microsoft stores them."""
    found = world.microsoft.inspect.events(calendar or world.calendar)
    return [one for one in found if (one.get("transactionId") or "").startswith("sb")]


def mails(world):
    """The kinds of mails that Exchange sent to guests."""
    return [mail["kind"] for mail in world.microsoft.admin.mails()]


def cancel(world):
    """The customer cancels."""
    cancel_booking(world.ports, tenant="t1", booking="b1", by=Staff())
    world.drain()


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("lag", [0, 60])
def test_a_lost_response_creates_no_second_event(lag):
    """Pitfall 13: the transaction id finds the first event, even while Microsoft does not show it yet."""
    world = Outlook(microsoft=Settings(lag=timedelta(seconds=lag), lag_get=bool(lag)))
    world.microsoft.add_fault("drop_after", method="events.create")
    world.book(at(9))
    settled(world, minutes=40)

    assert 1 == len(exported_events(world))
    assert exported_events(world)[0]["id"] == world.link().event_id
    assert LinkState.LIVE is world.link().state
    assert BookingStatus.CONFIRMED is world.booking().status


@pytest.mark.pitfall(13)
def test_the_deletion_of_an_event_after_a_lost_response_cancels_the_booking():
    """Pitfall 13: the response with the event id was lost, yet the deletion by the owner is recognised."""
    world = Outlook()
    world.microsoft.add_fault("drop_after", method="events.create")
    world.microsoft.add_fault("status", method="events.list", status=503, times=3)
    world.book(at(9))
    settled(world, minutes=40)
    world.microsoft.owner.delete_event(world.calendar, exported_events(world)[0]["id"])
    settled(world, minutes=40)

    assert [] == exported_events(world)
    assert BookingStatus.CANCELLED is world.booking().status


@pytest.mark.pitfall(21)
def test_no_guest_is_added_when_notifications_are_off():
    """Pitfall 21: Microsoft mails every guest, so the customer is named in the title or text instead."""
    settings = replace(OWN, exports=ExportSettings(attendee=True))
    world = Outlook(settings=settings)
    world.book(at(9))
    world.drain()
    world.reschedule(world.booking(), at(11))
    world.drain()

    event = exported_events(world)[0]
    assert [] == event["attendees"]
    assert "Carla" in event["subject"] + event["body"]["content"]
    assert [] == mails(world)


@pytest.mark.pitfall(21)
def test_each_change_is_one_mail_when_notifications_are_on():
    """Pitfall 21: creation, new time and cancellation send one mail each."""
    world = Outlook(settings=INVITING)
    world.book(at(9))
    world.drain()
    made = mails(world)
    world.reschedule(world.booking(), at(11))
    world.drain()
    moved = mails(world)
    cancel(world)

    assert (1, 2, 3) == (len(made), len(moved), len(mails(world)))
    assert [] == exported_events(world)


@pytest.mark.pitfall(21)
def test_a_back_fill_invites_nobody():
    """Pitfall 21: with every option on, existing bookings are exported without their guests."""
    world = Outlook(settings=INVITING)
    for number in range(5):
        world.book(at(9 + number), name=f"b{number}", export=False)
        booking = world.booking(f"b{number}")
        write_event(world.ports, world.connection, booking, notify=False, lane=Lane.BACKFILL)
    settled(world)

    assert 5 == len(exported_events(world))
    assert [] == mails(world)


@pytest.mark.pitfall(21)
def test_a_new_title_template_waits_for_the_next_change_of_the_booking():
    """Pitfall 21: it mails no guest by itself; the next new time writes the title too, with one mail."""
    world = Outlook(settings=INVITING)
    world.book(at(9))
    world.drain()
    exports = replace(INVITING.exports, title="Other words for {customer}")
    world.ports.connections.save(
        replace(world.connection, settings=replace(INVITING, exports=exports, version=9))
    )
    write_event(world.ports, world.connection, world.booking(), notify=True, lane=Lane.SYNC)
    before, sent = exported_events(world)[0]["subject"], len(mails(world))
    world.reschedule(world.booking(), at(11))
    world.drain()

    assert "Other words" not in before
    assert (1, 2) == (sent, len(mails(world)))
    assert exported_events(world)[0]["subject"].startswith("Other words")


@pytest.mark.pitfall(24)
def test_an_event_with_a_guest_stays_in_its_calendar():
    """Pitfall 24: deleting it for a new export calendar would send its guest a cancellation."""
    world = Outlook(settings=INVITING, calendars=("Team",))
    world.book(at(9))
    world.drain()
    target = next(key for key in world.connection.calendars if key != world.key)
    exports = replace(INVITING.exports, target=target)
    world.ports.connections.save(
        replace(world.connection, settings=replace(INVITING, exports=exports, version=9))
    )
    world.reschedule(world.booking(), at(11))
    world.drain()

    assert 1 == len(exported_events(world))
    assert [] == exported_events(world, calendar=world.others[0])
    assert ["invitation", "update"] == mails(world)


@pytest.mark.pitfall(24)
def test_an_event_without_guests_moves_to_the_new_calendar():
    """Pitfall 24: the old event is deleted although Microsoft chose its id."""
    world = Outlook(calendars=("Team",))
    world.book(at(9))
    world.drain()
    target = next(key for key in world.connection.calendars if key != world.key)
    world.ports.connections.save(
        replace(world.connection, settings=replace(OWN, exports=ExportSettings(target=target), version=9))
    )
    world.reschedule(world.booking(), at(11))
    settled(world)

    assert [] == exported_events(world)
    assert 1 == len(exported_events(world, calendar=world.others[0]))
    assert BookingStatus.CONFIRMED is world.booking().status


@pytest.mark.pitfall(13)
def test_a_deleted_event_is_never_followed_by_two_new_ones():
    """Pitfall 13: the new event needs another transaction id, and only one event exists afterwards."""
    world = Outlook(microsoft=Settings(transaction_outlives_event=True))
    world.book(at(9))
    world.drain()
    world.microsoft.owner.delete_event(world.calendar, world.link().event_id)
    world.microsoft.push.drop()
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    booking = world.booking()
    assert (1 if booking.active else 0) == len(exported_events(world))


def test_the_reminder_is_always_set_explicitly():
    """Without a value Outlook would remind the owner a quarter of an hour before."""
    world = Outlook()
    world.book(at(9))
    world.drain()

    assert exported_events(world)[0]["isReminderOn"] in {True, False}
    assert LinkState.LIVE is world.link().state
