"""What becomes of events that were written before exports were switched off."""

from __future__ import annotations

import pytest

from common.flows.connect.settings import change_settings
from tests.flows.setups.booking_setup import CUSTOMER
from tests.flows.setups.notify_setup import cancel, move, policy
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT, Two


class One(Two):
    """One resource, one followed connection, whose exports can be switched."""

    def choose(self, **exports):
        (connection,) = self.connections
        change_settings(
            self.ports, tenant="t1", connection=connection.id, settings={"exports": exports}, calendars={}
        )
        self.drain()

    def events(self):
        """The living events of ours in the calendar: their starts."""
        (connection,) = self.connections
        (entry,) = self.ports.connections.get("t1", connection.id).calendars.values()
        found = self.side(connection).inspect.events(entry.provider_id)
        own = [one for one in found if one.get("status") != "cancelled" and self.ours(one)]
        return [one["start"]["dateTime"][11:16] for one in own]

    def ours(self, event):
        return event["id"].startswith("sb") or (event.get("transactionId") or "").startswith("sb")

    def waiting(self):
        (connection,) = self.connections
        return self.ports.ledger.outbox_of("t1", connection.id, 10)


@pytest.fixture(params=[GOOGLE, MICROSOFT], ids=str)
def one(request):
    made = One(request.param)
    policy(made, customers=False)
    made.choose(attendee=False, notify=False)
    return made


def test_a_cancelled_bookings_event_is_removed(one):
    """D8, E1: nothing more is exported, but no calendar shows an appointment that is off."""
    booking = one.book()
    one.choose(on=False)
    before = one.events()
    cancel(one, booking)
    one.drain()

    assert (len(before), one.events(), one.waiting()) == (1, [], ())


def test_an_event_that_is_true_stays(one):
    """D8: switching exports off removes nothing by itself."""
    one.book()
    one.choose(on=False)
    one.advance(hours=1)

    assert len(one.events()) == 1


def test_an_event_at_a_time_that_is_over_is_taken_out_and_comes_back(one):
    """D8: a moved booking is not written again, and its event does not stay at the wrong time."""
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


def test_what_was_never_exported_is_left_alone(one):
    """D8: a booking made while exports are off is nowhere, whatever becomes of it."""
    one.choose(on=False)
    booking = move(one, one.book(), "11:00")
    cancel(one, booking)
    one.drain()

    assert (one.events(), one.waiting(), one.mails_received()) == ([], (), 0)


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT], ids=str)
def test_a_guest_hears_of_the_cancellation_once(kind):
    """D4: from the provider that invited them, and from nobody else."""
    one = One(kind)
    booking = one.book()
    one.choose(on=False)
    one.mails_received()
    cancel(one, booking)
    one.drain()
    told = one.mails_received()
    one.advance(hours=1)

    assert (told, one.mails_received(), one.events()) == (1, 0, [])


def test_a_guest_is_not_told_that_a_moved_appointment_is_off():
    """D4: Exchange mails the guests of what is removed, so this one stays; Slotbridge tells the time."""
    one = One(MICROSOFT)
    booking = one.book()
    one.choose(on=False)
    one.mails_received()
    move(one, booking, "11:00")
    one.drain()
    mails = [mail.subject for mail in one.postbox.to(CUSTOMER.email)]

    assert one.microsoft.admin.mails() == []
    assert mails == ["Your appointment with Salon has a new time"]
    assert len(one.events()) == 1
