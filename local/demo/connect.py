"""Connects an account on the provider's consent page, previews its synchronisation, and disconnects it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.demo.checks import check, check_equal, wait_until
from local.demo.connection import DemoConnection
from local.demo.plan import RETURN_TO

_MAX_SECONDS = 60.0


def connect(connection: DemoConnection) -> None:
    """Connect the account through the consent page and switch all its calendars on."""
    provider = connection.provider
    connection.terminal.chapter(f"{connection.person_name} connects her {provider.name} calendars")
    with connection.terminal.step(
        f"the console asks where to go, she ticks {provider.name}'s consent page and comes back"
    ):
        asked = {"provider": provider.kind, "resource": connection.plan.person.id, "return_to": RETURN_TO}
        address = connection.owner.post("/connections", asked)["authorization_url"]
        connection.id = _follow_redirects(connection, provider.consent(address))
    check_equal(f"grants at {provider.name}", expected=1, actual=provider.grants())
    with connection.terminal.step(
        f"her calendars are listed; she imports {connection.plan.account.all_in_words}"
    ) as notes:
        view = connection.owner.get(connection.path)
        connection.keys = {calendar["name"]: calendar["key"] for calendar in view["calendars"]}
        check_equal(
            "the listed calendars", expected=set(connection.plan.calendars()), actual=set(connection.keys)
        )
        patch = {"calendars": dict.fromkeys(connection.keys.values(), "import"), "imports": {"mode": "full"}}
        changed = connection.owner.patch(connection.path, patch)
        imported = [calendar["name"] for calendar in changed["calendars"] if calendar["use"] == "import"]
        notes.append(", ".join(imported))
        check("all calendars are imported", holds=len(imported) == len(changed["calendars"]))


def _follow_redirects(connection: DemoConnection, address: str) -> str:
    """Follow the redirects to ``oauth_callback`` and on to the console; returns the connection's id."""
    target = urlsplit(address)
    check_equal(
        "the redirect goes to",
        expected=f"{connection.base}/oauth_callback",
        actual=f"{target.scheme}://{target.netloc}{target.path}",
    )
    returned = connection.customer.follow(f"{target.path}?{target.query}")
    check("the browser is sent to the console", holds=returned.startswith(RETURN_TO), because=returned)
    found = parse_qs(urlsplit(returned).query)
    check_equal("the outcome of the consent", expected=["connected"], actual=found.get("outcome"))
    return found["connection"][0]


def preview(connection: DemoConnection) -> None:
    """Check what the preview of the first synchronisation announces, and that nothing was written yet."""
    with connection.terminal.step("a preview says what the first synchronisation would do") as notes:
        found = connection.owner.get(f"{connection.path}/preview")
        notes.extend(_preview_notes(found))
    check_equal("bookings to export", expected=len(connection.bookings), actual=found["exports"])
    check_equal("events to import", expected=connection.plan.account.events, actual=found["imports"])
    check_equal("bookings that collide", expected=connection.plan.account.clashes, actual=found["conflicts"])
    check_equal("invitations", expected=0, actual=found["invitations"])
    check_equal("nothing was written yet", expected={}, actual=dict(connection.provider.exported_bookings()))


def _preview_notes(found: dict[str, Any]) -> list[str]:
    estimate = timedelta(seconds=found["seconds"])
    return [
        f"{found['exports']} bookings go out, {found['imports']:,} events come in",
        f"{found['conflicts']} bookings collide with events; {found['invitations']} invitations are mailed",
        f"about {estimate} at today's quota",
    ]


def disconnect(connection: DemoConnection) -> None:
    """Disconnect, read the receipt, and check that only the account's own events are left."""
    provider, terminal, events = connection.provider, connection.terminal, connection.plan.account.events
    terminal.chapter(f"{connection.person_name} disconnects {provider.name}")
    with terminal.step("a tracked job takes everything back, and leaves a receipt") as notes:
        connection.owner.delete(connection.path)
        receipt = wait_until(
            "the receipt is complete", lambda: _finished_receipt(connection), seconds=_MAX_SECONDS, every=0.3
        )
        notes.extend(_receipt_notes(receipt, connection))
    check_equal("events deleted", expected=len(connection.bookings), actual=receipt["events_deleted"])
    check_equal("events left behind", expected=0, actual=receipt["events_left"])
    check_equal("the grant was given back", expected=provider.revocable, actual=receipt["grant_revoked"])
    kept = "event, channel or grant" if provider.revocable else "event or channel"
    with terminal.step(f"{provider.name} holds no {kept} of Slotbridge; her {events:,} are untouched"):
        check_equal("our events", expected={}, actual=dict(provider.exported_bookings()))
        check_equal("push channels", expected=0, actual=provider.channels())
        if provider.revocable:
            check_equal("grants", expected=0, actual=provider.grants())
        own = sum(provider.events(name) for name in connection.keys)
        check_equal("her own events", expected=events, actual=own)
    check_equal(
        "copies here", expected=0, actual=sum(len(connection.imported(name)) for name in connection.keys)
    )


def _finished_receipt(connection: DemoConnection) -> dict[str, Any] | None:
    answer = connection.owner.ask("GET", f"{connection.path}/receipt")
    return answer.body if answer.status == 200 and answer.body["finished_at"] else None


def _receipt_notes(receipt: dict[str, Any], connection: DemoConnection) -> list[str]:
    words = {
        "events_deleted": "of our events deleted",
        "imports_removed": "copies removed",
        "channels_stopped": "push channels stopped",
    }
    numbers = ", ".join(f"{receipt[name]:,} {text}" for name, text in words.items())
    forgotten = f"the grant was erased here; {connection.provider.name} takes none back"
    return [numbers, "the grant was given back" if receipt["grant_revoked"] else forgotten]
