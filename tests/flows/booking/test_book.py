"""Booking a time: the rules, races for one time, and who gets it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import Customer
from common.domain.catalogue.records import Resource
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, SyncError, UnknownResource
from common.flows.booking.book import book
from common.flows.slots.list_slots import list_slots
from tests.flows.setups.booking_setup import CUSTOMER, MONDAY, at, booked, enter, entries, shop, slots, starts
from tests.world import WEEKDAYS, World


def with_ben(world: World) -> None:
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))
    world.ports.catalogue.save_service("t1", replace(service, resources=("anna", "ben")))


def test_a_booking_is_stored_with_the_outbox_entry_of_its_export() -> None:
    """F5: the booking, its cells and the outbox entry are one commit; the task is queued after it."""
    world, connection = shop()
    made = booked(world, "10:00", note="window seat")
    stored = world.ports.bookings.get("t1", made.booking.id)

    assert (stored.note, stored.interval.start, stored.revision) == ("window seat", at("10:00"), 1)
    assert [(entry.booking, entry.revision) for entry in entries(world, connection)] == [(stored.id, 1)]


@pytest.mark.pitfall(23)
def test_a_hundred_customers_race_and_one_wins() -> None:
    """Pitfall 23: of 100 requests for one time exactly one succeeds, 99 learn that it is taken."""
    world, _ = shop()
    outcomes: list[str] = []

    def race(number: int) -> None:
        try:
            booked(world, "10:00", customer=Customer(f"Customer {number}"))
            outcomes.append("booked")
        except SyncError as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["booked"] + ["slot_taken"] * 99


@pytest.mark.pitfall(23)
def test_every_listed_slot_can_be_booked() -> None:
    """Pitfall 23: the same engine lists and books, buffers included."""
    world, _ = shop()
    service = world.ports.catalogue.service("t1", "cut")
    buffered = replace(service, buffer_before=timedelta(minutes=10), buffer_after=timedelta(minutes=15))
    world.ports.catalogue.save_service("t1", buffered)
    enter(world, "09:50", "10:20")
    count = 0
    while found := starts(slots(world)):
        booked(world, found[0])
        world.clock.advance_to(world.clock.now() + timedelta(seconds=4))
        count += 1

    assert count > 5


@pytest.mark.pitfall(23)
def test_an_event_entered_a_moment_before_is_caught() -> None:
    """F4: the calendars are asked again when the booking is made."""
    world, _ = shop()
    offered = starts(slots(world))
    enter(world, "10:00", "10:30")

    with pytest.raises(SlotTaken) as refused:
        booked(world, "10:00")

    assert ("10:00" in offered, refused.value.reason) == (True, "slot_taken")


@pytest.mark.pitfall(1)
def test_an_unknown_calendar_is_not_sold() -> None:
    """Pitfall 1: the booking attempt gets "unknown", not "taken", and nothing is stored."""
    world, connection = shop()
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)

    with pytest.raises(AvailabilityUnknown):
        booked(world, "10:00")

    assert entries(world, connection) == ()


@pytest.mark.parametrize(
    ("shift", "code"),
    [
        ({"days": -14}, "past"),
        ({"days": 7 * 60}, "horizon"),
        ({"minutes": 5}, "off_grid"),
        ({"hours": 12}, "outside_availability"),
    ],
)
def test_a_time_against_the_rules_has_its_stable_code(shift: dict[str, int], code: str) -> None:
    """The same rules as in the list, each with its word, and no provider is asked for it."""
    world, _ = shop()
    world.google.admin.clear_logs()

    with pytest.raises(InvalidRequest) as refused:
        book(
            world.ports,
            tenant="t1",
            service="cut",
            resource="anna",
            start=at("10:00") + timedelta(**shift),
            customer=CUSTOMER,
        )

    assert (refused.value.reason, world.google.admin.calls()) == (code, [])


def test_the_minimum_notice_is_kept() -> None:
    """F7: a time within the notice is too soon."""
    world, _ = shop()
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service("t1", replace(service, notice=timedelta(days=30)))

    with pytest.raises(InvalidRequest) as refused:
        booked(world, "10:00")

    assert refused.value.reason == "notice"


def test_a_naive_time_and_foreign_names_are_refused() -> None:
    """Nobody knows when a naive time is; another tenant's service does not exist here."""
    world, _ = shop()

    with pytest.raises(InvalidRequest) as refused:
        book(
            world.ports,
            tenant="t1",
            service="cut",
            resource="anna",
            start=at("10:00").replace(tzinfo=None),
            customer=CUSTOMER,
        )
    with pytest.raises(UnknownResource):
        book(world.ports, tenant="t2", service="cut", resource="anna", start=at("10:00"), customer=CUSTOMER)
    with pytest.raises(UnknownResource):
        book(world.ports, tenant="t1", service="cut", resource="nobody", start=at("10:00"), customer=CUSTOMER)

    assert refused.value.reason == "naive_time"


def test_any_resource_goes_to_whoever_has_less_to_do() -> None:
    """F1: fewest bookings that week first; when one is taken the next is tried."""
    world, _ = shop()
    with_ben(world)
    booked(world, "09:00", resource="anna")
    first = booked(world, "10:00", resource=None)
    second = booked(world, "10:00", resource=None, customer=Customer("Yan"))

    assert (first.booking.resource, second.booking.resource) == ("ben", "anna")
    with pytest.raises(SlotTaken):
        booked(world, "10:00", resource=None, customer=Customer("Xia"))


@pytest.mark.pitfall(2)
def test_any_resource_is_not_blocked_by_one_that_is_unknown() -> None:
    """Pitfall 2: a dead calendar closes its own resource only; if it alone is left, nobody knows."""
    world, _ = shop()
    with_ben(world)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    first = booked(world, "10:00", resource=None)

    assert first.booking.resource == "ben"
    with pytest.raises(AvailabilityUnknown):
        booked(world, "10:00", resource=None, customer=Customer("Yan"))


def test_a_connection_that_was_never_synchronised_gets_no_export() -> None:
    """B1: before the person has started the synchronisation, nothing is written to the calendar."""
    world = World()
    world.catalogue()
    world.account()
    connection = world.connect()
    booked(world, "10:00")

    assert entries(world, connection) == ()


def test_the_booked_time_is_gone_for_the_next_customer() -> None:
    """The list and the booking agree at once."""
    world, _ = shop()
    booked(world, "10:00")
    end = MONDAY + timedelta(days=1)
    found = list_slots(world.ports, tenant="t1", service="cut", resource="anna", start=MONDAY, end=end)

    assert at("10:00") not in [slot.start for slot in found.slots]
