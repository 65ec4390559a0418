"""The first synchronisation, watched from the console, and compared with the provider."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from local.demo.checks import Unmet, check, same, until
from local.demo.plan import ZONE
from local.demo.scene import Scene

_LONGEST = 60.0
_OVER = {"done", "failed", "cancelled"}


def first_sync(scene: Scene) -> None:
    """Both ways at once: her events here, the bookings there."""
    scene.show.chapter(f"The first synchronisation with {scene.side.name}")
    copies = scene.plan.copies * len(scene.keys)
    with scene.show.step(
        f"{copies:,} events come in, {len(scene.bookings)} bookings go out, chunk by chunk as tasks"
    ):
        scene.owner.post(f"{scene.path}/sync")
        end = until("the first synchronisation ends", lambda: _watched(scene), seconds=_LONGEST, every=0.5)
        same("the phase and error at the end", expected=("done", None), actual=(end["phase"], end["error"]))
        same("bookings that could not be exported", expected=0, actual=end["failed"])
    with scene.show.step(
        f"all {len(scene.bookings)} bookings are in her {scene.side.name} calendar, each once, at its time"
    ):
        scene.bookings_are_there()
    with scene.show.step(
        f"her {scene.plan.account.counted} calendars block exactly the time that they call busy"
    ) as notes:
        scene.copies_are_true()
        for name in scene.keys:
            same(f"copies of {name}", expected=scene.plan.copies, actual=len(scene.imported(name)))
        notes.append(_daylight(scene))
    same("messages to customers", expected=0, actual=scene.side.mails())
    same("push channels", expected=len(scene.keys), actual=scene.side.channels())
    scene.show.note(f"{scene.side.name} mailed nobody, and watches {len(scene.keys)} calendars for us")


def _watched(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = scene.owner.get(f"{scene.path}/progress")
    phase = str(found["phase"])
    scene.show.progress(found["done"], found["total"], found["percentage"], phase)
    if phase not in _OVER:
        raise Unmet(f"{phase}, {found['percentage']} %, waiting until {found['waiting_until']}")
    return found


def _daylight(scene: Scene) -> str:
    """A weekly event keeps its time on the wall while its instant moves with daylight saving."""
    place, clock = ZoneInfo(ZONE), time(16)
    starts = [datetime.fromisoformat(event["start"]) for event in scene.imported(scene.plan.own)]
    weekly = [start for start in starts if start.astimezone(place).time() == clock]
    hours = sorted({start.astimezone(UTC).hour for start in weekly})
    check("the weekly events cross a change of clocks", holds=len(hours) == 2, because=hours)
    first, last = (f"{hour:02}:00" for hour in hours)
    return f"{len(weekly)} weekly events stay at 16:00 through the change of clocks: {last} UTC, {first} UTC"
