"""Two customers want the same time, an owner moves a booking, and an export waits at the usage limits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

from local.demo.checks import check, check_equal, wait_until
from local.demo.connection import DemoConnection, span_of
from local.demo.front_end import Answer, FrontEnd
from local.demo.plan import TENANT
from local.demo.setup import booking_request

_MAX_SECONDS = 30
_TOO_MANY = 429


def book_concurrently(connection: DemoConnection) -> str:
    """Two customers book the same time at once and one of them gets it; returns the booking's id."""
    terminal = connection.terminal
    terminal.chapter("Two customers want the same time")
    wanted = connection.plan.at(3, time(15))
    with terminal.step("the free times of Thursday") as notes:
        free = connection.slots(wanted)
        notes.append(" ".join(free))
        check_equal("15:00 is among them", expected=True, actual="15:00" in free)
    with terminal.step("both press the button for 15:00 at the same moment") as notes:
        won, lost = _race(connection)
        check_equal("the winner's answer", expected=201, actual=won.status)
        check_equal("the other's answer", expected=(409, "slot_taken"), actual=(lost.status, lost.code))
        notes.append(f"one has it; the other is told: {lost.code}, {lost.body['detail']}")
    booking = str(won.body["id"])
    connection.bookings[booking] = span_of(won.body)
    with terminal.step(f"the booking is in {connection.person_name}'s {connection.provider.name} calendar"):
        wait_until("the booking is exported", lambda: booking in connection.provider.exported_bookings())
        connection.check_exported_bookings()
    wait_until("15:00 is offered no more", lambda: "15:00" not in connection.slots(wanted))
    return booking


def _race(connection: DemoConnection) -> tuple[Answer, Answer]:
    start = threading.Barrier(2)

    def press(name: str) -> Answer:
        with FrontEnd(connection.base) as customer:
            body = booking_request(connection, connection.plan.at(3, time(15)), name=name)
            start.wait(_MAX_SECONDS)
            return customer.ask("POST", "/bookings", body, tenant=TENANT)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, ("Berta", "Carl"))
    return (first, second) if first.status < second.status else (second, first)


def move_booking(connection: DemoConnection, booking: str) -> None:
    """The owner moves the booking's event by an hour, and the booking follows."""
    terminal, name = connection.terminal, connection.provider.name
    terminal.chapter(f"{connection.person_name} moves the appointment in {name}")
    hour = timedelta(hours=1)
    start, end = connection.bookings[booking]
    day = connection.plan.at(3, time(15))
    with terminal.step("she drags it from 15:00 to 16:00: the booking follows, by push") as notes:
        connection.provider.move_booking(booking, minutes=60)
        connection.bookings[booking] = (start + hour, end + hour)
        view = wait_until("the booking follows", lambda: _moved_booking(connection, booking))
        check_equal("who changed it", expected="external", actual=view["changed_by"])
        notes.append(
            f"booking {view['status']} at {_local_time(view['start'], day)}, changed by: {view['changed_by']}"
        )
    with terminal.step("15:00 is offered again, 16:00 no more; nothing was written back"):
        wait_until("the slots follow", lambda: _offered(connection, day) == (True, False))
        connection.check_exported_bookings()


def _moved_booking(connection: DemoConnection, booking: str) -> dict[str, str] | None:
    view: dict[str, str] = connection.owner.get(f"/bookings/{booking}")
    return view if span_of(view) == connection.bookings[booking] else None


def _offered(connection: DemoConnection, day: datetime) -> tuple[bool, bool]:
    free = connection.slots(day)
    return "15:00" in free, "16:00" in free


def _local_time(moment: str, day: datetime) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(day.tzinfo):%H:%M}"


def exceed_limits(connection: DemoConnection) -> None:
    """The provider refuses writes for usage limits: the export waits visibly, and is done later."""
    provider, terminal = connection.provider, connection.terminal
    with terminal.step(
        "a customer books while the usage limits are reached: the booking stands, its export waits"
    ) as notes:
        provider.throttle()
        booked = connection.customer.post(
            "/bookings", booking_request(connection, connection.plan.at(4, time(14, 30))), tenant=TENANT
        )
        booking = str(booked["id"])
        waiting = wait_until("the wait is visible", lambda: _waiting_export(connection))
        notes.append(
            f"{waiting['waiting_exports']} booking waiting, next try {_time_of_day(waiting['next_try'])}"
        )
    with terminal.step("the limit passes, and the booking is in the calendar"):
        wait_until("the export is made up for", lambda: booking in provider.exported_bookings(), seconds=30)
        connection.bookings[booking] = span_of(booked)
        connection.check_exported_bookings()
        wait_until(
            "nothing waits any more",
            lambda: connection.owner.get(f"{connection.path}/progress")["waiting_exports"] == 0,
        )
        check("the provider refused with 429", holds=provider.count_answers(_TOO_MANY) > 0)


def _waiting_export(connection: DemoConnection) -> dict[str, Any] | None:
    found: dict[str, Any] = connection.owner.get(f"{connection.path}/progress")
    refused = connection.provider.count_answers(_TOO_MANY) > 0
    return found if refused and found["waiting_exports"] and found["next_try"] else None


def _time_of_day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%H:%M:%S}"
