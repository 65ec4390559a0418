"""Two connections that both add the customer as a guest: each change is notified exactly once."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import Status
from tests.flows.setups.notify_setup import cancel, move
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT, Two


@pytest.fixture(
    params=[(GOOGLE, GOOGLE), (GOOGLE, MICROSOFT), (MICROSOFT, GOOGLE), (MICROSOFT, MICROSOFT)],
    ids="-".join,
)
def two(request):
    return Two(*request.param)


def test_each_change_of_a_booking_is_notified_once(two):
    """D4: two calendars, one sender."""
    booking = two.book()
    made = two.mails_received()
    booking = move(two, booking, "11:00")
    two.drain()
    moved = two.mails_received()
    cancel(two, booking)
    two.drain()

    assert (1, 1, 1) == (made, moved, two.mails_received())


@pytest.mark.parametrize("edited", [0, 1])
def test_an_owners_new_time_is_notified_once(two, edited):
    """D2: by the edited calendar's provider where it has the guest, else by one other sender."""
    two.book()
    two.mails_received()
    connection = two.connections[edited]
    calendar, event = two.own_event(connection)
    two.side(connection).owner.shift_event(calendar, event, minutes=60)
    by_owner = two.mails_received()
    two.drain()
    moved = two.ports.bookings.get("t1", two.booking)

    speaks = connection.provider is GOOGLE or by_owner
    assert two.mails_received() == (0 if speaks else 1)
    assert f"{moved.interval.start:%H}" == "10"


@pytest.mark.parametrize("edited", [0, 1])
def test_an_owners_deletion_is_notified_once(two, edited):
    """D2: the same for an event that the owner deletes from one of the calendars."""
    two.book()
    two.mails_received()
    connection = two.connections[edited]
    calendar, event = two.own_event(connection)
    two.side(connection).owner.delete_event(calendar, event)
    by_owner = two.mails_received()
    two.advance(minutes=10)

    assert not two.ports.bookings.get("t1", two.booking).active
    assert two.mails_received() == (0 if connection.provider is GOOGLE or by_owner else 1)


def test_a_reconnected_calendar_does_not_notify_again(two):
    """Another sender notified the customer meanwhile; the export after the new consent adds no mail."""
    booking = two.book()
    two.mails_received()
    usual = two.ports.notifications.last("t1", f"booking-{two.booking}").speaker
    (dead,) = [item for item in two.connections if item.id == usual]
    two.set_status(dead, Status.REAUTH_REQUIRED)
    cancel(two, booking)
    two.drain()
    meanwhile = two.mails_received()
    two.set_status(dead, Status.ACTIVE)
    two.advance(hours=2)
    two.maintain()
    two.drain()
    later = two.mails_received()

    # Exchange mails the guests of an event that is removed, whoever asks it not to.
    assert (meanwhile, later) == (1, 1 if dead.provider is MICROSOFT else 0)
