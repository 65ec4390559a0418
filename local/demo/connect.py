"""The owner connects her account on the provider's own consent page, and reads what would happen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.demo.checks import check, same
from local.demo.plan import RETURN_TO
from local.demo.scene import Scene


def connect(scene: Scene) -> None:
    """From nothing to a connected account with all its calendars switched on."""
    side = scene.side
    scene.show.chapter(f"{scene.who} connects her {side.name} calendars")
    with scene.show.step(
        f"the console asks where to go, she ticks {side.name}'s consent page and comes back"
    ):
        asked = {"provider": side.kind, "resource": scene.plan.person.id, "return_to": RETURN_TO}
        address = scene.owner.post("/connections", asked)["authorization_url"]
        scene.connection = _come_back(scene, side.consent(address))
    same(f"grants at {side.name}", expected=1, actual=side.grants())
    with scene.show.step(f"her calendars are listed; she switches {scene.plan.account.every} on") as notes:
        view = scene.owner.get(scene.path)
        scene.keys = {calendar["name"]: calendar["key"] for calendar in view["calendars"]}
        same("the listed calendars", expected=set(scene.plan.calendars()), actual=set(scene.keys))
        patch = {"calendars": dict.fromkeys(scene.keys.values(), True), "imports": {"mode": "full"}}
        changed = scene.owner.patch(scene.path, patch)
        notes.append(", ".join(calendar["name"] for calendar in changed["calendars"] if calendar["enabled"]))
        check("all calendars are on", holds=all(calendar["enabled"] for calendar in changed["calendars"]))


def _come_back(scene: Scene, address: str) -> str:
    """The browser follows the redirect to oauth_callback, and that sends it on to the console."""
    target = urlsplit(address)
    same(
        "the redirect goes to",
        expected=f"{scene.base}/oauth_callback",
        actual=f"{target.scheme}://{target.netloc}{target.path}",
    )
    returned = scene.customer.follow(f"{target.path}?{target.query}")
    check("the browser is sent to the console", holds=returned.startswith(RETURN_TO), because=returned)
    found = parse_qs(urlsplit(returned).query)
    same("the outcome of the consent", expected=["connected"], actual=found.get("outcome"))
    return found["connection"][0]


def preview(scene: Scene) -> None:
    """What a first synchronisation would do, before it does anything."""
    with scene.show.step("a preview says what the first synchronisation would do") as notes:
        found = scene.owner.get(f"{scene.path}/preview")
        notes.extend(_told(found))
    same("bookings to export", expected=len(scene.bookings), actual=found["exports"])
    same("events to import", expected=scene.plan.account.events, actual=found["imports"])
    same("bookings that collide", expected=scene.plan.account.clashes, actual=found["conflicts"])
    same("invitations", expected=0, actual=found["invitations"])
    same("nothing was written yet", expected={}, actual=dict(scene.side.appointments()))


def _told(found: dict[str, Any]) -> list[str]:
    estimate = timedelta(seconds=found["seconds"])
    return [
        f"{found['exports']} bookings go out, {found['imports']:,} events come in",
        f"{found['conflicts']} bookings collide with events; {found['invitations']} invitations are mailed",
        f"about {estimate} at today's quota",
    ]
