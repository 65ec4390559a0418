"""The contract of imports beyond one document or one commit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.interval import Interval
from common.domain.sync.imported_events import UnitChange
from common.errors import StoreUnavailable
from tests.contract.store.examples import DAY, HOUR, MONDAY, WEEK, documents_below, event, imports, kept, unit
from tests.imported_events import moved_event


def test_a_large_week_continues_in_further_documents(store, documents, feed):
    """No week is too large, and it shrinks again."""
    texts = {"title": "t" * 300, "description": "d" * 1500}
    many = [event(f"e{at:04}", MONDAY + at * HOUR / 60, **texts) for at in range(900)]
    saved = store.sync_states.commit(feed, "r", [unit(item) for item in many])
    assert documents_below(documents, "weeks") == ["2027-W09", "2027-W09~1", "2027-W09~2"]
    assert len(kept(store)) == 900
    assert store.sync_states.units(saved, ["e0899"]) == {"e0899": (many[-1],)}

    saved = store.sync_states.commit(saved, "r", [UnitChange(item.unit, ()) for item in many[10:]])

    assert documents_below(documents, "weeks") == ["2027-W09"]
    assert len(kept(store)) == 10


def heavy(count):
    texts = {"title": "t" * 300, "description": "d" * 1500}
    return [event(f"e{at:04}", MONDAY + at * DAY / 4, **texts) for at in range(count)]


def test_a_page_beyond_one_commit_is_written_in_several_with_the_state_last(store, documents, feed):
    """Each part demands the lease's version, and the cursor comes with the last."""
    many = heavy(2000)
    before = len(documents.commits)

    saved = store.sync_states.commit(replace(feed, listed=2000), "r", [unit(item) for item in many])

    parts = documents.commits[before:]
    assert len(parts) > 2
    feed_path = "tenants/t/connections/c/calendars/k"
    assert all(feed_path in {write.path for write in part} for part in parts)
    assert [write.path for part in parts for write in part if hasattr(write, "data")][-1] == feed_path
    assert store.sync_states.get("t", "c", "k") == saved
    assert len(kept(store, MONDAY, 80 * WEEK)) == 2000
    assert store.sync_states.purge(saved, "r") == 2000


@pytest.mark.parametrize("crash_after", [1, 2, 3])
def test_a_crash_between_two_parts_is_mended_by_doing_the_page_again(store, documents, feed, crash_after):
    """Fault F7: after any part, the same page again or another state of its units leaves nothing behind."""
    many = heavy(1500)
    documents.lost = 0
    parts = 0

    real = documents.inner.commit

    class Dies:
        """A database that answers no more after some commits."""

        def __init__(self, inner):
            self.inner = inner

        def get(self, paths):
            return self.inner.get(paths)

        def query(self, query):
            return self.inner.query(query)

        def commit(self, writes):
            nonlocal parts
            parts += 1
            if parts > crash_after:
                raise StoreUnavailable("gone")
            return real(writes)

    documents.inner = Dies(documents.inner)
    with pytest.raises(StoreUnavailable):
        store.sync_states.commit(feed, "r", [unit(item) for item in many])
    documents.inner = documents.inner.inner

    moved = [moved_event(item, Interval(MONDAY, MONDAY + HOUR)) for item in many[:5]]
    gone = [UnitChange(item.unit, ()) for item in many[5:]]
    again = store.sync_states.get("t", "c", "k")
    saved = store.sync_states.commit(again, "r", [*map(unit, moved), *gone])

    assert again == feed
    assert kept(store, MONDAY, 80 * WEEK) == [item.key for item in moved]
    assert imports(store, MONDAY, 80 * WEEK)[0] == (moved[0].interval,)
    assert documents_below(documents, "weeks") == ["2027-W09"]
    assert store.sync_states.purge(saved, "r") == 5
