"""A document that nobody can read any more hides no other one from an export."""

from __future__ import annotations

import pytest

from common.flows.privacy.export_data import read_export
from common.store.firestore.documents import Put
from tests.flows.privacy.test_erasure import CARLA, Erasing

SPOILT = {
    "weeks": {"keys": {"text": "x", "lengths": b"\1"}},
    "bookings": {"status": "unheard"},
    "connections": {"status": "unheard"},
    "resources": {"weekly": "unheard"},
}


def spoil(world, kind):
    path = next(path for path in world.documents.paths() if path.split("/")[-2] == kind)
    (found,) = world.documents.get([path])
    world.documents.commit([Put(path, {**found.data, **SPOILT[kind]})])
    return path


def exported(world, **wish):
    documents, after = [], None
    while True:
        page = read_export(world.ports, tenant="t1", subject="owner-1", after=after, **wish)
        documents += page.documents
        after = page.next
        if after is None:
            return documents


@pytest.mark.parametrize("kind", SPOILT)
@pytest.mark.parametrize("wish", [{}, {"resource": "anna"}, {"customer": CARLA.email}], ids=str)
def test_an_export_goes_on(kind, wish):
    """Everything else is told as before, for a tenant, a resource and a customer; the spoilt one is named."""
    life = Erasing(events=3)
    before = {item.path for item in exported(life, **wish)}
    path = spoil(life, kind)
    after = exported(life, **wish)

    assert {item for item in before if "/audit/" not in item} <= {item.path for item in after}
    named = [item.path for item in after if dict(item.data) == {"unreadable": True}]
    told_of = kind == "weeks" if "customer" not in wish else path in before
    assert named == ([path] if told_of else [])
