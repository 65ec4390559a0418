"""A sync token expires and the provider throttles; both delay, neither loses."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from local.demo.calendars import Entry
from local.demo.checks import check, same, until
from local.demo.opening import wish
from local.demo.plan import CANCELLED, TENANT
from local.demo.scene import Scene, span_of

_GONE, _MANY = 410, 429


def forgotten(scene: Scene) -> None:
    """The provider answers 410: everything is listed afresh, and compared."""
    side, show = scene.side, scene.show
    show.chapter(f"{side.name} has a bad day")
    day = scene.plan.at(4, time(15))
    with show.step("every sync token expires (410) while she enters one event and deletes another") as notes:
        same("the event before", expected=True, actual=CANCELLED in _titles(scene))
        side.forget_cursors()
        side.remove(scene.plan.clashing, CANCELLED)
        side.enter(scene.plan.clashing, Entry("Came instead", day, timedelta(minutes=30)))
        until(
            "the fresh listing is in", lambda: _titles(scene) >= {"Came instead"} and scene.copies_are_true()
        )
        same("the cancelled event", expected=False, actual=CANCELLED in _titles(scene))
        check("the provider answered 410", holds=side.refusals(_GONE) > 0)
        notes.append(f"{side.refusals(_GONE)} x 410, then listed afresh: nothing lost, nothing doubled")


def throttled(scene: Scene) -> None:
    """The provider refuses writes for usage limits: the wait is visible, then it is done."""
    side, show = scene.side, scene.show
    with show.step(
        "a customer books while the usage limits are reached: the booking stands, its export waits"
    ) as notes:
        side.throttle()
        booked = scene.customer.post("/bookings", wish(scene, scene.plan.at(4, time(14, 30))), tenant=TENANT)
        booking = str(booked["id"])
        waiting = until("the wait is visible", lambda: _waiting(scene))
        notes.append(f"{waiting['waiting_exports']} booking waiting, next try {_clock(waiting['next_try'])}")
    with show.step("the limit passes, and the booking is in the calendar"):
        until("the export is made up for", lambda: booking in side.appointments(), seconds=30)
        scene.bookings[booking] = span_of(booked)
        scene.bookings_are_there()
        until(
            "nothing waits any more",
            lambda: scene.owner.get(f"{scene.path}/progress")["waiting_exports"] == 0,
        )
        check("the provider refused with 429", holds=side.refusals(_MANY) > 0)


def _titles(scene: Scene) -> set[str]:
    return {str(event["title"]) for event in scene.imported(scene.plan.clashing)}


def _waiting(scene: Scene) -> dict[str, Any] | None:
    found: dict[str, Any] = scene.owner.get(f"{scene.path}/progress")
    refused = scene.side.refusals(_MANY) > 0
    return found if refused and found["waiting_exports"] and found["next_try"] else None


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%H:%M:%S}"
