"""Before the story: the shop, what it offers, its 300 bookings, and a Google account with 1,200 events."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from local.demo.checks import same
from local.demo.front_end import FrontEnd
from local.demo.plan import ACCOUNT, EVENTS, RESOURCE, RETURN_TO, SERVICE, TENANT, ZONE
from local.demo.scene import Scene, span_of

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_AT_ONCE = 4


def opening(scene: Scene) -> None:
    """Set everything up; none of it counts into the story's time."""
    scene.show.chapter("Before the story")
    with scene.show.step("a shop with one person, open 8 to 18, offering half-hour consultations"):
        _shop(scene.owner)
    starts = scene.plan.bookings()
    with scene.show.step(f"{len(starts)} bookings by its customers, each through POST /bookings"):
        _book_all(scene, starts)
    with scene.show.step(f"a {scene.side.name} account with {EVENTS:,} events in three calendars"):
        scene.side.open(scene.plan.calendars())
        held = sum(scene.side.events(name) for name in scene.plan.calendars())
        same("the account's events", expected=EVENTS, actual=held)


def _shop(owner: FrontEnd) -> None:
    owner.put("/tenant", {"name": "The shop", "time_zone": ZONE, "return_addresses": [RETURN_TO]})
    hours = {day: ["08:00-18:00"] for day in _WEEKDAYS}
    owner.put(f"/resources/{RESOURCE}", {"name": "Anna", "email": ACCOUNT, "time_zone": ZONE, "hours": hours})
    owner.put(
        f"/services/{SERVICE}",
        {
            "name": "Consultation",
            "duration": 30,
            "interval": 30,
            "horizon_days": 365,
            "resources": [RESOURCE],
        },
    )


def _book_all(scene: Scene, starts: tuple[datetime, ...]) -> None:
    def some(mine: tuple[datetime, ...]) -> list[dict[str, str]]:
        with FrontEnd(scene.base) as customer:
            return [customer.post("/bookings", wish(start), tenant=TENANT) for start in mine]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = pool.map(some, [starts[number::_AT_ONCE] for number in range(_AT_ONCE)])
    scene.bookings = {booking["id"]: span_of(booking) for part in made for booking in part}
    same("the bookings", expected=len(starts), actual=len(scene.bookings))


def wish(start: datetime, *, name: str = "A customer") -> dict[str, object]:
    """What a customer sends to book."""
    return {
        "service": SERVICE,
        "resource": RESOURCE,
        "start": start.isoformat(),
        "customer": {"name": name, "email": "customer@example.org"},
    }
