"""A stored document that cannot be read stops neither a disconnection nor an erasure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Status
from common.domain.connect.settings import ExportSettings
from common.domain.privacy.erasure import ErasureStage
from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.flows.connect.disconnect import start_disconnect
from common.flows.privacy.erasure import start_erasure
from common.store.firestore.documents import Put
from tests.flows.setups.graph_setup import OWN, Outlook
from tests.flows.setups.sync_setup import Synced, at
from tests.flows.setups.unanswered_setup import own, places
from tests.whole_lists import every

SECRET = "Ueberraschungsfest"
SPOILT = {
    "weeks": {"keys": {"text": SECRET, "lengths": b"\1\0\0\0"}},
    "parts": {"parts": SECRET},
    "calendars": {"generation": 1, "channel": SECRET},
    "exports": {"state": SECRET},
    "exports_bare": None,
    "outbox": {"kind": SECRET},
    "grants": {"sealed": SECRET},
    "grants_bare": None,
    "connections": {"run": SECRET, "status": SECRET},
    "connections_bare": None,
    "bookings": {"status": "unheard", "note": SECRET},
    "services": {"capacity": SECRET},
    "resources": {"weekly": SECRET},
}


class Google(Synced):
    """A Google account with an imported event and two bookings in its calendar."""

    def __init__(self):
        super().__init__(settings=OWN)
        self.side, self.places = self.google, places(self)


class Microsoft(Outlook):
    """The same with Outlook."""

    def __init__(self):
        super().__init__()
        self.side, self.places = self.microsoft, places(self)


@pytest.fixture(params=[Google, Microsoft], ids=["google", "outlook"])
def world(request):
    made = request.param()
    made.enter(at(15))
    for number, hour in enumerate((9, 11)):
        made.book(at(hour), f"b{number}")
    made.drain()
    assert len(own(made)) == 2
    entry = OutboxEntry(
        "waiting", "t1", OutboxKind.EXPORT, "b0", made.connection_id, 1, made.clock.now(), at(9, day=300)
    )
    made.ports.ledger.put_outbox(entry)
    return made


def spoil(world, kind):
    """Make one document of a kind one that cannot be read."""
    collection, _, bare = kind.replace("parts", "weeks").partition("_")
    path = next(path for path in world.documents.paths() if path.split("/")[-2] == collection)
    (found,) = world.documents.get([path])
    data = {"tenant": "t1", "resource": "anna"} if bare else {**found.data, **SPOILT[kind]}
    world.documents.commit([Put(path, data)])


def paths(world):
    return [path for path in world.documents.paths() if path.startswith(("tenants/t1", "outbox"))]


def advanced(world):
    for _ in range(10):
        world.advance(minutes=10)


@pytest.mark.parametrize(
    ("scope", "kind"),
    [("tenant", kind) for kind in SPOILT]
    + [("resource", kind) for kind in ("weeks", "connections", "connections_bare", "services", "resources")],
)
def test_an_erasure_is_finished_although_a_document_is_unreadable(world, kind, scope):
    """All documents go, and the receipt counts what was deleted and what had to stay."""
    spoil(world, kind)
    confirm = {"tenant": "t1", "resource": "anna"}[scope]
    wish = {"resource": confirm} if scope == "resource" else {}
    job = start_erasure(world.ports, tenant="t1", subject="owner-1", confirm=confirm, **wish)
    advanced(world)
    receipt = world.ports.archive.get("t1", job.id)
    kept = {"audit", "erasures"} | (
        {"services", "stamps", "notices", "told"} if scope == "resource" else set()
    )
    reached = kind not in {"grants", "grants_bare", "connections_bare"}
    lost = {"exports_bare": 1}.get(kind, 0) if reached else 2

    assert receipt.stage is ErasureStage.DONE
    assert {path.split("/")[2] for path in paths(world) if path != "tenants/t1"} <= kept
    assert (len(own(world)), receipt.events_erased, receipt.events_left) == (lost, 2 - lost, lost)
    assert [line for line in world.log.lines if SECRET in line] == []
    assert world.errors == []


@pytest.mark.parametrize("kind", [kind for kind in SPOILT if kind not in {"services", "connections_bare"}])
def test_a_disconnection_is_finished_although_a_document_is_unreadable(world, kind):
    """Disconnecting does all that it can, and its receipt says what it could not."""
    spoil(world, kind)
    start_disconnect(world.ports, tenant="t1", connection=world.connection_id)
    advanced(world)
    receipt = world.connection.receipt
    reached = "grants" not in kind
    lost = {"exports_bare": 1}.get(kind, 0) if reached else 2

    assert world.connection.status is Status.DISCONNECTED
    assert [path for path in paths(world) if "/connections/" in path] == [
        f"tenants/t1/connections/{world.connection_id}"
    ]
    assert (len(own(world)), receipt.events_deleted, receipt.events_left) == (lost, 2 - lost, lost)
    assert every(world.ports.lists.dead_letters, "t1") == ()
    assert not [line for line in world.log.lines if SECRET in line]
    agenda = [world.documents.get([path])[0].data for path in paths(world) if "/agenda/" in path]
    assert [week["imports"] for week in agenda if week.get("imports")] == []
    assert world.errors == []


@pytest.mark.parametrize("kind", ["bookings", "connections", "connections_bare", "exports", "resources"])
def test_a_customer_is_erased_although_a_document_is_unreadable(world, kind):
    """An unreadable booking names nobody any more either; an event that cannot be deleted is counted."""
    settings = replace(OWN, exports=ExportSettings(on=False), version=9)
    world.ports.connections.save(replace(world.connection, settings=settings))
    spoil(world, kind)
    email = "carla@example.com"
    job = start_erasure(world.ports, tenant="t1", subject="owner-1", confirm=email, customer=email)
    # Nobody tells of the deleted events here: that is another promise.
    world.engine.run_until(world.clock.now() + timedelta(hours=1))
    receipt = world.ports.archive.get("t1", job.id)
    lost = {"connections": 2, "connections_bare": 2, "exports": 1}.get(kind, 0)

    assert (receipt.stage, receipt.bookings_anonymised) == (ErasureStage.DONE, 2)
    assert (len(own(world)), receipt.events_erased, receipt.events_left) == (lost, 2 - lost, lost)
    stored = [str(world.documents.get([path])[0].data) for path in paths(world) if "/bookings/" in path]
    assert [text for text in stored if "arla" in text or SECRET in text] == []
    assert world.errors == []
