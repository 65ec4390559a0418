"""Many at once for the seats of one start: as many guests as seats, and never a trace of the others."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from common.domain.booking.access import HoldKey, Staff
from common.domain.booking.booking import BookingStatus, Customer
from common.domain.booking.sessions import booked_seats
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Service
from common.errors import SyncError
from common.flows.booking.book import book
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.booking.holds import hold_slot
from common.store.firestore.documents import Query
from tests.world import World

THREADS = 50
HOUR = timedelta(hours=1)
TEN = timedelta(minutes=10)


def studio(raw, capacity):
    """A teacher without any calendar, and a class."""
    world = World(documents=raw)
    world.catalogue()
    cut = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service(
        "t1",
        Service(
            "yoga", "Yoga", HOUR, HOUR * 0, TEN, HOUR / 2, HOUR * 0, 60 * 24 * HOUR, cut.resources, capacity
        ),
    )
    return world


def start(world, hours=0):
    return world.clock.now() + 24 * HOUR + hours * HOUR


def attempt(call, *args, **named):
    """The error's code, or what was made."""
    try:
        return call(*args, **named)
    except SyncError as refused:
        return refused.reason


def guest(world, number, at, service="yoga", **more):
    customer = Customer(f"Guest {number}")
    wanted = {"tenant": "t1", "service": service, "resource": "anna", "start": at}
    return attempt(book, world.ports, **wanted, customer=customer, **more)


def many(call, items, threads=THREADS):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, items))


def assert_consistent(raw, world):
    """Sessions, seats, places, cells and the agenda all say the same, and no two claims overlap."""
    everything = [
        item for item in world.ports.bookings.page("t1", after=None, limit=2_000) if item.takes_time
    ]
    seats = [item for item in everything if item.is_seat]
    blocks = [item for item in everything if not item.is_seat]
    held = {item.id: item.data["booking"] for item in raw.query(Query("tenants/t1/resources/anna/cells"))}
    day = Interval(start(world, -24), start(world, 48))
    agenda = world.ports.catalogue.agenda("t1", "anna", day)

    ordered = sorted(blocks, key=lambda item: item.claimed.start)
    assert not [pair for pair in pairwise(ordered) if pair[0].claimed.overlaps(pair[1].claimed)]
    assert agenda.bookings == {item.id: item.claimed for item in blocks}
    for session in (item for item in blocks if item.is_session):
        mine = {seat.id: seat.places for seat in seats if seat.session == session.id}
        assert mine == {name: seat.places for name, seat in session.roster.items()}
        assert (
            len({place for places in mine.values() for place in places}) == sum(map(len, mine.values())) > 0
        )
        assert {held[f"{session.id}#{place}"] for places in mine.values() for place in places} == set(mine)
        assert agenda.sessions[session.id].booked == booked_seats(session)
        assert {seat.interval for seat in seats if seat.session == session.id} == {session.interval}
    places = [name for name in held if "#" in name]
    assert len(places) == sum(len(seat.places) for seat in seats)
    return seats


@pytest.mark.timeout(300)
@pytest.mark.pitfall(23)
@pytest.mark.parametrize("capacity", [5, 60])
def test_of_200_claims_on_one_class_as_many_win_as_there_are_seats(raw, capacity):
    """Pitfall 23: five seats are five guests, and each of the others learns that it is taken."""
    world = studio(raw, capacity)
    outcomes = many(lambda number: guest(world, number, start(world)), range(200))

    losers = Counter(item for item in outcomes if isinstance(item, str))
    assert losers == {"slot_taken": 200 - capacity}
    assert len(assert_consistent(raw, world)) == capacity


@pytest.mark.timeout(300)
@pytest.mark.pitfall(23)
def test_guests_who_come_go_and_move_at_once_leave_everything_consistent(raw):
    """Pitfall 23: sessions open, fill, empty and end under 50 threads, and every record agrees afterwards."""
    world, random = studio(raw, 4), Random(11)
    at = [start(world, hours) for hours in (0, 1.5, 5)]
    made = [item.booking for item in many(lambda number: guest(world, number, at[number % 2]), range(8))]

    def change(plan):
        kind, number, hour = plan
        if kind == "come":
            return guest(world, f"new-{number}", at[hour], seats=1 + number % 2)
        if kind == "cut":
            return guest(world, f"cut-{number}", at[hour], service="cut")
        seat = made[number % len(made)].id
        if kind == "go":
            return attempt(cancel_booking, world.ports, tenant="t1", booking=seat, by=Staff())
        return attempt(reschedule, world.ports, tenant="t1", booking=seat, start=at[hour], by=Staff())

    plans = [
        (random.choice(("come", "go", "move", "move", "cut")), number, random.randrange(3))
        for number in range(150)
    ]
    outcomes = many(change, plans)

    assert_consistent(raw, world)
    refused = {item for item in outcomes if isinstance(item, str)}
    assert refused <= {"slot_taken", "conflict", "cancelled"}


@pytest.mark.timeout(300)
@pytest.mark.pitfall(23)
@pytest.mark.parametrize("late", [timedelta(seconds=-1), timedelta()])
def test_a_hold_its_booking_and_everybody_else_at_once(raw, late):
    """Pitfall 23: before the hold ends its customer wins, afterwards exactly one of all of them does."""
    world = studio(raw, 1)
    hold = hold_slot(world.ports, tenant="t1", service="cut", resource="anna", start=start(world))
    world.clock.advance_to(hold.hold.held_until + late)
    at, key = hold.hold.interval.start, HoldKey(hold.hold.id, hold.token)

    def request(number):
        mine = key if number == 7 else None
        return guest(world, number, at, service="cut", hold=mine)

    outcomes = many(request, range(THREADS))

    winners = [number for number, item in enumerate(outcomes) if not isinstance(item, str)]
    assert len(winners) == 1
    if late < timedelta():
        assert winners == [7]
    assert Counter(item for item in outcomes if isinstance(item, str)) == {"slot_taken": THREADS - 1}
    assert_consistent(raw, world)


@pytest.mark.timeout(300)
@pytest.mark.pitfall(23)
def test_of_50_holds_on_three_seats_three_win_and_ended_ones_are_won_again(raw):
    """Pitfall 23: held seats count like booked ones, until the clock says that they ended."""
    world = studio(raw, 3)

    def hold(_):
        return attempt(hold_slot, world.ports, tenant="t1", service="yoga", resource="anna", start=at)

    at = start(world)
    first = many(hold, range(THREADS))
    world.clock.advance_to(world.clock.now() + TEN)
    second = many(lambda number: guest(world, number, at) if number % 2 else hold(number), range(THREADS))

    for outcomes in (first, second):
        assert Counter(item for item in outcomes if isinstance(item, str)) == {"slot_taken": THREADS - 3}
    seats = assert_consistent(raw, world)
    assert len(seats) == 3
    assert {seat.status for seat in seats} <= {BookingStatus.CONFIRMED, BookingStatus.HELD}
