"""A class with three seats: several customers share one start, and one event that names none of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from local.demo.checks import check_equal, wait_until
from local.demo.connection import DemoConnection, span_of
from local.demo.plan import CLASS, CLASS_NAME, TENANT
from local.demo.setup import booking_request

_SEATS = 3
_GUESTS = ("Dora", "Emil")
_HOUR = timedelta(hours=1)


def share_class(first: DemoConnection, second: DemoConnection) -> None:
    """Book three seats, check the event in both calendars, and move it: all guests' bookings follow."""
    first.terminal.chapter(f"Three guests share a class of {first.person_name}'s")
    start = first.plan.at(4, time(10))
    guests = _book_all_seats(first, start)
    session = _check_both_calendars(first, second, guests[0])
    _move_class(first, second, session, guests)


def _book_all_seats(connection: DemoConnection, start: datetime) -> list[dict[str, Any]]:
    connection.owner.put(
        f"/services/{CLASS}",
        {
            "name": CLASS_NAME,
            "duration": 60,
            "interval": 60,
            "capacity": _SEATS,
            "show_seats": True,
            "resources": [connection.plan.person.id],
        },
    )
    with connection.terminal.step("Friday 10:00: one customer books a seat, another one books two") as notes:
        check_equal("seats at first", expected=_SEATS, actual=_seats_left(connection, start))
        guests = [_book(connection, start, name=_GUESTS[0], party=1)]
        wait_until("two seats are left", lambda: _seats_left(connection, start) == _SEATS - 1)
        guests.append(_book(connection, start, name=_GUESTS[1], party=2))
        wait_until("no seat is offered any more", lambda: _seats_left(connection, start) is None)
        late = connection.customer.ask(
            "POST", "/bookings", _seat_request(connection, start, name="Gina"), tenant=TENANT
        )
        check_equal(
            "the answer to a fourth guest", expected=(409, "slot_taken"), actual=(late.status, late.code)
        )
        notes.append("3 seats, then 2, then none; a fourth guest is told: slot_taken")
    return guests


def _check_both_calendars(first: DemoConnection, second: DemoConnection, guest: dict[str, Any]) -> str:
    session = str(first.owner.get(f"/bookings/{guest['id']}")["session"])
    first.bookings[session] = span_of(guest)
    with first.terminal.step("both calendars show the class once, and how many come, but not who") as notes:
        for connection in (first, second):
            _check_event(connection, session)
        notes.append(f"{CLASS_NAME}: {_SEATS}/{_SEATS}")
    return session


def _move_class(
    first: DemoConnection, second: DemoConnection, session: str, guests: list[dict[str, Any]]
) -> None:
    start, end = first.bookings[session]
    with first.terminal.step(
        f"she drags it to 11:00 in {first.provider.name}: "
        f"all guests follow, and so does {second.provider.name}"
    ):
        first.provider.move_booking(session, minutes=60)
        first.bookings[session] = (start + _HOUR, end + _HOUR)
        wait_until("the guests' bookings follow", lambda: _starts(first, guests) == {start + _HOUR})
        wait_until(f"{second.provider.name} shows the class", second.check_exported_bookings)


def _book(connection: DemoConnection, start: datetime, *, name: str, party: int) -> dict[str, Any]:
    made = connection.customer.post(
        "/bookings", _seat_request(connection, start, name=name) | {"seats": party}, tenant=TENANT
    )
    return dict(made)


def _seat_request(connection: DemoConnection, start: datetime, *, name: str) -> dict[str, object]:
    return booking_request(connection, start, name=name) | {"service": CLASS}


def _seats_left(connection: DemoConnection, start: datetime) -> int | None:
    """How many seats a customer is offered at this start; None where it is not offered."""
    slots = connection.offered(start, CLASS)
    found = (slot["seats_left"] for slot in slots if datetime.fromisoformat(slot["start"]) == start)
    return next(found, None)


def _check_event(connection: DemoConnection, session: str) -> None:
    title = f"{CLASS_NAME}: {_SEATS}/{_SEATS}"
    wait_until(f"{connection.provider.name} shows the class", connection.check_exported_bookings)
    wait_until(
        f"{connection.provider.name} says {title}",
        lambda: connection.provider.event_text(session)[0] == title,
    )
    named = [name for name in _GUESTS if name in connection.provider.event_text(session)[1]]
    check_equal("guests that the event names", expected=[], actual=named)


def _starts(connection: DemoConnection, guests: Iterable[dict[str, Any]]) -> set[datetime]:
    """The start times that the guests see with their own management tokens."""
    found = set()
    for guest in guests:
        key = {"Authorization": f"Bearer {guest['management_token']}"}
        answer = connection.customer.ask("GET", f"/bookings/{guest['id']}", headers=key, tenant=TENANT)
        found.add(span_of(answer.body)[0])
    return found
