"""The export of a tenant's, a resource's or a customer's data: complete, and without any secret."""

from __future__ import annotations

import pytest

from common.errors import UnknownResource
from common.flows.privacy.export_data import read_export
from tests.flows.setups.erasure_setup import Erasing, said
from tests.whole_lists import every
from tests.world import World


def exported(world, **wish):
    """All pages, and how many."""
    documents, after, pages = [], None, 0
    while True:
        page = read_export(world.ports, tenant="t1", subject="owner-1", after=after, **wish)
        documents += page.documents
        pages += 1
        if page.next is None:
            return documents, pages
        after = page.next


def test_an_export_is_complete_and_holds_no_secret():
    """G4: every document of the tenant once, but no token and no hash of a secret; told in the trail."""
    life = Erasing()
    documents, pages = exported(life)
    wanted = {path for path in life.paths("tenants/t1") if "/grants/" not in path and "/audit/" not in path}
    told = [item.path for item in documents if "/audit/" not in item.path]

    assert pages > 1
    assert (set(told), len(told)) == (wanted, len(wanted))
    assert [item.path for item in documents if "sealed" in item.data or "secret_hash" in item.data] == []
    assert "Carla Canary" in str([dict(item.data) for item in documents])
    (entry,) = every(life.ports.lists.audit, "t1")
    assert (entry.action.value, entry.target, entry.who) == ("exported", "tenant/t1", "owner-1")


def test_an_export_of_a_resource_or_customer_holds_only_theirs():
    """A customer's export is for that customer: nobody else is in it."""
    life = Erasing()
    mine, _ = exported(life, customer="carla@canary.example")
    anna, _ = exported(life, resource="anna")

    assert len(mine) == 2
    assert "Dora" not in str([dict(item.data) for item in mine])
    assert {"resources", "connections", "bookings"} <= {item.parts[0] for item in anna}
    assert "services" not in {item.parts[0] for item in anna}
    assert "anary" not in said(life)


@pytest.mark.parametrize(
    "after", ["tenants/t2/bookings/b", "tenants/t1/x", "tenants/t1/../t2/a", "outbox/x", ""]
)
def test_a_cursor_into_another_tenant_is_refused(after):
    """What a caller sends back as its place cannot name another tenant's."""
    world = World()
    world.catalogue()

    with pytest.raises(UnknownResource):
        read_export(world.ports, tenant="t1", subject="owner-1", after=after)
