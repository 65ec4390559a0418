"""What the owner enters in the provider's calendar counts here at once."""

from __future__ import annotations

from datetime import time, timedelta

from local.demo.calendars import Entry
from local.demo.checks import check, same, until
from local.demo.scene import Scene

_TAKEN = ["15:00", "15:30"]


def live(scene: Scene) -> None:
    """An event appears, its times go; it is deleted, they come back."""
    show, name = scene.show, scene.side.name
    show.chapter(f"{scene.who} enters an event in {name}")
    day = scene.plan.at(2, time(15))
    before, family = scene.slots(day), scene.plan.family
    check("15:00 and 15:30 are offered before", holds=set(_TAKEN) <= set(before), because=before)
    entry = Entry("Parents' evening", day, timedelta(hours=1))
    with show.step(
        "Wednesday 15:00 to 16:00, in her family calendar: the times are gone from the slots"
    ) as notes:
        pushes = scene.side.pushes(family)
        scene.side.enter(family, entry)
        after = until("the slots make room", lambda: _without(scene, _TAKEN))
        same(
            "the slots that are left", expected=[slot for slot in before if slot not in _TAKEN], actual=after
        )
        notes.append("calendars are asked live; an answer is shared for three seconds at most")
    with show.step(f"{name}'s push message arrives, and the event is copied with its title"):
        until("a push message is delivered", lambda: scene.side.pushes(family) > pushes)
        until("the event is copied", lambda: _copied(scene, entry.title))
        until("the copies are true", scene.copies_are_true)
    with show.step("she deletes it: the copy goes, and the times are offered again"):
        scene.side.remove(family, entry.title)
        until("the copy goes", lambda: not _copied(scene, entry.title))
        until("the times come back", lambda: scene.slots(day) == before)


def _without(scene: Scene, taken: list[str]) -> list[str] | None:
    found = scene.slots(scene.plan.at(2, time(15)))
    return None if set(taken) & set(found) else found


def _copied(scene: Scene, title: str) -> bool:
    return any(event["title"] == title for event in scene.imported(scene.plan.family))
