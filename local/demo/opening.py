"""Before the story: the shop, what it offers, its bookings, and calendar accounts with their events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from local.demo.checks import same
from local.demo.front_end import FrontEnd
from local.demo.plan import RETURN_TO, SERVICE, TENANT, ZONE, Person
from local.demo.scene import Scene, span_of

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_AT_ONCE = 4


def opening(scenes: Sequence[Scene]) -> None:
    """Set everything up; none of it counts into the story's time."""
    show = scenes[0].show
    show.part("Before the story")
    people = {scene.plan.person: scene for scene in scenes}
    with show.step("a shop with three people, open 8 to 18, offering half-hour consultations"):
        _shop(scenes[0].owner, people)
    for person, scene in people.items():
        with show.step(f"{person.bookings} bookings with {person.name}, each through POST /bookings"):
            _book_all(scene, scene.plan.bookings())
    for scene in scenes:
        account, side = scene.plan.account, scene.side
        with show.step(
            f"{scene.who}'s {side.name} account: {account.events:,} events in {account.counted} calendars"
        ):
            side.open(scene.plan.calendars())
            held = sum(side.events(name) for name in account.calendars)
            same("the account's events", expected=account.events, actual=held)


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


def _book_all(scene: Scene, starts: tuple[datetime, ...]) -> None:
    def some(mine: tuple[datetime, ...]) -> list[dict[str, str]]:
        with FrontEnd(scene.base) as customer:
            return [customer.post("/bookings", wish(scene, start), tenant=TENANT) for start in mine]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = pool.map(some, [starts[number::_AT_ONCE] for number in range(_AT_ONCE)])
    scene.bookings.update({booking["id"]: span_of(booking) for part in made for booking in part})
    same("the bookings", expected=len(starts), actual=len(scene.bookings))


def wish(scene: Scene, start: datetime, *, name: str = "A customer") -> dict[str, object]:
    """What a customer sends to book."""
    return {
        "service": SERVICE,
        "resource": scene.plan.person.id,
        "start": start.isoformat(),
        "customer": {"name": name, "email": "customer@example.org"},
    }
