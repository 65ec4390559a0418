"""A class with three seats: several customers share one start, and one event that names none of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from local.demo.checks import same, until
from local.demo.opening import wish
from local.demo.plan import CLASS, CLASS_NAME, TENANT
from local.demo.scene import Scene, span_of

_SEATS = 3
_GUESTS = ("Dora", "Emil")
_HOUR = timedelta(hours=1)


def seats(first: Scene, second: Scene) -> None:
    """Three seats are sold, both calendars show the class once, and all guests follow when it is moved."""
    first.show.chapter(f"Three guests share a class of {first.who}'s")
    start = first.plan.at(4, time(10))
    guests = _sold(first, start)
    session = _shown(first, second, guests[0])
    _moved(first, second, session, guests)


def _sold(scene: Scene, start: datetime) -> list[dict[str, Any]]:
    scene.owner.put(
        f"/services/{CLASS}",
        {
            "name": CLASS_NAME,
            "duration": 60,
            "interval": 60,
            "capacity": _SEATS,
            "show_seats": True,
            "resources": [scene.plan.person.id],
        },
    )
    with scene.show.step("Friday 10:00: one customer books a seat, another one books two") as notes:
        same("seats at first", expected=_SEATS, actual=_left(scene, start))
        guests = [_book(scene, start, name=_GUESTS[0], party=1)]
        until("two seats are left", lambda: _left(scene, start) == _SEATS - 1)
        guests.append(_book(scene, start, name=_GUESTS[1], party=2))
        until("no seat is offered any more", lambda: _left(scene, start) is None)
        late = scene.customer.ask("POST", "/bookings", _wish(scene, start, name="Gina"), tenant=TENANT)
        same("the answer to a fourth guest", expected=(409, "slot_taken"), actual=(late.status, late.code))
        notes.append("3 seats, then 2, then none; a fourth guest is told: slot_taken")
    return guests


def _shown(first: Scene, second: Scene, guest: dict[str, Any]) -> str:
    session = str(first.owner.get(f"/bookings/{guest['id']}")["session"])
    first.bookings[session] = span_of(guest)
    with first.show.step("both calendars show the class once, and how many come, but not who") as notes:
        for scene in (first, second):
            _counted(scene, session)
        notes.append(f"{CLASS_NAME}: {_SEATS}/{_SEATS}")
    return session


def _moved(first: Scene, second: Scene, session: str, guests: list[dict[str, Any]]) -> None:
    start, end = first.bookings[session]
    with first.show.step(
        f"she drags it to 11:00 in {first.side.name}: all guests follow, and so does {second.side.name}"
    ):
        first.side.move_appointment(session, minutes=60)
        first.bookings[session] = (start + _HOUR, end + _HOUR)
        until("the guests' bookings follow", lambda: _starts(first, guests) == {start + _HOUR})
        until(f"{second.side.name} shows the class", second.agrees)


def _book(scene: Scene, start: datetime, *, name: str, party: int) -> dict[str, Any]:
    made = scene.customer.post("/bookings", _wish(scene, start, name=name) | {"seats": party}, tenant=TENANT)
    return dict(made)


def _wish(scene: Scene, start: datetime, *, name: str) -> dict[str, object]:
    return wish(scene, start, name=name) | {"service": CLASS}


def _left(scene: Scene, start: datetime) -> int | None:
    """How many seats a customer is offered at this start; None where it is not offered."""
    slots = scene.offered(start, CLASS)
    found = (slot["seats_left"] for slot in slots if datetime.fromisoformat(slot["start"]) == start)
    return next(found, None)


def _counted(scene: Scene, session: str) -> None:
    title = f"{CLASS_NAME}: {_SEATS}/{_SEATS}"
    until(f"{scene.side.name} shows the class", scene.agrees)
    until(f"{scene.side.name} says {title}", lambda: scene.side.told(session)[0] == title)
    named = [name for name in _GUESTS if name in scene.side.told(session)[1]]
    same("guests that the event names", expected=[], actual=named)


def _starts(scene: Scene, guests: Iterable[dict[str, Any]]) -> set[datetime]:
    """When the guests' own links say that it is."""
    found = set()
    for guest in guests:
        key = {"Authorization": f"Bearer {guest['management_token']}"}
        answer = scene.customer.ask("GET", f"/bookings/{guest['id']}", headers=key, tenant=TENANT)
        found.add(span_of(answer.body)[0])
    return found
