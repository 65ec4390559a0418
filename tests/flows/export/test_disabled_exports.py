"""What happens to exported events after exports were switched off."""

from __future__ import annotations

import pytest

from tests.flows.setups.booking_setup import CUSTOMER
from tests.flows.setups.notify_setup import cancel, move, policy
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT, OneCalendar


@pytest.fixture(params=[GOOGLE, MICROSOFT], ids=str)
def one(request):
    made = OneCalendar(request.param)
    policy(made, customers=False)
    made.choose(attendee=False, notify=False)
    return made


def test_a_cancelled_bookings_event_is_removed(one):
    """D8, E1: a cancellation deletes the event although exports are off."""
    booking = one.book()
    one.choose(on=False)
    before = one.events()
    cancel(one, booking)
    one.drain()

    assert (len(before), one.events(), one.waiting()) == (1, [], ())


def test_an_event_with_the_right_time_stays(one):
    """D8: switching exports off deletes no event by itself."""
    one.book()
    one.choose(on=False)
    one.advance(hours=1)

    assert len(one.events()) == 1


def test_a_rescheduled_bookings_event_is_deleted_until_exports_are_on(one):
    """D8: the event at the old time is deleted, and created at the new time when exports are switched on."""
    booking = one.book()
    before = one.events()
    one.choose(on=False)
    move(one, booking, "11:00")
    one.drain()
    off = one.events()
    one.choose(on=True)
    one.advance(minutes=5)
    after = one.events()

    assert (len(before), off, len(after)) == (1, [], 1)
    assert before != after


def test_a_booking_made_while_exports_are_off_is_never_exported(one):
    """D8: neither rescheduling nor cancelling it writes an event, an outbox entry or a mail."""
    one.choose(on=False)
    booking = move(one, one.book(), "11:00")
    cancel(one, booking)
    one.drain()

    assert (one.events(), one.waiting(), one.mails_received()) == ([], (), 0)


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT], ids=str)
def test_a_guest_is_notified_of_the_cancellation_once(kind):
    """D4: by the provider that sent the invitation, and by nobody else."""
    one = OneCalendar(kind)
    booking = one.book()
    one.choose(on=False)
    one.mails_received()
    cancel(one, booking)
    one.drain()
    told = one.mails_received()
    one.advance(hours=1)

    assert (told, one.mails_received(), one.events()) == (1, 0, [])


def test_a_guest_gets_no_cancellation_for_a_rescheduled_booking():
    """D4: Exchange mails the guests of a deleted event, so it stays; Slotbridge mails the new time."""
    one = OneCalendar(MICROSOFT)
    booking = one.book()
    one.choose(on=False)
    one.mails_received()
    move(one, booking, "11:00")
    one.drain()
    mails = [mail.subject for mail in one.postbox.to(CUSTOMER.email)]

    assert one.microsoft.admin.mails() == []
    assert mails == ["Your appointment with Salon has a new time"]
    assert len(one.events()) == 1
