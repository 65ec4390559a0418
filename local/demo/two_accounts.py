"""One person with two accounts: an event in either takes her time, and every booking is in both."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from local.demo.checks import check, wait_until
from local.demo.connection import DemoConnection, span_of
from local.demo.plan import TENANT
from local.demo.provider_account import Entry
from local.demo.setup import booking_request


def use_two_accounts(first: DemoConnection, second: DemoConnection) -> None:
    """Enter events in both accounts, book, and move the booking in one of them."""
    first.terminal.chapter(f"{first.person_name}'s time is taken in either, and booked in both")
    _check_events_block(first, second)
    booking = _book(first, second)
    _move_booking(first, second, booking)


def _check_events_block(first: DemoConnection, second: DemoConnection) -> None:
    day = first.plan.at(2, time(15))
    names = f"15:00 in {first.provider.name}, 16:00 in {second.provider.name}"
    with first.terminal.step(f"she enters an event at {names}: neither time is offered any more"):
        free = set(first.slots(day))
        check("both times are offered before", holds=free >= {"15:00", "16:00"}, because=sorted(free))
        for connection, clock in ((first, time(15)), (second, time(16))):
            entry = Entry("Dentist", connection.plan.at(2, clock), timedelta(minutes=30))
            connection.provider.enter(connection.plan.family, entry)
        wait_until("both times go", lambda: not {"15:00", "16:00"} & set(first.slots(day)))
    with first.terminal.step("she deletes both, and both times are back"):
        for connection in (first, second):
            connection.provider.remove(connection.plan.family, "Dentist")
        wait_until("both times come back", lambda: set(first.slots(day)) == free)


def _book(first: DemoConnection, second: DemoConnection) -> str:
    wanted = first.plan.at(3, time(15))
    with first.terminal.step("a customer books Thursday 15:00: it appears in both calendars, once in each"):
        made = first.customer.post("/bookings", booking_request(first, wanted), tenant=TENANT)
        booking = str(made["id"])
        first.bookings[booking] = span_of(made)
        _check_both(first, second)
    return booking


def _move_booking(first: DemoConnection, second: DemoConnection, booking: str) -> None:
    start, end = first.bookings[booking]
    hour = timedelta(hours=1)
    with first.terminal.step(
        f"she drags it to 16:00 in {second.provider.name}: "
        f"the booking follows, and so does {first.provider.name}"
    ):
        second.provider.move_booking(booking, minutes=60)
        first.bookings[booking] = (start + hour, end + hour)
        wait_until("the booking follows", lambda: _start(first, booking) == start + hour)
        _check_both(first, second)


def _start(connection: DemoConnection, booking: str) -> datetime:
    return span_of(connection.owner.get(f"/bookings/{booking}"))[0]


def _check_both(first: DemoConnection, second: DemoConnection) -> None:
    for connection in (first, second):
        wait_until(f"{connection.provider.name} shows the bookings", connection.check_exported_bookings)
