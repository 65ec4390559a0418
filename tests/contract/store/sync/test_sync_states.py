"""The contract of the store of feeds: a calendar's state, wake-ups, quarantine, and what is due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.sync_state import (
    CalendarSync,
    Channel,
    Cursor,
    CursorReading,
    Held,
    PendingKind,
    PendingUnit,
    Quarantined,
)
from common.errors import Conflict, UnknownResource
from tests.contract.store.examples import COVERED, DAY, HOUR, MONDAY

CHANNEL = Channel("ch", "res", MONDAY + DAY, MONDAY, MONDAY)
WHOLE = CalendarSync(
    "t",
    "c",
    "k",
    Cursor(True, COVERED, "token", "page", 2),
    3,
    4,
    "holder",
    MONDAY,
    COVERED,
    "times",
    CHANNEL,
    (CHANNEL, replace(CHANNEL, id="old")),
    "push_refused",
    4,
    5,
    6,
    7,
    True,
    (
        PendingUnit("series", PendingKind.SERIES, ("one", "two"), "next", 3, MONDAY),
        PendingUnit("event", PendingKind.EVENT),
    ),
    Held(9, 10, MONDAY, True),
    (MONDAY, MONDAY + DAY),
    MONDAY,
    MONDAY,
    MONDAY + HOUR,
    MONDAY + DAY,
    MONDAY,
    MONDAY + DAY,
    "error",
    reading=CursorReading(7, 2, 1, ("a", "b"), 3, MONDAY, 1),
    halvings=2,
    halved_at=MONDAY,
    given_up="endless_pages",
)


def test_a_feed_comes_back_as_it_was_saved(store):
    """Nothing of a feed is lost; before the first save there is a fresh one."""
    assert store.sync_states.get("t", "c", "k") == CalendarSync("t", "c", "k")

    saved = store.sync_states.save(WHOLE)

    assert saved == store.sync_states.get("t", "c", "k")
    assert replace(saved, version=None) == WHOLE
    assert store.sync_states.of_connection("t", "c") == (saved,)
    assert store.sync_states.of_connection("t", "c2") == ()


def test_a_feed_is_compare_and_set(store):
    """The first save creates, every later one replaces what was read; losers are told."""
    fresh = store.sync_states.get("t", "c", "k")
    first = store.sync_states.save(fresh)
    with pytest.raises(Conflict):
        store.sync_states.save(fresh)

    second = store.sync_states.save(replace(first, lease_holder="a"))

    with pytest.raises(Conflict):
        store.sync_states.save(replace(first, lease_holder="b"))
    assert store.sync_states.get("t", "c", "k") == second


def test_wake_ups_are_counted_without_touching_the_state(store, feed):
    """A storm of notifications never fights a worker's compare-and-set."""
    assert store.sync_states.requested("t", "c", "k") == 0

    assert [store.sync_states.count_request("t", "c", "k", now=MONDAY) for _ in range(3)] == [1, 2, 3]

    assert store.sync_states.requested("t", "c", "k") == 3
    assert store.sync_states.save(replace(feed, done_request=3)).done_request == 3
    assert store.sync_states.requested("t", "c", "other") == 0


def test_the_quarantine_is_stored_with_what_was_read(store, feed):
    """Its items come with the state that counts them; an empty one leaves nothing, a lost race neither."""
    items = (Quarantined("", "no_id", MONDAY, generation=2), Quarantined("q", "no_end", MONDAY))

    listed = store.sync_states.commit(replace(feed, quarantined=2), "anna", (), quarantine=items)
    with pytest.raises(Conflict):
        store.sync_states.commit(feed, "anna", (), quarantine=())
    kept = store.sync_states.commit(listed, "anna", ())
    found = store.sync_states.quarantine(kept)
    store.sync_states.commit(kept, "anna", (), quarantine=())

    assert found == items
    assert store.sync_states.quarantines([kept, replace(kept, key="other")]) == [(), ()]


def test_an_item_is_told_once(store, feed):
    """Who was notified of an item is noted beside it, also while others are added."""
    items = (Quarantined("p", "no_end", MONDAY), Quarantined("q", "no_end", MONDAY))
    store.sync_states.mark_told(feed, {"p"})
    stored = store.sync_states.commit(feed, "anna", (), quarantine=items)

    store.sync_states.mark_told(stored, {"q", "gone"})

    assert store.sync_states.quarantine(stored) == (items[0], replace(items[1], told=True))


def test_a_purge_forgets_the_quarantine(store, feed):
    """Of a calendar that is not imported any more nothing is listed."""
    stored = store.sync_states.commit(feed, "anna", (), quarantine=[Quarantined("p", "no_end", MONDAY)])

    store.sync_states.purge(stored, "anna")

    assert store.sync_states.quarantine(stored) == ()


def test_due_feeds_of_all_tenants_come_oldest_first(store):
    """A feed without a time is never due."""
    for tenant, hours in (("t1", 2), ("t2", 1), ("t3", 5)):
        at = MONDAY + hours * HOUR
        store.sync_states.save(CalendarSync(tenant, "c", "k", poll_at=at, renew_at=at + HOUR))
    store.sync_states.save(CalendarSync("t4", "c", "k"))

    def due(ask, hours, limit=9):
        return [item.tenant for item in ask(MONDAY + hours * HOUR, limit)]

    assert due(store.sync_states.due_for_poll, 2) == ["t2", "t1"]
    assert due(store.sync_states.due_for_poll, 9, 2) == ["t2", "t1"]
    assert due(store.sync_states.due_for_renewal, 2) == ["t2"]
    assert ["t1"] == [
        item.tenant for item in store.sync_states.due_for_poll(MONDAY + 2 * HOUR, 9, after=MONDAY + HOUR)
    ]
    (found,) = store.sync_states.due_for_poll(MONDAY + HOUR, 9)
    assert store.sync_states.save(replace(found, poll_at=None)).version != found.version


def test_a_feed_never_leaves_its_place(store):
    """Ids that are paths are unknown."""
    for place in (("t/x", "c", "k"), ("t", "..", "k"), ("t", "c", "k/weeks/2027-W09")):
        with pytest.raises(UnknownResource):
            store.sync_states.get(*place)
