"""The contract of imported events: by week, by unit, by generation, in one commit with the state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarSync, Cursor
from common.domain.sync.imported_events import UnitChange
from common.errors import Conflict, StoreUnavailable
from tests.contract.store.examples import (
    COVERED,
    DAY,
    HOUR,
    MONDAY,
    WEEK,
    documents_below,
    event,
    imports,
    kept,
    unit,
)
from tests.imported_events import moved_event


@pytest.mark.pitfall(8)
def test_events_agenda_and_state_appear_in_one_commit(store, documents, feed):
    """Pitfall 8: the cursor moves with its data, or not at all."""
    cursor = Cursor(False, COVERED, "token")
    before = len(documents.commits)

    saved = store.sync_states.commit(replace(feed, cursor=cursor), "r", [unit(event())])

    assert len(documents.commits) == before + 1
    assert store.sync_states.get("t", "c", "k") == saved
    assert saved.cursor == cursor
    assert store.sync_states.units(saved, ["e", "none"]) == {"e": (event(),), "none": ()}
    assert imports(store) == ((event().interval,), ())


def test_a_lost_lease_writes_nothing(store, feed):
    """A worker that comes back late finds another version and leaves no trace."""
    store.sync_states.save(replace(feed, lease_holder="other"))

    with pytest.raises(Conflict):
        store.sync_states.commit(feed, "r", [unit(event())])

    assert kept(store) == []
    assert imports(store) == ((), ())


def test_the_first_commit_of_a_feed_creates_it(store):
    """A feed that was never stored can be committed at once."""
    saved = store.sync_states.commit(CalendarSync("t", "c", "k"), "r", [unit(event())])

    assert store.sync_states.get("t", "c", "k") == saved
    assert kept(store) == ["e"]
    with pytest.raises(Conflict):
        store.sync_states.commit(CalendarSync("t", "c", "k"), "r", [unit(event("f"))])


def test_repeating_a_commit_whose_answer_was_lost_is_told_apart_by_the_state(store, documents, feed):
    """Fault F16: the repeat conflicts, and reading the state again shows that it went through."""
    after = replace(feed, cursor=Cursor(False, COVERED, "token"))
    documents.lost = 1

    with pytest.raises(StoreUnavailable):
        store.sync_states.commit(after, "r", [unit(event())])
    with pytest.raises(Conflict):
        store.sync_states.commit(after, "r", [unit(event())])

    assert store.sync_states.get("t", "c", "k").cursor == after.cursor
    assert kept(store) == ["e"]


def test_every_field_of_an_event_comes_back(store, feed):
    """Texts are kept as the mode left them."""
    whole = event(
        blocks=False,
        free=True,
        private=True,
        all_day=True,
        generation=9,
        title="t",
        description="d" * 1500,
    )

    saved = store.sync_states.commit(feed, "r", [unit(whole)])

    assert store.sync_states.units(saved, ["e"]) == {"e": (whole,)}


def test_a_changed_unit_is_replaced_whole(store, feed):
    """An occurrence that is no longer in the unit leaves its week; other units stay."""
    series = [event(f"s#{at}", MONDAY + at * WEEK, unit="s") for at in range(4)]
    saved = store.sync_states.commit(feed, "r", [unit(*series), unit(event("x"))])

    moved = moved_event(series[1], Interval(MONDAY + 9 * WEEK, MONDAY + 9 * WEEK + HOUR))
    saved = store.sync_states.commit(saved, "r", [UnitChange("s", (series[0], moved))])

    assert store.sync_states.units(saved, ["s", "x"]) == {"s": (series[0], moved), "x": (event("x"),)}
    assert [kept(store, MONDAY + at * WEEK) for at in (0, 1, 2, 9)] == [["s#0", "x"], [], [], ["s#1"]]
    assert [bool(imports(store, MONDAY + at * WEEK)[0]) for at in (0, 1, 9)] == [True, False, True]
    stale = store.sync_states.stale(replace(saved, generation=5))
    assert [item.key for item in stale] == ["s#0", "x", "s#1"]


@pytest.mark.pitfall(11)
def test_a_unit_without_events_is_gone(store, documents, feed):
    """Pitfall 11: a cancelled event tells its id only, and the index knows its weeks."""
    saved = store.sync_states.commit(feed, "r", [unit(event()), unit(event("f", MONDAY + 20 * WEEK))])

    saved = store.sync_states.commit(saved, "r", [UnitChange("e", ()), UnitChange("unheard", ())])

    assert store.sync_states.units(saved, ["e"]) == {"e": ()}
    assert (kept(store), imports(store)) == ([], ((), ()))
    assert documents_below(documents, "weeks") == ["2027-W29"]


def test_a_commit_that_changes_nothing_writes_nothing_but_the_state(store, documents, feed):
    """A second pass over the same page costs one write."""
    changes = [unit(event(), event("e2", MONDAY + WEEK, unit="e"))]
    saved = store.sync_states.commit(feed, "r", changes)

    store.sync_states.commit(saved, "r", changes)

    assert len(documents.commits[-1]) == 1


def test_an_event_over_several_weeks_is_in_each_but_counts_once(store, feed):
    """The agenda holds each week's part, and a reader gets one event with its whole time."""
    long = event(start=MONDAY + 6 * DAY, length=9 * DAY)

    saved = store.sync_states.commit(feed, "r", [unit(long)])

    assert kept(store, MONDAY, 5 * WEEK) == ["e"]
    assert store.sync_states.imported("t", "c", "k", Interval(MONDAY + 8 * DAY, MONDAY + 9 * DAY)) == (long,)
    assert imports(store, MONDAY, 5 * WEEK)[0] == (long.interval,)
    assert imports(store, MONDAY, DAY)[0] == (Interval(MONDAY + 6 * DAY, MONDAY + WEEK),)
    assert store.sync_states.purge(saved, "r") == 1


def test_an_event_of_forty_years_fills_no_more_than_the_covered_range(store, documents, feed):
    """Weeks are bounded, whatever an event claims; what ended before is not kept at all."""
    forever = event("forever", MONDAY - 2000 * WEEK, 4000 * WEEK)
    past = event("past", MONDAY - 3 * WEEK)
    far = event("far", COVERED.end + 300 * WEEK, 200 * WEEK)

    store.sync_states.commit(feed, "r", [unit(forever), unit(past), unit(far)])

    names = documents_below(documents, "weeks")
    assert kept(store, COVERED.start, 104 * WEEK) == ["forever"]
    assert kept(store, far.interval.start) == ["far"]
    assert kept(store, MONDAY - 4 * WEEK, 4 * WEEK) == []
    assert len(names) <= 104 + 59


def test_a_purge_leaves_nothing(store, documents, feed):
    """Weeks, index and agenda go; the state stays until it is deleted."""
    series = [event(f"s#{at}", MONDAY + at * WEEK, unit="s") for at in range(30)]
    saved = store.sync_states.commit(feed, "r", [unit(*series), unit(event("x", title="canary"))])

    assert store.sync_states.purge(saved, "r") == 31

    assert documents_below(documents, "weeks") == documents_below(documents, "index") == []
    assert imports(store, MONDAY, 60 * WEEK) == ((), ())
    assert store.sync_states.get("t", "c", "k") == saved
    assert store.sync_states.purge(saved, "r") == 0
    store.sync_states.delete(saved)
    store.sync_states.delete(saved)
    assert store.sync_states.get("t", "c", "k") == CalendarSync("t", "c", "k")


def test_a_purge_notices_a_running_import(store, feed):
    """A purge with a stale state conflicts instead of leaving what was imported meanwhile."""
    saved = store.sync_states.commit(feed, "r", [unit(event())])
    store.sync_states.save(replace(saved, lease_holder="importer"))

    with pytest.raises(Conflict):
        store.sync_states.purge(saved, "r")

    assert kept(store) == ["e"]


@pytest.mark.pitfall(10)
def test_what_a_listing_did_not_stamp_is_stale(store, feed):
    """Pitfall 10: mark and sweep finds exactly the events of older generations, each once."""
    long = event("long", MONDAY, 3 * WEEK)
    saved = store.sync_states.commit(feed, "r", [unit(long), unit(event("a")), unit(event("b"))])

    saved = store.sync_states.commit(replace(saved, generation=2), "r", [unit(event("a", generation=2))])

    assert [item.key for item in store.sync_states.stale(saved)] == ["b", "long"]
    assert store.sync_states.stale(replace(saved, generation=1)) == ()
