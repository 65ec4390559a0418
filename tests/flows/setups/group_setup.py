"""A world with a yoga class: several customers share one start at one resource."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.domain.booking.access import HoldKey, Staff
from common.domain.booking.booking import Booking, Customer
from common.domain.calendar.connection import Connection
from common.domain.catalogue.records import Service
from common.flows.booking.book import Booked, book
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.booking.holds import HeldSlot, hold_slot
from tests.flows.setups.booking_setup import MONDAY, at, shop, slots
from tests.world import World

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def yoga(**changes: Any) -> Service:
    """A class of an hour for three, with a buffer of ten minutes after it."""
    facts = {
        "id": "yoga",
        "name": "Yoga",
        "duration": HOUR,
        "buffer_before": timedelta(),
        "buffer_after": 10 * MINUTE,
        "step": 30 * MINUTE,
        "notice": timedelta(),
        "horizon": timedelta(days=60),
        "resources": ("anna",),
        "capacity": 3,
        "show_seats": True,
    }
    return Service(**(facts | changes))


def studio(**made: Any) -> tuple[World, Connection]:
    """A shop that also gives classes."""
    world, connection = shop(**made)
    offering(world)
    return world, connection


def offering(world: World, **changes: Any) -> None:
    """Store the class."""
    world.ports.catalogue.save_service("t1", yoga(**changes))


def guest(number: int) -> Customer:
    """One of the guests, who must not see each other."""
    return Customer(
        f"Guest{number} Canary{number}", f"guest{number}@canary.example", f"+41 79 555 00 0{number}"
    )


def joined(world: World, clock: str = "10:00", number: int = 1, **wish: Any) -> Booked:
    """A guest books the class of that Monday."""
    resource = wish.pop("resource", "anna")
    service = wish.pop("service", "yoga")
    return book(
        world.ports,
        tenant="t1",
        service=service,
        resource=resource,
        start=at(clock),
        customer=guest(number),
        **wish,
    )


def held(world: World, clock: str = "10:00", *, service: str = "yoga", seats: int = 1) -> HeldSlot:
    """Hold a time, as a customer who has not decided yet."""
    return hold_slot(world.ports, tenant="t1", service=service, resource="anna", start=at(clock), seats=seats)


def key(hold: HeldSlot) -> HoldKey:
    """The key of a hold, as its holder got it."""
    return HoldKey(hold.hold.id, hold.token)


def left(world: World, service: str = "yoga") -> dict[str, int | None]:
    """The seats that are left at each time of that Monday, by Zurich's clocks."""
    found = slots(world, service=service)
    return {f"{slot.start.astimezone(MONDAY.tzinfo):%H:%M}": slot.seats_left for slot in found.slots}


def stored(world: World, name: str) -> Booking:
    """A booking as it is now."""
    return world.ports.bookings.get("t1", name)


def session_of(world: World, seat: Booking) -> Booking:
    """The session of a seat."""
    return stored(world, stored(world, seat.id).session or "")


def cancelled(world: World, seat: Booking) -> Booking:
    """Staff cancel somebody's booking."""
    return cancel_booking(world.ports, tenant="t1", booking=seat.id, by=Staff())


def moved(world: World, seat: Booking, clock: str) -> Booking:
    """Staff move somebody's booking."""
    return reschedule(world.ports, tenant="t1", booking=seat.id, start=at(clock), by=Staff())
