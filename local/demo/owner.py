"""The owner drags the appointment in the provider's calendar, and the booking follows."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from local.demo.checks import same, until
from local.demo.scene import Scene, span_of


def owner(scene: Scene, booking: str) -> None:
    """Move it an hour there; see it moved here."""
    show, name = scene.show, scene.side.name
    show.chapter(f"{scene.who} moves the appointment in {name}")
    hour = timedelta(hours=1)
    start, end = scene.bookings[booking]
    day = scene.plan.at(3, time(15))
    with show.step("she drags it from 15:00 to 16:00: the booking follows, by push") as notes:
        scene.side.move_appointment(booking, minutes=60)
        scene.bookings[booking] = (start + hour, end + hour)
        view = until("the booking follows", lambda: _moved(scene, booking))
        same("who changed it", expected="external", actual=view["changed_by"])
        notes.append(
            f"booking {view['status']} at {_clock(view['start'], day)}, changed by: {view['changed_by']}"
        )
    with show.step("15:00 is offered again, 16:00 no more; nothing was written back"):
        until("the slots follow", lambda: _offered(scene, day) == (True, False))
        scene.bookings_are_there()


def _moved(scene: Scene, booking: str) -> dict[str, str] | None:
    view: dict[str, str] = scene.owner.get(f"/bookings/{booking}")
    return view if span_of(view) == scene.bookings[booking] else None


def _offered(scene: Scene, day: datetime) -> tuple[bool, bool]:
    free = scene.slots(day)
    return "15:00" in free, "16:00" in free


def _clock(moment: str, day: datetime) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(day.tzinfo):%H:%M}"
