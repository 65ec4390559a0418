"""Several customers share one start: it blocks everything else, and never has one guest too many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.calendar.interval import Interval
from common.errors import InvalidRequest, SlotTaken
from tests.flows.setups.booking_setup import at, booked, shop, slots, starts
from tests.flows.setups.group_setup import (
    cancelled,
    joined,
    left,
    moved,
    offering,
    session_of,
    stored,
    studio,
)


def agenda(world):
    return world.ports.catalogue.agenda("t1", "anna", Interval(at("00:00"), at("23:59")))


def test_seats_left_are_offered_for_that_start_only():
    """F7: after the first guest, ten o'clock has two seats, and nothing that overlaps it is offered."""
    world, _ = studio()
    before = left(world)
    joined(world, "10:00")
    after = left(world)

    assert before["10:00"] == before["09:30"] == 3
    assert after["10:00"] == 2
    assert {"09:30", "10:30", "11:00"} & set(after) == set()
    assert after["13:00"] == 3


def test_a_session_blocks_its_resource_for_every_other_service():
    """F7: nobody gets a haircut from the teacher, neither during the class nor in its buffer."""
    world, _ = studio()
    joined(world, "10:00")

    assert {"10:00", "10:30", "11:00"} & set(starts(slots(world))) == set()
    with pytest.raises(SlotTaken):
        booked(world, "10:30")


def test_another_start_that_overlaps_the_session_is_taken():
    """F7: half past ten is not a seat of the class at ten."""
    world, _ = studio()
    joined(world, "10:00")

    with pytest.raises(SlotTaken):
        joined(world, "10:30", 2)


def test_the_class_is_full_after_its_capacity():
    """F7: three guests for three seats; the fourth learns that it is taken, and it is not listed."""
    world, _ = studio()
    for number in range(3):
        joined(world, "10:00", number)

    assert "10:00" not in left(world)
    with pytest.raises(SlotTaken):
        joined(world, "10:00", 4)


def test_a_party_takes_as_many_seats_as_it_has_heads():
    """F7: two of three seats at once; then one is left, and a pair finds nothing there."""
    world, _ = studio()
    pair = joined(world, "10:00", seats=2).booking

    assert (pair.seats, len(pair.places)) == (2, 2)
    assert left(world)["10:00"] == 1
    with pytest.raises(SlotTaken):
        joined(world, "10:00", 2, seats=2)
    assert joined(world, "10:00", 3).booking.seats == 1


def test_a_party_larger_than_the_class_is_refused():
    """F7: no time would ever do, so that is a mistake of the caller."""
    world, _ = studio()

    with pytest.raises(InvalidRequest, match="not so many seats"):
        joined(world, "10:00", seats=4)
    with pytest.raises(InvalidRequest, match="not so many seats"):
        joined(world, "10:00", service="cut", seats=2)


def test_a_seat_that_is_cancelled_is_free_again():
    """F7: one of three goes, one more may come."""
    world, _ = studio()
    guests = [joined(world, "10:00", number).booking for number in range(3)]

    assert cancelled(world, guests[1]).status is BookingStatus.CANCELLED
    assert left(world)["10:00"] == 1
    joined(world, "10:00", 5)
    assert "10:00" not in left(world)


def test_the_last_cancellation_frees_the_time_for_everything():
    """F7: without guests there is no class, and nothing of it is left in the store."""
    world, _ = studio()
    before = starts(slots(world))
    guests = [joined(world, "10:00", number).booking for number in range(2)]
    session = session_of(world, guests[0])
    for seat in guests:
        cancelled(world, seat)

    assert stored(world, session.id).status is BookingStatus.CANCELLED
    assert starts(slots(world)) == before
    found = agenda(world)
    assert (dict(found.bookings), dict(found.sessions)) == ({}, {})
    assert not [path for path in world.documents.paths() if "/cells/" in path]
    assert booked(world, "10:00").booking.active


def test_a_guest_who_moves_frees_one_seat_and_takes_another():
    """F7: the class at ten has a seat more, the one at three has a seat less."""
    world, _ = studio()
    first, second = (joined(world, "10:00", number).booking for number in (1, 2))
    joined(world, "15:00", 3)
    after = moved(world, first, "15:00")

    assert session_of(world, after).id != session_of(world, second).id
    assert (left(world)["10:00"], left(world)["15:00"]) == (2, 1)


def test_a_guest_who_moves_to_a_free_time_opens_a_session_there():
    """F7: the others stay where they are."""
    world, _ = studio()
    first, second = (joined(world, "10:00", number).booking for number in (1, 2))
    moved(world, first, "15:00")

    assert (left(world)["10:00"], left(world)["15:00"]) == (2, 2)
    assert stored(world, second.id).interval.start == at("10:00")


def test_the_only_guest_takes_the_session_along():
    """F7: it moves over its own old time, and is still the same session, so that its events move as well."""
    world, _ = studio()
    only = joined(world, "10:00").booking
    after = moved(world, only, "10:30")

    assert after.session == only.session
    assert session_of(world, after).interval == after.interval
    assert left(world)["10:30"] == 2
    assert "10:00" not in left(world)


def test_a_repeated_request_gets_the_same_seat():
    """F7: a lost answer costs no second seat."""
    world, _ = studio()
    first = joined(world, "10:00", idempotency_key="once-only-1")
    again = joined(world, "10:00", idempotency_key="once-only-1")

    assert (again.repeated, again.booking.id) == (True, first.booking.id)
    assert left(world)["10:00"] == 2


def test_a_smaller_capacity_sends_nobody_away_and_sells_no_seat_too_many():
    """F7: three sit where two are allowed now; when two have gone there is one seat for one guest."""
    world, _ = studio()
    guests = [joined(world, "10:00", number).booking for number in range(3)]
    offering(world, capacity=2)

    assert "10:00" not in left(world)
    cancelled(world, guests[0])
    assert "10:00" not in left(world)
    cancelled(world, guests[1])
    assert left(world)["10:00"] == 1
    joined(world, "10:00", 5)
    with pytest.raises(SlotTaken):
        joined(world, "10:00", 6)


def test_seats_left_are_a_secret_unless_the_service_tells_them():
    """F7: by default a customer learns only that the time can be booked."""
    world, _ = studio()
    offering(world, show_seats=False)
    joined(world, "10:00")

    assert left(world)["10:00"] is None


def test_a_session_has_nothing_of_its_guests():
    """Privacy: no name, address or note of a guest is in the record that stands for all of them."""
    world, _ = studio()
    seat = joined(world, "10:00", 1, note="bad knee").booking
    session = session_of(world, seat)

    assert (session.customer.name, session.customer.email, session.note) == ("", None, None)
    assert list(session.roster) == [seat.id]


def test_a_booking_made_before_the_service_was_shared_stays_alone():
    """F7: its time is taken as a whole, and it moves as the single booking that it is."""
    world, _ = shop()
    offering(world, capacity=1)
    single = joined(world, "10:00").booking
    offering(world, capacity=3)

    assert single.session is None
    assert "10:00" not in left(world)
    assert moved(world, single, "15:00").session is None


def test_only_sessions_of_the_same_length_are_joined():
    """F7: when the class gets longer, whoever sits in a short one stays, and nobody else is put there."""
    world, _ = studio()
    joined(world, "10:00")
    service = world.ports.catalogue.service("t1", "yoga")
    world.ports.catalogue.save_service("t1", replace(service, duration=service.duration * 1.5))

    assert "10:00" not in left(world)
    with pytest.raises(SlotTaken):
        joined(world, "10:00", 2)
