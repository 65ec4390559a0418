"""A booking can move to exactly the times that are listed for it, and explained as free."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from common.domain.booking.access import LinkHolder
from common.domain.booking.booking import Booking
from common.domain.booking.sessions import MoveRequest
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Absence, Resource
from common.errors import InvalidRequest, SyncError, UnknownResource
from common.flows.booking.book import Booked
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.slots.explain import explain_slot
from common.flows.slots.list_slots import list_slots
from tests.flows.setups import graph_setup, sync_setup
from tests.flows.setups.booking_setup import MONDAY, ZURICH, at, booked, starts
from tests.flows.setups.group_setup import guest, held, joined, key, offering
from tests.tenants import restore_documents, snapshot_documents
from tests.world import WEEKDAYS, World

both = pytest.mark.parametrize("side", [sync_setup.Synced, graph_setup.Outlook])
MINUTE = timedelta(minutes=1)


def asked(made: Booked) -> MoveRequest:
    return MoveRequest(made.booking.id, LinkHolder(made.manage_token))


def listed(world: World, made: Booked, **named: Any) -> list[str]:
    """The times of that Monday that the customer is shown for the own booking."""
    found = list_slots(
        world.ports,
        **{
            "tenant": "t1",
            "service": made.booking.service,
            "resource": None,
            "start": MONDAY,
            "end": MONDAY + timedelta(days=1),
            "moving": asked(made),
            **named,
        },
    )
    return starts(found)


def moved(world: World, made: Booked, start: datetime) -> Booking:
    by = LinkHolder(made.manage_token)
    return reschedule(world.ports, tenant="t1", booking=made.booking.id, start=start, by=by)


def accepted(world: World, made: Booked) -> list[str]:
    """The times of that Monday that moving takes, each tried from the same state; the present one aside."""
    before, found = snapshot_documents(world), []
    for number in range(8 * 4, 18 * 4):
        start = MONDAY + number * 15 * MINUTE
        try:
            after = moved(world, made, start)
        except SyncError:
            continue
        finally:
            restore_documents(world, before)
        found += [f"{start:%H:%M}"] if after.revision > made.booking.revision else []
    return found


def explained(world: World, made: Booked) -> list[str]:
    """The times of that Monday about which staff read that nothing is in the way of this booking."""
    booking = made.booking
    times = (MONDAY + number * 15 * MINUTE for number in range(8 * 4, 18 * 4))
    return [
        f"{start:%H:%M}"
        for start in times
        if explain_slot(
            world.ports,
            tenant="t1",
            service=booking.service,
            resource=booking.resource,
            at=start,
            moving=asked(made),
        ).offered
    ]


def agree(world: World, made: Booked) -> list[str]:
    """The listed times, once they are known to be those that are explained as free and that moving takes."""
    found = listed(world, made)
    present = f"{made.booking.interval.start.astimezone(ZURICH):%H:%M}"

    assert found == explained(world, made)
    assert [clock for clock in found if clock != present] == accepted(world, made)
    return found


def after_leaving(world: World) -> None:
    """Anna does not offer the service any more; somebody else does."""
    catalogue = world.ports.catalogue
    catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))
    catalogue.save_service("t1", replace(catalogue.service("t1", "cut"), resources=("ben",)))


@both
def test_the_own_booking_is_not_in_its_way(side: Any) -> None:
    """Beside others' bookings, absences, buffers and events of the calendar, which are."""
    world = side()
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service("t1", replace(service, buffer_after=10 * MINUTE, notice=60 * MINUTE))
    made = booked(world, "10:00")
    booked(world, "14:00", customer=guest(1))
    world.ports.catalogue.save_absence("t1", "anna", Absence("doctor", Interval(at("11:30"), at("12:00"))))
    world.enter(at("15:00"), minutes=60)
    world.clock.advance_to(at("08:00"))
    world.drain()
    found = agree(world, made)

    assert {"09:45", "10:00", "10:15", "10:45"} <= set(found)
    assert {"11:15", "13:45", "14:15", "14:45", "15:30", "16:45"} & set(found) == set()


@both
def test_a_resource_that_left_the_service_keeps_its_booking(side: Any) -> None:
    """The booking moves there as before; nobody else is offered a time there."""
    world = side()
    made = booked(world, "10:00")
    after_leaving(world)
    found = agree(world, made)

    assert {"09:30", "10:15", "13:00"} <= set(found)
    with pytest.raises(UnknownResource):
        booked(world, "11:00", customer=guest(1))
    assert moved(world, made, at("10:15")).resource == "anna"


@both
def test_a_hold_of_a_resource_that_left_is_booked(side: Any) -> None:
    """The time was kept for this customer, whatever was changed meanwhile."""
    world = side()
    hold = held(world, "10:00", service="cut")
    after_leaving(world)
    made = booked(world, "10:00", hold=key(hold))

    assert (made.booking.id, made.booking.resource) == (hold.hold.id, "anna")


@both
def test_a_seat_moves_with_its_session_or_leaves_it(side: Any) -> None:
    """Alone, its session gives its time up; beside another guest the session stays in the way."""
    world = side()
    offering(world, step=15 * MINUTE)
    alone = joined(world, "10:00", 1)
    other = joined(world, "14:00", 2)
    first = agree(world, alone)
    joined(world, "10:00", 3)
    beside = agree(world, alone)

    assert {"09:45", "10:15", "14:00"} <= set(first)
    assert {"09:45", "10:15"} & set(beside) == set()
    assert "14:00" in beside
    assert other.booking.session != alone.booking.session


@both
def test_seats_that_are_held_too_long_are_not_in_the_way(side: Any) -> None:
    """A hold beside the guest ends by the clock, for the list as for the move."""
    world = side()
    offering(world, step=15 * MINUTE)
    made = joined(world, "10:00", 1)
    held(world, "10:00")
    beside = agree(world, made)
    world.clock.advance_to(world.clock.now() + timedelta(minutes=11))

    assert "10:15" not in beside
    assert "10:15" in agree(world, made)


@both
def test_a_party_is_shown_where_all_of_it_fits(side: Any) -> None:
    """The booking's own seats count, whatever the question says."""
    world = side()
    offering(world, step=15 * MINUTE)
    made = joined(world, "10:00", 1, seats=2)
    joined(world, "14:00", 2, seats=2)

    assert "14:00" not in agree(world, made)
    assert "14:00" not in listed(world, made, seats=1)


@both
def test_what_was_booked_alone_stays_alone(side: Any) -> None:
    """A booking from before the service was shared joins nobody: sessions are in its way."""
    world = side()
    made = booked(world, "10:00")
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service("t1", replace(service, capacity=3))
    booked(world, "14:00", customer=guest(2))

    assert "14:00" not in agree(world, made)


@both
def test_what_cannot_move_has_no_list(side: Any) -> None:
    """A booking of another service, a cancelled one, a past one, and somebody else's."""
    world = side()
    offering(world)
    made, other = booked(world, "10:00"), booked(world, "11:00", customer=guest(1))
    with pytest.raises(InvalidRequest) as mismatch:
        listed(world, made, service="yoga")
    with pytest.raises(UnknownResource):
        listed(world, made, moving=MoveRequest(made.booking.id, LinkHolder(other.manage_token)))
    cancel_booking(world.ports, tenant="t1", booking=other.booking.id, by=LinkHolder(other.manage_token))
    with pytest.raises(InvalidRequest) as cancelled:
        listed(world, other)
    world.clock.advance_to(at("10:30"))
    with pytest.raises(InvalidRequest) as past:
        listed(world, made)

    refused = [error.value.reason for error in (mismatch, cancelled, past)]
    assert refused == ["booking_mismatch", "cancelled", "past"]
