"""The contract of the store of feeds: state, imported events by week, agenda, index, all in one commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.feed import Channel, Cursor, Feed, Held
from common.domain.imports import ImportedEvent, UnitChange
from common.domain.interval import Interval
from common.domain.work import Quarantined
from common.errors import Conflict, StoreUnavailable, UnknownResource
from common.store.documents import Query

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
COVERED = Interval(MONDAY, MONDAY + 104 * WEEK)
CHANNEL = Channel("ch", "res", MONDAY + DAY, MONDAY, MONDAY)
WHOLE = Feed(
    "t",
    "c",
    "k",
    Cursor(True, COVERED, "token", "page"),
    3,
    4,
    "holder",
    MONDAY,
    COVERED,
    "times",
    CHANNEL,
    (CHANNEL, replace(CHANNEL, id="old")),
    True,
    5,
    6,
    7,
    True,
    Held(9, 10, MONDAY, True),
    (MONDAY, MONDAY + DAY),
    MONDAY,
    MONDAY,
    MONDAY,
    MONDAY + DAY,
    "error",
)


def event(key="e", start=MONDAY, length=HOUR, **values):
    fields = {"unit": key, "blocks": True, "free": False, "private": False, "all_day": False, "generation": 1}
    return ImportedEvent(key=key, interval=Interval(start, start + length), **{**fields, **values})


def unit(*events, name=None):
    return UnitChange(name or events[0].unit, events)


@pytest.fixture
def feed(store):
    """A stored feed with a covered range."""
    return store.feeds.save(Feed("t", "c", "k", covered=COVERED, generation=1))


def imports(store, start=MONDAY, length=WEEK):
    found = store.catalogue.agenda("t", "r", Interval(start, start + length)).imports.get("c/k")
    return (found.busy, found.free) if found else ((), ())


def kept(store, start=MONDAY, length=WEEK):
    return [item.key for item in store.feeds.imported("t", "c", "k", Interval(start, start + length))]


def documents_below(documents, name):
    return [item.id for item in documents.inner.query(Query(f"tenants/t/connections/c/calendars/k/{name}"))]


def test_a_feed_comes_back_as_it_was_saved(store):
    """Nothing of a feed is lost; before the first save there is a fresh one."""
    assert store.feeds.get("t", "c", "k") == Feed("t", "c", "k")

    saved = store.feeds.save(WHOLE)

    assert saved == store.feeds.get("t", "c", "k")
    assert replace(saved, version=None) == WHOLE
    assert store.feeds.of_connection("t", "c") == (saved,)
    assert store.feeds.of_connection("t", "c2") == ()


def test_a_feed_is_compare_and_set(store):
    """The first save creates, every later one replaces what was read; losers are told."""
    fresh = store.feeds.get("t", "c", "k")
    first = store.feeds.save(fresh)
    with pytest.raises(Conflict):
        store.feeds.save(fresh)

    second = store.feeds.save(replace(first, lease_holder="a"))

    with pytest.raises(Conflict):
        store.feeds.save(replace(first, lease_holder="b"))
    assert store.feeds.get("t", "c", "k") == second


@pytest.mark.pitfall(8)
def test_events_agenda_and_state_appear_in_one_commit(store, documents, feed):
    """Pitfall 8: the cursor moves with its data, or not at all."""
    cursor = Cursor(False, COVERED, "token")
    before = len(documents.commits)

    saved = store.feeds.commit(replace(feed, cursor=cursor), "r", [unit(event())])

    assert len(documents.commits) == before + 1
    assert store.feeds.get("t", "c", "k") == saved
    assert saved.cursor == cursor
    assert store.feeds.units(saved, ["e", "none"]) == {"e": (event(),), "none": ()}
    assert imports(store) == ((event().interval,), ())


def test_a_lost_lease_writes_nothing(store, feed):
    """A worker that comes back late finds another version and leaves no trace."""
    store.feeds.save(replace(feed, lease_holder="other"))

    with pytest.raises(Conflict):
        store.feeds.commit(feed, "r", [unit(event())])

    assert kept(store) == []
    assert imports(store) == ((), ())


def test_the_first_commit_of_a_feed_creates_it(store):
    """A feed that was never stored can be committed at once."""
    saved = store.feeds.commit(Feed("t", "c", "k"), "r", [unit(event())])

    assert store.feeds.get("t", "c", "k") == saved
    assert kept(store) == ["e"]
    with pytest.raises(Conflict):
        store.feeds.commit(Feed("t", "c", "k"), "r", [unit(event("f"))])


def test_repeating_a_commit_whose_answer_was_lost_is_told_apart_by_the_state(store, documents, feed):
    """Fault F16: the repeat conflicts, and reading the state again shows that it went through."""
    after = replace(feed, cursor=Cursor(False, COVERED, "token"))
    documents.lost = 1

    with pytest.raises(StoreUnavailable):
        store.feeds.commit(after, "r", [unit(event())])
    with pytest.raises(Conflict):
        store.feeds.commit(after, "r", [unit(event())])

    assert store.feeds.get("t", "c", "k").cursor == after.cursor
    assert kept(store) == ["e"]


def test_every_field_of_an_event_comes_back(store, feed):
    """Texts are kept as the mode left them, long ones cut."""
    whole = event(
        blocks=False,
        free=True,
        private=True,
        all_day=True,
        generation=9,
        title="t" * 400,
        description="d" * 2000,
    )

    saved = store.feeds.commit(feed, "r", [unit(whole)])

    expected = replace(whole, title="t" * 300, description="d" * 1500)
    assert store.feeds.units(saved, ["e"]) == {"e": (expected,)}


def test_a_changed_unit_is_replaced_whole(store, feed):
    """An occurrence that is no longer in the unit leaves its week; other units stay."""
    series = [event(f"s#{at}", MONDAY + at * WEEK, unit="s") for at in range(4)]
    saved = store.feeds.commit(feed, "r", [unit(*series), unit(event("x"))])

    moved = replace(series[1], interval=Interval(MONDAY + 9 * WEEK, MONDAY + 9 * WEEK + HOUR))
    saved = store.feeds.commit(saved, "r", [UnitChange("s", (series[0], moved))])

    assert store.feeds.units(saved, ["s", "x"]) == {"s": (series[0], moved), "x": (event("x"),)}
    assert [kept(store, MONDAY + at * WEEK) for at in (0, 1, 2, 9)] == [["s#0", "x"], [], [], ["s#1"]]
    assert [bool(imports(store, MONDAY + at * WEEK)[0]) for at in (0, 1, 9)] == [True, False, True]
    assert len(documents_below_weeks := store.feeds.stale(replace(saved, generation=5))) == 3
    assert {item.key for item in documents_below_weeks} == {"s#0", "s#1", "x"}


@pytest.mark.pitfall(11)
def test_a_unit_without_events_is_gone(store, documents, feed):
    """Pitfall 11: a cancelled event tells its id only, and the index knows its weeks."""
    saved = store.feeds.commit(feed, "r", [unit(event()), unit(event("f", MONDAY + 20 * WEEK))])

    saved = store.feeds.commit(saved, "r", [UnitChange("e", ()), UnitChange("unheard", ())])

    assert store.feeds.units(saved, ["e"]) == {"e": ()}
    assert (kept(store), imports(store)) == ([], ((), ()))
    assert documents_below(documents, "weeks") == ["2027-W29"]


def test_a_commit_that_changes_nothing_writes_nothing_but_the_state(store, documents, feed):
    """A second pass over the same page costs one write."""
    changes = [unit(event(), event("e2", MONDAY + WEEK, unit="e"))]
    saved = store.feeds.commit(feed, "r", changes)

    store.feeds.commit(saved, "r", changes)

    assert len(documents.commits[-1]) == 1


def test_an_event_over_several_weeks_is_in_each_but_counts_once(store, feed):
    """The agenda holds each week's part, and a reader gets one event with its whole time."""
    long = event(start=MONDAY + 6 * DAY, length=9 * DAY)

    saved = store.feeds.commit(feed, "r", [unit(long)])

    assert kept(store, MONDAY, 5 * WEEK) == ["e"]
    assert store.feeds.imported("t", "c", "k", Interval(MONDAY + 8 * DAY, MONDAY + 9 * DAY)) == (long,)
    assert imports(store, MONDAY, 5 * WEEK)[0] == (long.interval,)
    assert imports(store, MONDAY, DAY)[0] == (Interval(MONDAY + 6 * DAY, MONDAY + WEEK),)
    assert store.feeds.purge(saved, "r") == 1


def test_an_event_of_forty_years_fills_no_more_than_the_covered_range(store, documents, feed):
    """Weeks are bounded, whatever an event claims; what ended before is not kept at all."""
    forever = event("forever", MONDAY - 2000 * WEEK, 4000 * WEEK)
    past = event("past", MONDAY - 3 * WEEK)
    far = event("far", COVERED.end + 300 * WEEK, 200 * WEEK)

    store.feeds.commit(feed, "r", [unit(forever), unit(past), unit(far)])

    names = documents_below(documents, "weeks")
    assert kept(store, COVERED.start, 104 * WEEK) == ["forever"]
    assert kept(store, far.interval.start) == ["far"]
    assert kept(store, MONDAY - 4 * WEEK, 4 * WEEK) == []
    assert len(names) <= 104 + 59


def test_the_agenda_tells_busy_from_free(store, feed):
    """Touching busy times are joined, free ones kept apart, events that do neither are left out."""
    saved = store.feeds.commit(
        feed,
        "r",
        [
            unit(event("a")),
            unit(event("b", MONDAY + HOUR)),
            unit(event("c", MONDAY + 5 * HOUR, blocks=False, free=True)),
            unit(event("d", MONDAY + 6 * HOUR, blocks=False, free=True)),
            unit(event("e", MONDAY + 9 * HOUR, blocks=False)),
        ],
    )

    busy, free = imports(store)

    assert busy == (Interval(MONDAY, MONDAY + 2 * HOUR),)
    assert [item.start for item in free] == [MONDAY + 5 * HOUR, MONDAY + 6 * HOUR]
    store.feeds.commit(saved, "r", [UnitChange(name, ()) for name in "abcde"])
    assert imports(store) == ((), ())


def test_fractions_of_a_second_are_rounded_to_the_safe_side(store, feed):
    """Busy times grow, free times shrink."""
    part = timedelta(milliseconds=500)
    store.feeds.commit(
        feed,
        "r",
        [
            unit(event("a", MONDAY + part)),
            unit(event("b", MONDAY + 3 * HOUR + part, blocks=False, free=True)),
        ],
    )

    second = timedelta(seconds=1)
    assert imports(store) == (
        (Interval(MONDAY, MONDAY + HOUR + second),),
        (Interval(MONDAY + 3 * HOUR + second, MONDAY + 4 * HOUR),),
    )


def test_calendars_do_not_mix(store, feed):
    """Each calendar of each connection has its own weeks and its own part of the agenda."""
    saved = store.feeds.commit(feed, "r", [unit(event())])
    store.feeds.commit(Feed("t", "c", "k2"), "r", [unit(event())])
    store.feeds.commit(Feed("t", "c2", "k"), "r", [unit(event())])

    assert store.feeds.purge(saved, "r") == 1

    found = store.catalogue.agenda("t", "r", Interval(MONDAY, MONDAY + DAY)).imports
    assert set(found) == {"c/k2", "c2/k"}


def test_a_large_week_continues_in_further_documents(store, documents, feed):
    """No week is too large, and it shrinks again."""
    texts = {"title": "t" * 300, "description": "d" * 1500}
    many = [event(f"e{at:04}", MONDAY + at * HOUR / 60, **texts) for at in range(900)]
    saved = store.feeds.commit(feed, "r", [unit(item) for item in many])
    assert documents_below(documents, "weeks") == ["2027-W09", "2027-W09~1", "2027-W09~2"]
    assert len(kept(store)) == 900
    assert store.feeds.units(saved, ["e0899"]) == {"e0899": (many[-1],)}

    saved = store.feeds.commit(saved, "r", [UnitChange(item.unit, ()) for item in many[10:]])

    assert documents_below(documents, "weeks") == ["2027-W09"]
    assert len(kept(store)) == 10


def heavy(count):
    texts = {"title": "t" * 300, "description": "d" * 1500}
    return [event(f"e{at:04}", MONDAY + at * DAY / 4, **texts) for at in range(count)]


def test_a_page_beyond_one_commit_is_written_in_several_with_the_state_last(store, documents, feed):
    """Each part demands the lease's version, and the cursor comes with the last."""
    many = heavy(2000)
    before = len(documents.commits)

    saved = store.feeds.commit(replace(feed, listed=2000), "r", [unit(item) for item in many])

    parts = documents.commits[before:]
    assert len(parts) > 2
    feed_path = "tenants/t/connections/c/calendars/k"
    assert all(feed_path in {write.path for write in part} for part in parts)
    assert [write.path for part in parts for write in part if hasattr(write, "data")][-1] == feed_path
    assert store.feeds.get("t", "c", "k") == saved
    assert len(kept(store, MONDAY, 80 * WEEK)) == 2000
    assert store.feeds.purge(saved, "r") == 2000


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
        store.feeds.commit(feed, "r", [unit(item) for item in many])
    documents.inner = documents.inner.inner

    moved = [replace(item, interval=Interval(MONDAY, MONDAY + HOUR)) for item in many[:5]]
    gone = [UnitChange(item.unit, ()) for item in many[5:]]
    again = store.feeds.get("t", "c", "k")
    saved = store.feeds.commit(again, "r", [*map(unit, moved), *gone])

    assert again == feed
    assert kept(store, MONDAY, 80 * WEEK) == [item.key for item in moved]
    assert imports(store, MONDAY, 80 * WEEK)[0] == (moved[0].interval,)
    assert documents_below(documents, "weeks") == ["2027-W09"]
    assert store.feeds.purge(saved, "r") == 5


def test_a_purge_leaves_nothing(store, documents, feed):
    """Weeks, index and agenda go; the state stays until it is deleted."""
    series = [event(f"s#{at}", MONDAY + at * WEEK, unit="s") for at in range(30)]
    saved = store.feeds.commit(feed, "r", [unit(*series), unit(event("x", title="canary"))])

    assert store.feeds.purge(saved, "r") == 31

    assert documents_below(documents, "weeks") == documents_below(documents, "index") == []
    assert imports(store, MONDAY, 60 * WEEK) == ((), ())
    assert store.feeds.get("t", "c", "k") == saved
    assert store.feeds.purge(saved, "r") == 0
    store.feeds.delete(saved)
    store.feeds.delete(saved)
    assert store.feeds.get("t", "c", "k") == Feed("t", "c", "k")


def test_a_purge_notices_a_running_import(store, feed):
    """A purge with a stale state conflicts instead of leaving what was imported meanwhile."""
    saved = store.feeds.commit(feed, "r", [unit(event())])
    store.feeds.save(replace(saved, lease_holder="importer"))

    with pytest.raises(Conflict):
        store.feeds.purge(saved, "r")

    assert kept(store) == ["e"]


@pytest.mark.pitfall(10)
def test_what_a_listing_did_not_stamp_is_stale(store, feed):
    """Pitfall 10: mark and sweep finds exactly the events of older generations, each once."""
    long = event("long", MONDAY, 3 * WEEK)
    saved = store.feeds.commit(feed, "r", [unit(long), unit(event("a")), unit(event("b"))])

    saved = store.feeds.commit(replace(saved, generation=2), "r", [unit(event("a", generation=2))])

    assert [item.key for item in store.feeds.stale(saved)] == ["b", "long"]
    assert store.feeds.stale(replace(saved, generation=1)) == ()


def test_wake_ups_are_counted_without_touching_the_state(store, feed):
    """A storm of notifications never fights a worker's compare-and-set."""
    assert store.feeds.requested("t", "c", "k") == 0

    assert [store.feeds.wake("t", "c", "k", now=MONDAY) for _ in range(3)] == [1, 2, 3]

    assert store.feeds.requested("t", "c", "k") == 3
    assert store.feeds.save(replace(feed, done_request=3)).done_request == 3
    assert store.feeds.requested("t", "c", "other") == 0


def test_the_quarantine_keeps_the_newest(store, feed):
    """The same event again replaces its entry; beyond a few hundred the oldest are dropped."""
    items = [Quarantined(f"q/{at}", "no start", MONDAY + at * HOUR) for at in range(310)]
    store.feeds.quarantine(feed, items[:5])

    store.feeds.quarantine(feed, [*items, replace(items[309], reason="no end")])

    found = store.feeds.quarantined("t", "c", "k")
    assert len(found) == 300
    assert {item.id for item in found} == {f"q/{at}" for at in range(10, 310)}
    assert found[-1].reason == "no end"
    assert store.feeds.quarantined("t", "c", "other") == ()


def test_due_feeds_of_all_tenants_come_oldest_first(store):
    """A feed without a time is never due."""
    for tenant, hours in (("t1", 2), ("t2", 1), ("t3", 5)):
        at = MONDAY + hours * HOUR
        store.feeds.save(Feed(tenant, "c", "k", poll_at=at, renew_at=at + HOUR))
    store.feeds.save(Feed("t4", "c", "k"))

    def due(ask, hours, limit=9):
        return [item.tenant for item in ask(MONDAY + hours * HOUR, limit)]

    assert due(store.feeds.due_for_poll, 2) == ["t2", "t1"]
    assert due(store.feeds.due_for_poll, 9, 2) == ["t2", "t1"]
    assert due(store.feeds.due_for_renewal, 2) == ["t2"]
    (found,) = store.feeds.due_for_poll(MONDAY + HOUR, 9)
    assert store.feeds.save(replace(found, poll_at=None)).version != found.version


def test_a_feed_never_leaves_its_place(store):
    """Ids that are paths are unknown."""
    for place in (("t/x", "c", "k"), ("t", "..", "k"), ("t", "c", "k/weeks/2027-W09")):
        with pytest.raises(UnknownResource):
            store.feeds.get(*place)
