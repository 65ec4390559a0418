"""The owner disconnects; what was ours is gone from her calendars, what was hers is as before."""

from __future__ import annotations

from typing import Any

from local.demo.checks import same, until
from local.demo.scene import Scene

_LONGEST = 60.0


def goodbye(scene: Scene) -> None:
    """Disconnect, and read the receipt."""
    side, show, events = scene.side, scene.show, scene.plan.account.events
    show.chapter(f"{scene.who} disconnects {side.name}")
    with show.step("a tracked job takes everything back, and leaves a receipt") as notes:
        scene.owner.delete(scene.path)
        receipt = until("the receipt is complete", lambda: _finished(scene), seconds=_LONGEST, every=0.3)
        notes.extend(_told(receipt, scene))
    same("events deleted", expected=len(scene.bookings), actual=receipt["events_deleted"])
    same("events left behind", expected=0, actual=receipt["events_left"])
    same("the grant was given back", expected=side.revocable, actual=receipt["grant_revoked"])
    kept = "event, channel or grant" if side.revocable else "event or channel"
    with show.step(f"{side.name} holds no {kept} of ours; her {events:,} are untouched"):
        same("our events", expected={}, actual=dict(side.appointments()))
        same("push channels", expected=0, actual=side.channels())
        if side.revocable:
            same("grants", expected=0, actual=side.grants())
        own = sum(side.events(name) for name in scene.keys)
        same("her own events", expected=events, actual=own)
    same("copies here", expected=0, actual=sum(len(scene.imported(name)) for name in scene.keys))


def _finished(scene: Scene) -> dict[str, Any] | None:
    answer = scene.owner.ask("GET", f"{scene.path}/receipt")
    return answer.body if answer.status == 200 and answer.body["finished_at"] else None


def _told(receipt: dict[str, Any], scene: Scene) -> list[str]:
    words = {
        "events_deleted": "of our events deleted",
        "imports_removed": "copies removed",
        "channels_stopped": "push channels stopped",
    }
    numbers = ", ".join(f"{receipt[name]:,} {text}" for name, text in words.items())
    forgotten = f"the grant was erased here; {scene.side.name} takes none back"
    return [numbers, "the grant was given back" if receipt["grant_revoked"] else forgotten]
