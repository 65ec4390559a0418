"""Chapter 7: Anna disconnects; what was ours is gone from her calendars, what was hers is as before."""

from __future__ import annotations

from typing import Any

from local.demo.checks import check, same, until
from local.demo.plan import EVENTS
from local.demo.scene import Scene

_LONGEST = 60.0


def goodbye(scene: Scene) -> None:
    """Disconnect, and read the receipt."""
    side, show = scene.side, scene.show
    show.chapter("7. Anna disconnects")
    with show.step("a tracked job takes everything back, and leaves a receipt") as notes:
        scene.owner.delete(scene.path)
        receipt = until("the receipt is complete", lambda: _finished(scene), seconds=_LONGEST, every=0.3)
        notes.extend(_told(receipt))
    same("events deleted", expected=len(scene.bookings), actual=receipt["events_deleted"])
    same("events left behind", expected=0, actual=receipt["events_left"])
    check("the grant was given back", holds=bool(receipt["grant_revoked"]))
    with show.step(f"{side.name} holds no event, channel or grant of ours; her {EVENTS:,} are untouched"):
        same("our events", expected={}, actual=dict(side.appointments()))
        same("push channels", expected=0, actual=side.channels())
        same("grants", expected=0, actual=side.grants())
        own = sum(side.events(name) for name in scene.keys)
        same("her own events", expected=EVENTS, actual=own)
    same("copies here", expected=0, actual=sum(len(scene.imported(name)) for name in scene.keys))


def _finished(scene: Scene) -> dict[str, Any] | None:
    answer = scene.owner.ask("GET", f"{scene.path}/receipt")
    return answer.body if answer.status == 200 and answer.body["finished_at"] else None


def _told(receipt: dict[str, Any]) -> list[str]:
    words = {
        "events_deleted": "of our events deleted",
        "imports_removed": "copies removed",
        "channels_stopped": "push channels stopped",
    }
    numbers = ", ".join(f"{receipt[name]:,} {text}" for name, text in words.items())
    return [numbers, "the grant was given back" if receipt["grant_revoked"] else "the grant was kept"]
