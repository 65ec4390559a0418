"""A stored document that cannot be read does not stop the export of the other data."""

from __future__ import annotations

import pytest

from common.flows.privacy.export_data import read_export
from common.store.firestore.documents import Put
from tests.flows.privacy.test_erasure import CARLA, Erasing

UNREADABLE = {
    "weeks": {"keys": {"text": "x", "lengths": b"\1"}},
    "bookings": {"status": "unheard"},
    "connections": {"status": "unheard"},
    "resources": {"weekly": "unheard"},
}


def corrupt(world, kind):
    """Make one document of this kind unreadable; return its path."""
    path = next(path for path in world.documents.paths() if path.split("/")[-2] == kind)
    (found,) = world.documents.get([path])
    world.documents.commit([Put(path, {**found.data, **UNREADABLE[kind]})])
    return path


def exported_documents(world, **wish):
    """All documents of an export, page by page."""
    documents, after = [], None
    while True:
        page = read_export(world.ports, tenant="t1", subject="owner-1", after=after, **wish)
        documents += page.documents
        after = page.next
        if after is None:
            return documents


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("wish", [{}, {"resource": "anna"}, {"customer": CARLA.email}], ids=str)
def test_an_unreadable_document_does_not_stop_the_export(kind, wish):
    """All other data of a tenant, resource or customer is exported; what is unreadable is listed as such."""
    life = Erasing(events=3)
    before = {item.path for item in exported_documents(life, **wish)}
    path = corrupt(life, kind)
    after = exported_documents(life, **wish)

    assert {item for item in before if "/audit/" not in item} <= {item.path for item in after}
    named = [item.path for item in after if dict(item.data) == {"unreadable": True}]
    told_of = kind == "weeks" if "customer" not in wish else path in before
    assert named == ([path] if told_of else [])
