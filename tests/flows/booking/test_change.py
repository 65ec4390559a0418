"""Reading, moving and cancelling a booking by its management link or by staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.booking.access import Authority, LinkHolder, Staff
from common.domain.booking.booking import Booking
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, StaleVersion, UnknownResource
from common.flows.booking.book import Booked
from common.flows.booking.change import (
    cancel_booking,
    reschedule,
)
from common.flows.shared.booking_access import authorized_booking
from tests.flows.setups.booking_setup import at, booked, enter, entries, events, export, shop, slots, starts
from tests.world import World


def holder(made: Booked) -> LinkHolder:
    return LinkHolder(made.manage_token)


def moved(world: World, made: Booked, clock: str, *, by: Authority | None = None, **more: Any) -> Booking:
    return reschedule(
        world.ports, tenant="t1", booking=made.booking.id, start=at(clock), by=by or holder(made), **more
    )


def cancelled(world: World, made: Booked, *, by: Authority | None = None, **more: Any) -> Booking:
    return cancel_booking(world.ports, tenant="t1", booking=made.booking.id, by=by or holder(made), **more)


def test_the_link_opens_its_booking_and_changes_nothing() -> None:
    """F7: reading has no effect; a mail scanner may do it as often as it likes."""
    world, _ = shop()
    made = booked(world)
    read = [
        authorized_booking(world.ports, tenant="t1", booking=made.booking.id, by=holder(made))
        for _ in range(3)
    ]

    assert read == [made.booking] * 3


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "ünsinn"])
def test_another_token_opens_nothing(token: str) -> None:
    """A wrong secret is answered like a booking that does not exist."""
    world, _ = shop()
    made = booked(world)

    with pytest.raises(UnknownResource):
        authorized_booking(world.ports, tenant="t1", booking=made.booking.id, by=LinkHolder(token))


def test_the_link_of_one_booking_opens_no_other() -> None:
    """G3: a secret belongs to one tenant's one booking."""
    world, _ = shop()
    first, second = booked(world, "10:00"), booked(world, "11:00")

    with pytest.raises(UnknownResource):
        authorized_booking(world.ports, tenant="t1", booking=second.booking.id, by=holder(first))
    with pytest.raises(UnknownResource):
        authorized_booking(world.ports, tenant="t2", booking=first.booking.id, by=holder(first))


def test_staff_opens_the_bookings_of_its_own_resources() -> None:
    """G3: a member with a list of resources sees no others."""
    world, _ = shop()
    made = booked(world)

    assert authorized_booking(world.ports, tenant="t1", booking=made.booking.id, by=Staff()) == made.booking
    with pytest.raises(UnknownResource):
        authorized_booking(world.ports, tenant="t1", booking=made.booking.id, by=Staff(frozenset({"ben"})))


def test_a_booking_moves_over_its_own_old_time() -> None:
    """F7: the own claim and the own exported event do not stand in the way."""
    world, connection = shop()
    made = booked(world, "10:00")
    export(world, made.booking, connection)
    after = moved(world, made, "10:15")

    assert (after.interval.start, after.revision) == (at("10:15"), 2)
    assert [entry.revision for entry in entries(world, connection)] == [2]
    export(world, after, connection)
    assert {"09:45", "10:00", "10:30", "10:45"} & set(starts(slots(world))) == {"09:45", "10:45"}


@pytest.mark.pitfall(22)
def test_a_booking_can_follow_where_its_owner_dragged_the_event() -> None:
    """Pitfall 22: the customer may take the very time to which the owner moved the event."""
    world, connection = shop()
    made = booked(world, "10:00")
    export(world, made.booking, connection)
    world.google.owner.shift_event("anna@example.com", events(world)[0]["id"], minutes=60)

    assert moved(world, made, "11:00").interval.start == at("11:00")


def test_moving_obeys_everything_that_booking_obeys() -> None:
    """The same engine: taken, against the rules, unknown."""
    world, _ = shop()
    made, _other = booked(world, "10:00"), booked(world, "11:00")
    enter(world, "13:00", "14:00")

    for clock, error, code in (
        ("11:00", SlotTaken, "slot_taken"),
        ("10:45", SlotTaken, "slot_taken"),
        ("13:30", SlotTaken, "slot_taken"),
        ("10:05", InvalidRequest, "off_grid"),
        ("20:00", InvalidRequest, "outside_availability"),
    ):
        with pytest.raises(error) as refused:
            moved(world, made, clock)
        assert refused.value.reason == code

    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    with pytest.raises(AvailabilityUnknown):
        moved(world, made, "14:00")

    assert world.ports.bookings.get("t1", made.booking.id) == made.booking


def test_moving_to_the_present_time_changes_nothing() -> None:
    """Sending the same request twice is harmless."""
    world, connection = shop()
    made = booked(world, "10:00")

    assert moved(world, made, "10:00") == made.booking
    assert [entry.revision for entry in entries(world, connection)] == [1]


def test_a_change_against_a_newer_booking_is_refused() -> None:
    """Whoever saw an older state gets an error."""
    world, _ = shop()
    made = booked(world, "10:00")
    moved(world, made, "11:00", revision=1)

    with pytest.raises(StaleVersion):
        moved(world, made, "12:00", revision=1)
    with pytest.raises(StaleVersion):
        cancelled(world, made, revision=1)


def test_cancelling_frees_the_time_at_once_and_only_once() -> None:
    """F7: a second cancellation is fine, and makes no new outbox entries."""
    world, connection = shop()
    made = booked(world, "10:00")
    first, second = cancelled(world, made, revision=1), cancelled(world, made, revision=1)

    assert (first.status, second, "10:00" in starts(slots(world))) == ("cancelled", first, True)
    assert [entry.revision for entry in entries(world, connection)] == [1, 2]


def test_a_cancelled_booking_does_not_move() -> None:
    """What is cancelled is booked anew."""
    world, _ = shop()
    made = booked(world, "10:00")
    cancelled(world, made)

    with pytest.raises(InvalidRequest) as refused:
        moved(world, made, "11:00")

    assert refused.value.reason == "cancelled"


def test_the_link_ends_with_the_appointment_but_staff_may_still_cancel() -> None:
    """Reliability: a customer cannot change the past; the records can be put right."""
    world, _ = shop()
    made = booked(world, "10:00")
    world.clock.advance_to(at("10:00") + timedelta(hours=1))

    with pytest.raises(InvalidRequest) as refused:
        cancelled(world, made)

    assert (refused.value.reason, cancelled(world, made, by=Staff()).source) == ("past", "staff")


def test_buffers_count_when_a_booking_moves() -> None:
    """Pitfall 29532 of others: the own buffers do not block, another booking's do."""
    world, _ = shop()
    service = world.ports.catalogue.service("t1", "cut")
    quarter = timedelta(minutes=15)
    world.ports.catalogue.save_service("t1", replace(service, buffer_before=quarter, buffer_after=quarter))
    made, _other = booked(world, "10:00"), booked(world, "11:30")

    with pytest.raises(SlotTaken):
        moved(world, made, "10:45")

    assert moved(world, made, "10:30").claimed.start == at("10:15")
