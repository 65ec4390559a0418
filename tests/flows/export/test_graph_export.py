"""Bookings in Outlook: written once, found again after lost answers, and nobody mailed without need."""

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


def own(world, *, calendar=None):
    """The events that we made, in Microsoft's own state."""
    found = world.microsoft.inspect.events(calendar or world.calendar)
    return [one for one in found if (one.get("transactionId") or "").startswith("sb")]


def mails(world):
    """What Exchange sent to guests, and why."""
    return [mail["kind"] for mail in world.microsoft.admin.mails()]


def cancel(world):
    """The customer cancels."""
    cancel_booking(world.ports, tenant="t1", booking="b1", by=Staff())
    world.drain()


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("lag", [0, 60])
def test_a_lost_answer_makes_no_second_event(lag):
    """Pitfall 13: the transaction id finds the first event, even while Microsoft does not show it yet."""
    world = Outlook(microsoft=Settings(lag=timedelta(seconds=lag), lag_get=bool(lag)))
    world.microsoft.add_fault("drop_after", method="events.create")
    world.book(at(9))
    settled(world, minutes=40)

    assert 1 == len(own(world))
    assert own(world)[0]["id"] == world.link().event_id
    assert LinkState.LIVE is world.link().state
    assert BookingStatus.CONFIRMED is world.booking().status


@pytest.mark.pitfall(13)
def test_an_event_whose_id_was_never_heard_is_followed_all_the_same():
    """Pitfall 13: the owner deletes it before its write was answered; the booking follows."""
    world = Outlook()
    world.microsoft.add_fault("drop_after", method="events.create")
    world.microsoft.add_fault("status", method="events.list", status=503, times=3)
    world.book(at(9))
    settled(world, minutes=40)
    world.microsoft.owner.delete_event(world.calendar, own(world)[0]["id"])
    settled(world, minutes=40)

    assert [] == own(world)
    assert BookingStatus.CANCELLED is world.booking().status


@pytest.mark.pitfall(21)
def test_nobody_is_mailed_where_notifying_is_off():
    """Pitfall 21: Microsoft mails every guest, so here the customer is named in the text instead."""
    settings = replace(OWN, exports=ExportSettings(attendee=True))
    world = Outlook(settings=settings)
    world.book(at(9))
    world.drain()
    world.reschedule(world.booking(), at(11))
    world.drain()

    event = own(world)[0]
    assert [] == event["attendees"]
    assert "Carla" in event["subject"] + event["body"]["content"]
    assert [] == mails(world)


@pytest.mark.pitfall(21)
def test_each_change_is_one_mail_where_notifying_is_on():
    """Pitfall 21: made, moved, cancelled: one mail each."""
    world = Outlook(settings=INVITING)
    world.book(at(9))
    world.drain()
    made = mails(world)
    world.reschedule(world.booking(), at(11))
    world.drain()
    moved = mails(world)
    cancel(world)

    assert (1, 2, 3) == (len(made), len(moved), len(mails(world)))
    assert [] == own(world)


@pytest.mark.pitfall(21)
def test_a_back_fill_invites_nobody():
    """Pitfall 21: with every option on, bookings that were there before are written without their guests."""
    world = Outlook(settings=INVITING)
    for number in range(5):
        world.book(at(9 + number), name=f"b{number}", export=False)
        booking = world.booking(f"b{number}")
        write_event(world.ports, world.connection, booking, notify=False, lane=Lane.BACKFILL)
    settled(world)

    assert 5 == len(own(world))
    assert [] == mails(world)


@pytest.mark.pitfall(21)
def test_new_words_wait_for_the_next_change_of_the_booking():
    """Pitfall 21: another template mails no guest; the next move takes the new words along, in one mail."""
    world = Outlook(settings=INVITING)
    world.book(at(9))
    world.drain()
    exports = replace(INVITING.exports, title="Other words for {customer}")
    world.ports.connections.save(
        replace(world.connection, settings=replace(INVITING, exports=exports, version=9))
    )
    write_event(world.ports, world.connection, world.booking(), notify=True, lane=Lane.SYNC)
    before, sent = own(world)[0]["subject"], len(mails(world))
    world.reschedule(world.booking(), at(11))
    world.drain()

    assert "Other words" not in before
    assert (1, 2) == (sent, len(mails(world)))
    assert own(world)[0]["subject"].startswith("Other words")


@pytest.mark.pitfall(24)
def test_an_event_with_a_guest_stays_in_its_calendar():
    """Pitfall 24: made anew in another calendar, it would tell its guest that the appointment is off."""
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

    assert 1 == len(own(world))
    assert [] == own(world, calendar=world.others[0])
    assert ["invitation", "update"] == mails(world)


@pytest.mark.pitfall(24)
def test_an_event_without_guests_moves_to_the_new_calendar():
    """Pitfall 24: its older twin goes, though its id was Microsoft's and not ours."""
    world = Outlook(calendars=("Team",))
    world.book(at(9))
    world.drain()
    target = next(key for key in world.connection.calendars if key != world.key)
    world.ports.connections.save(
        replace(world.connection, settings=replace(OWN, exports=ExportSettings(target=target), version=9))
    )
    world.reschedule(world.booking(), at(11))
    settled(world)

    assert [] == own(world)
    assert 1 == len(own(world, calendar=world.others[0]))
    assert BookingStatus.CONFIRMED is world.booking().status


@pytest.mark.pitfall(13)
def test_a_booking_is_exported_again_after_its_event_was_deleted():
    """Pitfall 13: a deleted event's transaction is spent; the new one is another, and there is one event."""
    world = Outlook(microsoft=Settings(transaction_outlives_event=True))
    world.book(at(9))
    world.drain()
    world.microsoft.owner.delete_event(world.calendar, world.link().event_id)
    world.microsoft.push.drop()
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    booking = world.booking()
    assert (1 if booking.active else 0) == len(own(world))


def test_reminders_are_always_said():
    """Without a word Outlook would remind a quarter of an hour before: it is always told what is wanted."""
    world = Outlook()
    world.book(at(9))
    world.drain()

    assert own(world)[0]["isReminderOn"] in {True, False}
    assert LinkState.LIVE is world.link().state
