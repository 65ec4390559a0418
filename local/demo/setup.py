"""Prepares the demonstration: a shop, its service, its bookings, and calendar accounts with events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from local.demo.checks import check_equal
from local.demo.connection import DemoConnection, span_of
from local.demo.front_end import FrontEnd
from local.demo.plan import RETURN_TO, SERVICE, TENANT, ZONE, Person

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_AT_ONCE = 4


def set_up(connections: Sequence[DemoConnection]) -> None:
    """Set everything up; none of it counts into the demonstration's time."""
    terminal = connections[0].terminal
    terminal.part("Preparation")
    people = {connection.plan.person: connection for connection in connections}
    with terminal.step("a shop with three people, open 8 to 18, offering half-hour consultations"):
        _shop(connections[0].owner, people)
    for person, connection in people.items():
        with terminal.step(f"{person.bookings} bookings with {person.name}, each through POST /bookings"):
            _book_all(connection, connection.plan.bookings())
    for connection in connections:
        account, provider = connection.plan.account, connection.provider
        with terminal.step(
            f"{connection.person_name}'s {provider.name} account: "
            f"{account.events:,} events in {account.count_in_words} calendars"
        ):
            provider.create(connection.plan.calendars())
            held = sum(provider.events(name) for name in account.calendars)
            check_equal("the account's events", expected=account.events, actual=held)


def _shop(owner: FrontEnd, people: Iterable[Person]) -> None:
    owner.put("/tenant", {"name": "The shop", "time_zone": ZONE, "return_addresses": [RETURN_TO]})
    hours = {day: ["08:00-18:00"] for day in _WEEKDAYS}
    for person in people:
        described = {"name": person.name, "email": person.email, "time_zone": ZONE, "hours": hours}
        owner.put(f"/resources/{person.id}", described)
    owner.put(
        f"/services/{SERVICE}",
        {
            "name": "Consultation",
            "duration": 30,
            "interval": 30,
            "horizon_days": 365,
            "resources": [person.id for person in people],
        },
    )


def _book_all(connection: DemoConnection, starts: tuple[datetime, ...]) -> None:
    def some(mine: tuple[datetime, ...]) -> list[dict[str, str]]:
        with FrontEnd(connection.base) as customer:
            return [
                customer.post("/bookings", booking_request(connection, start), tenant=TENANT)
                for start in mine
            ]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = pool.map(some, [starts[number::_AT_ONCE] for number in range(_AT_ONCE)])
    connection.bookings.update({booking["id"]: span_of(booking) for part in made for booking in part})
    check_equal("the bookings", expected=len(starts), actual=len(connection.bookings))


def booking_request(
    connection: DemoConnection, start: datetime, *, name: str = "A customer"
) -> dict[str, object]:
    """The body of a customer's request to book."""
    return {
        "service": SERVICE,
        "resource": connection.plan.person.id,
        "start": start.isoformat(),
        "customer": {"name": name, "email": "customer@example.org"},
    }
