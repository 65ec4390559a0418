"""One person with two accounts: an event in either takes her time, and every booking is in both."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from local.demo.calendars import Entry
from local.demo.checks import check, until
from local.demo.opening import wish
from local.demo.plan import TENANT
from local.demo.scene import Scene, span_of


def both(first: Scene, second: Scene) -> None:
    """What happens in one account counts for the other."""
    first.show.chapter(f"{first.who}'s time is taken in either, and booked in both")
    _taken(first, second)
    booking = _booked(first, second)
    _moved(first, second, booking)


def _taken(first: Scene, second: Scene) -> None:
    day = first.plan.at(2, time(15))
    names = f"15:00 in {first.side.name}, 16:00 in {second.side.name}"
    with first.show.step(f"she enters an event at {names}: neither time is offered any more"):
        free = set(first.slots(day))
        check("both times are offered before", holds=free >= {"15:00", "16:00"}, because=sorted(free))
        for scene, clock in ((first, time(15)), (second, time(16))):
            entry = Entry("Dentist", scene.plan.at(2, clock), timedelta(minutes=30))
            scene.side.enter(scene.plan.family, entry)
        until("both times go", lambda: not {"15:00", "16:00"} & set(first.slots(day)))
    with first.show.step("she deletes both, and both times are back"):
        for scene in (first, second):
            scene.side.remove(scene.plan.family, "Dentist")
        until("both times come back", lambda: set(first.slots(day)) == free)


def _booked(first: Scene, second: Scene) -> str:
    wanted = first.plan.at(3, time(15))
    with first.show.step("a customer books Thursday 15:00: it appears in both calendars, once in each"):
        made = first.customer.post("/bookings", wish(first, wanted), tenant=TENANT)
        booking = str(made["id"])
        first.bookings[booking] = span_of(made)
        _agree(first, second)
    return booking


def _moved(first: Scene, second: Scene, booking: str) -> None:
    start, end = first.bookings[booking]
    hour = timedelta(hours=1)
    with first.show.step(
        f"she drags it to 16:00 in {second.side.name}: the booking follows, and so does {first.side.name}"
    ):
        second.side.move_appointment(booking, minutes=60)
        first.bookings[booking] = (start + hour, end + hour)
        until("the booking follows", lambda: _start(first, booking) == start + hour)
        _agree(first, second)


def _start(scene: Scene, booking: str) -> datetime:
    return span_of(scene.owner.get(f"/bookings/{booking}"))[0]


def _agree(first: Scene, second: Scene) -> None:
    for scene in (first, second):
        until(f"{scene.side.name} shows the bookings", scene.agrees)
