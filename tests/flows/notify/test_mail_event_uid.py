"""The calendar file of a mail and the event with the customer as a guest are one appointment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.connect.settings import ExportSettings
from common.domain.notify import Sender
from common.flows.notify.delivery import booking_key
from tests.flows.setups.booking_setup import CUSTOMER, at, booked, events, shop
from tests.flows.setups.graph_setup import INVITING, Outlook
from tests.flows.setups.notify_setup import cancel, move
from tests.flows.setups.series_setup import CARLA, customer_cancels, customer_moves, settle
from tests.flows.setups.sync_setup import at as utc
from tests.world import ACCOUNT

pytestmark = pytest.mark.pitfall(21)
SILENT = ExportSettings(attendee=True, notify=False)


def files(world, address=CUSTOMER.email):
    """UID and SEQUENCE of the calendar files that a customer got, in order."""
    found = [mail.calendar.walk("VEVENT")[0] for mail in world.postbox.to(address) if mail.calendar]
    return [(str(event["UID"]), int(event["SEQUENCE"])) for event in found]


def test_a_silent_guest_gets_files_with_the_events_uid():
    """Attendee on, notify off at Google: one UID up to the cancellation, and a growing SEQUENCE."""
    world, _ = shop(exports=SILENT)
    booking = booked(world).booking
    world.drain()
    (event,) = events(world)
    booking = move(world, booking, "11:00")
    world.drain()
    cancel(world, booking)
    world.drain()

    uid = event["iCalUID"]
    assert [{"email": CUSTOMER.email}] == [{"email": one["email"]} for one in event["attendees"]]
    assert [(uid, 1), (uid, 2), (uid, 3)] == files(world)
    assert [] == world.google.admin.mails()


def test_the_first_mail_waits_a_moment_for_the_event():
    """Google fails for some seconds: the confirmation comes once, with the name of the event."""
    world, _ = shop(exports=SILENT)
    world.google.inspect.add_fault("status", method="events.insert", status=503, times=2)
    booked(world)
    world.advance(minutes=1)
    world.drain()

    (event,) = events(world)
    assert [(event["iCalUID"], 1)] == files(world)


def test_a_file_that_was_sent_before_the_event_keeps_its_uid():
    """No event for hours: the mail does not wait for it, and what the customer was told first stays."""
    world, _ = shop(exports=SILENT)
    world.google.inspect.add_fault("status", method="events.insert", status=503, times=0)
    booking = booked(world).booking
    world.advance(minutes=20)
    first = files(world)
    world.google.inspect.clear_faults()
    world.advance(hours=3)
    world.maintain()
    world.advance(hours=1)
    written = events(world)
    booking = move(world, booking, "11:00")
    world.drain()

    uid = f"{booking.id}@slotbridge"
    assert [(uid, 1)] == first
    assert 1 == len(written)
    assert [(uid, 1), (uid, 2)] == files(world)


def test_who_has_a_file_from_before_keeps_its_uid():
    """Stored before UIDs were: Slotbridge told the booking with a UID of its own."""
    world, _ = shop(exports=ExportSettings())
    booking = booked(world).booking
    world.drain()
    told = world.ports.notifications.last("t1", booking_key(booking.id))
    world.ports.notifications.save(replace(told, uid=None))
    booking = move(world, booking, "11:00")
    world.drain()

    uid = f"{booking.id}@slotbridge"
    assert Sender.SLOTBRIDGE is told.by
    assert [(uid, 1), (uid, 2)] == files(world)


def test_a_reverted_edit_does_not_leave_later_files_behind_the_event():
    """The owner's edits count in the event's SEQUENCE as well: a later file is never older than the event."""
    world, _ = shop(exports=SILENT)
    booking = booked(world).booking
    world.drain()
    for colour in range(4):
        start = {"dateTime": at("10:00").isoformat(), "timeZone": "UTC" if colour % 2 else "Europe/Zurich"}
        world.google.owner.edit_event(ACCOUNT, events(world)[0]["id"], {"start": start})
    before = events(world)[0]["sequence"]
    booking = move(world, booking, "11:00")
    world.drain()
    after = events(world)[0]["sequence"]

    assert before > booking.revision
    assert files(world)[-1][1] >= after > before


def test_a_guest_in_outlook_gets_files_with_the_events_uid():
    """Exchange invited the customer; with exports off Slotbridge mails, and names the same appointment."""
    world = Outlook(settings=INVITING)
    world.book(utc(9))
    world.drain()
    (event,) = world.events()
    current = world.connection
    off = replace(current.settings, exports=replace(current.settings.exports, on=False))
    world.ports.connections.save(replace(current, settings=off))
    customer_moves(world, utc(14))
    settle(world)
    customer_cancels(world)
    settle(world)

    # Exchange mails the cancellation, because it removes the event.
    assert [(event["iCalUId"], 2)] == files(world, CARLA)
    assert [mail["kind"] for mail in world.microsoft.admin.mails()] == ["invitation", "cancellation"]
