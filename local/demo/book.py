"""Customers look for a time, two of them want the same one, and one gets it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import time

from local.demo.checks import same, until
from local.demo.front_end import Answer, FrontEnd
from local.demo.opening import wish
from local.demo.plan import TENANT
from local.demo.scene import Scene, span_of

_PATIENCE = 30


def book(scene: Scene) -> str:
    """A slot list, a race, and the booking in the provider's calendar; the booking's id."""
    show = scene.show
    show.chapter("Two customers want the same time")
    wanted = scene.plan.at(3, time(15))
    with show.step("the free times of Thursday") as notes:
        free = scene.slots(wanted)
        notes.append(" ".join(free))
        same("15:00 is among them", expected=True, actual="15:00" in free)
    with show.step("both press the button for 15:00 at the same moment") as notes:
        won, lost = _race(scene)
        same("the winner's answer", expected=201, actual=won.status)
        same("the other's answer", expected=(409, "slot_taken"), actual=(lost.status, lost.code))
        notes.append(f"one has it; the other is told: {lost.code}, {lost.body['detail']}")
    booking = str(won.body["id"])
    scene.bookings[booking] = span_of(won.body)
    with show.step(f"the booking is in {scene.who}'s {scene.side.name} calendar"):
        until("the booking is exported", lambda: booking in scene.side.appointments())
        scene.bookings_are_there()
    until("15:00 is offered no more", lambda: "15:00" not in scene.slots(wanted))
    return booking


def _race(scene: Scene) -> tuple[Answer, Answer]:
    start = threading.Barrier(2)

    def press(name: str) -> Answer:
        with FrontEnd(scene.base) as customer:
            body = wish(scene, scene.plan.at(3, time(15)), name=name)
            start.wait(_PATIENCE)
            return customer.ask("POST", "/bookings", body, tenant=TENANT)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, ("Berta", "Carl"))
    return (first, second) if first.status < second.status else (second, first)
