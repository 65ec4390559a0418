"""The contract of what is read of bookings, and of their export links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import LinkState
from common.errors import Conflict, UnknownResource
from tests.contract.store.examples import HOUR, NINE, create, link


def test_active_bookings_are_listed_in_order_and_in_pages(store):
    """Order is (start, id); what ended before is left out, what is under way is in."""
    for name, hours in (("d", 1), ("b", 1), ("c", 2), ("a", 5), ("long", -3), ("past", -9)):
        resource = "r" if name != "d" else "r2"
        length = 4 * HOUR if name == "long" else HOUR
        create(store, name, NINE + hours * HOUR, length, resource=resource, tenant="t")
    cancelled = create(store, "x", NINE + 3 * HOUR)
    store.bookings.commit(BookingChange(cancelled, replace(cancelled, status=BookingStatus.CANCELLED)))

    def page(after, limit=2):
        found = store.bookings.starting_from("t", "r", NINE, after=after, limit=limit)
        return [item.id for item in found]

    assert page(None, 10) == ["long", "b", "c", "a"]
    assert [page(None), page("b"), page("a")] == [["long", "b"], ["c", "a"], []]


def test_overlapping_is_half_open(store):
    """A booking that ends where the window starts is not in it."""
    create(store)

    def found(start, end):
        return [item.id for item in store.bookings.overlapping("t", "r", Interval(start, end))]

    assert found(NINE - HOUR, NINE) == []
    assert found(NINE + HOUR, NINE + 2 * HOUR) == []
    assert found(NINE + HOUR / 2, NINE + HOUR * 0.75) == ["b1"]


def test_a_link_is_compare_and_set(store):
    """A new link must be new, a known one must be unchanged."""
    stored = store.bookings.save_link(link(written={"title": "h"}, updated=NINE))

    with pytest.raises(Conflict):
        store.bookings.save_link(link())
    newer = store.bookings.save_link(replace(stored, state=LinkState.LIVE, etag="x"))
    with pytest.raises(Conflict):
        store.bookings.save_link(replace(stored, attempts=3))

    assert store.bookings.link("t", "c", "b1") == newer
    store.bookings.delete_link(newer)
    store.bookings.delete_link(newer)
    assert store.bookings.link("t", "c", "b1") is None


def test_links_are_found_by_event_and_listed_by_booking(store):
    """More than 30 ids are asked in several questions; foreign ids are left out."""
    for at in range(40):
        store.bookings.save_link(link(booking=f"b{at:02}", event_id=f"e{at:02}"))

    found = store.bookings.links_by_event("t", "c", [f"e{at:02}" for at in range(50)])
    pages = [store.bookings.links("t", "c", after=after, limit=25) for after in (None, "b24")]

    assert {event: item.booking for event, item in found.items()} == {
        f"e{at:02}": f"b{at:02}" for at in range(40)
    }
    assert [item.booking for page in pages for item in page] == [f"b{at:02}" for at in range(40)]
    assert store.bookings.links_by_event("t", "c", []) == {}
    assert store.bookings.links_by_event("t2", "c", ["e01"]) == {}


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../t2", "__x__", "b\n", "x" * 600])
def test_an_id_never_leaves_its_place(store, name):
    """An id that is a path, or no name at all, is an unknown resource."""
    with pytest.raises(UnknownResource):
        store.bookings.get("t", name)
    with pytest.raises(UnknownResource):
        store.bookings.get(name, "b1")
    with pytest.raises(UnknownResource):
        store.bookings.link("t", name, "b1")
