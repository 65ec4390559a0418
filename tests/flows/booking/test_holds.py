"""A time is kept for some minutes: nobody else gets it, and when they are over everybody can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.access import HoldKey
from common.domain.booking.booking import BookingStatus
from common.domain.calendar.interval import Interval
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.errors import InvalidRequest, SlotTaken, UnknownResource
from common.flows.booking.holds import release_hold
from common.flows.ops.maintain import maintain
from common.flows.slots.explain import explain_slot
from tests.flows.setups.booking_setup import at, booked, enter, entries, shop, slots, starts
from tests.flows.setups.group_setup import guest, held, joined, key, left, session_of, stored, studio
from tests.flows.setups.sync_setup import Synced, stamps
from tests.world import ACCOUNT

TEN = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


def later(world, pause):
    world.clock.advance_to(world.clock.now() + pause)


def release(world, hold):
    release_hold(world.ports, tenant="t1", key=key(hold))


def nothing_left(world):
    found = world.ports.catalogue.agenda("t1", "anna", Interval(at("00:00"), at("23:59")))
    cells = [path for path in world.documents.paths() if "/cells/" in path]
    return (dict(found.bookings), dict(found.holds), dict(found.sessions), cells) == ({}, {}, {}, [])


def outbox_of(world):
    return [path for path in world.documents.paths() if path.startswith("outbox/")]


def test_a_held_time_is_not_offered_to_anybody_else():
    """F7: it is neither listed nor sold while the hold lives."""
    world, _ = shop()
    before = starts(slots(world))
    hold = held(world, service="cut").hold

    assert hold.held_until == world.clock.now() + TEN
    assert set(before) - set(starts(slots(world))) == {"09:45", "10:00", "10:15"}
    with pytest.raises(SlotTaken):
        booked(world, "10:00")


def test_a_hold_becomes_the_booking():
    """F7: same id, same time, no other claim; from then on it is an ordinary booking."""
    world, connection = shop()
    hold = held(world, service="cut")
    made = booked(world, "10:00", hold=key(hold)).booking

    assert (made.id, made.active, made.held_until) == (hold.hold.id, True, None)
    later(world, 2 * TEN)
    assert "10:00" not in starts(slots(world))
    assert [entry.booking for entry in entries(world, connection)] == [made.id]


def test_a_hold_that_is_over_takes_nothing():
    """F7: the clock decides and not its removal: the time is listed at once, and booked by somebody else."""
    world, _ = shop()
    held(world, service="cut")
    later(world, TEN - SECOND)
    early = starts(slots(world))
    later(world, SECOND)

    assert "10:00" not in early
    assert "10:00" in starts(slots(world))
    assert booked(world, "10:15").booking.active


def test_a_customer_who_comes_too_late_books_like_everybody():
    """F7: with a hold that is over the time is theirs if it is free, and taken if it is not."""
    world, _ = shop()
    first, second = held(world, "10:00", service="cut"), held(world, "14:00", service="cut")
    later(world, TEN)
    booked(world, "14:00", customer=guest(1))

    assert booked(world, "10:00", hold=key(first)).booking.active
    with pytest.raises(SlotTaken):
        booked(world, "14:00", hold=key(second))


def test_a_hold_can_be_given_back():
    """F7: its time is free at once, and nothing of it is left; releasing twice is fine."""
    world, _ = shop()
    hold = held(world, service="cut")
    release(world, hold)
    release(world, hold)

    assert nothing_left(world)
    assert booked(world, "10:00").booking.active


def test_a_booked_hold_is_not_released():
    """F7: the token of the hold does not cancel what it became."""
    world, _ = shop()
    hold = held(world, service="cut")
    booked(world, "10:00", hold=key(hold))
    release(world, hold)

    assert stored(world, hold.hold.id).active


def test_nobody_books_with_a_hold_without_its_secret():
    """F7: knowing the id of a hold opens nothing."""
    world, _ = shop()
    hold = held(world, service="cut")
    wrong = HoldKey(hold.hold.id, held(world, "14:00", service="cut").token)

    with pytest.raises(UnknownResource):
        booked(world, "10:00", hold=wrong)
    with pytest.raises(UnknownResource):
        release_hold(world.ports, tenant="t1", key=wrong)


def test_a_hold_is_for_one_time_and_one_booking():
    """F7: another time is refused, and so is a second booking with the same hold."""
    world, _ = shop()
    hold = held(world, service="cut")
    with pytest.raises(InvalidRequest) as mismatch:
        booked(world, "14:00", hold=key(hold))
    booked(world, "10:00", hold=key(hold))
    with pytest.raises(InvalidRequest) as used:
        booked(world, "10:00", hold=key(hold), customer=guest(1))

    assert (mismatch.value.reason, used.value.reason) == ("hold_mismatch", "hold_used")


def test_a_repeat_with_a_key_finds_the_booking_that_the_hold_became():
    """F7: a lost answer costs nothing here either."""
    world, _ = shop()
    hold = held(world, service="cut")
    first = booked(world, "10:00", hold=key(hold), idempotency_key="once-only-1")
    again = booked(world, "10:00", hold=key(hold), idempotency_key="once-only-1")

    assert (again.repeated, again.booking.id) == (True, first.booking.id)


def test_a_booking_with_a_hold_is_checked_against_live_calendars():
    """F4: what the owner entered while the customer was deciding wins."""
    world, _ = shop()
    hold = held(world, service="cut")
    enter(world, "10:00", "10:30")

    with pytest.raises(SlotTaken):
        booked(world, "10:00", hold=key(hold))


def test_a_hold_taken_in_time_is_booked_within_the_notice():
    """F7: whoever was early enough to hold is not too late to book."""
    world, _ = shop()
    service = world.ports.catalogue.service("t1", "cut")
    world.clock.advance_to(at("08:25"))
    world.ports.catalogue.save_service("t1", replace(service, notice=timedelta(minutes=90)))
    hold = held(world, "10:00", service="cut")
    world.clock.advance_to(at("08:33"))

    assert booked(world, "10:00", hold=key(hold)).booking.active


def test_held_seats_leave_the_other_seats_to_others():
    """F7: a hold in a class takes as many seats as it says, and becomes a seat of the same session."""
    world, _ = studio()
    hold = held(world, "10:00", seats=2)
    other = joined(world, "10:00", 2).booking

    assert "10:00" not in left(world)
    mine = joined(world, "10:00", 1, seats=2, hold=key(hold)).booking
    later(world, TEN)
    assert session_of(world, mine).id == session_of(world, other).id
    assert "10:00" not in left(world)


def test_held_seats_that_are_over_are_free():
    """F7: three seats held and forgotten are three seats for others."""
    world, _ = studio()
    held(world, "10:00", seats=3)
    later(world, TEN)

    assert left(world)["10:00"] == 3
    assert [joined(world, "10:00", number, seats=number).booking.seats for number in (1, 2)] == [1, 2]


def test_the_time_of_forgotten_seats_is_free_for_other_services():
    """F7: a class of nothing but ended holds blocks nobody."""
    world, _ = studio()
    held(world, "10:00")
    later(world, TEN)

    assert booked(world, "10:00").booking.active


def test_maintenance_removes_what_ended():
    """F7: nothing of an ended hold stays in the store; living ones are left alone."""
    world, _ = studio()
    held(world, "10:00", seats=2)
    held(world, "14:00", service="cut")
    first = maintain(world.ports, Maintain(MaintenanceJob.OUTBOX)).holds
    later(world, TEN)

    assert (first, maintain(world.ports, Maintain(MaintenanceJob.OUTBOX)).holds) == (0, 2)
    assert nothing_left(world)
    assert maintain(world.ports, Maintain(MaintenanceJob.OUTBOX)).holds == 0


def test_staff_read_that_a_time_is_held():
    """F8: a hold has a reason of its own, with its range and its id."""
    world, _ = shop()
    hold = held(world, service="cut").hold
    found = explain_slot(world.ports, tenant="t1", service="cut", resource="anna", at=at("10:00"))

    assert [(item.code, item.interval, item.source) for item in found.reasons] == [
        ("hold", hold.claimed, hold.id)
    ]


def test_nobody_is_told_of_a_hold():
    """F7: there is no outbox entry for an export, a mail or a webhook before it is booked."""
    world, _ = studio()
    before = outbox_of(world)
    held(world, "10:00")
    held(world, "14:00", service="cut")

    assert outbox_of(world) == before
    assert stored(world, held(world, "15:00").hold.id).status is BookingStatus.HELD


def test_an_owners_move_goes_over_a_hold_that_is_over():
    """D2, F7: a forgotten hold does not undo what the calendar's owner did."""
    world = Synced()
    world.book(at("10:00"))
    world.drain()
    held(world, "14:00", service="cut")
    later(world, TEN)
    (event,) = (item for item in world.existing_events() if item["id"].startswith("sb"))
    world.google.owner.edit_event(ACCOUNT, event["id"], stamps(at("14:00"), 30))
    world.drain()

    assert world.booking().interval.start == at("14:00")
