"""The contract of imported events page by page: each once, whatever weeks it touches and the size."""

from __future__ import annotations

import pytest

from common.domain.calendar.interval import Interval
from common.domain.shared.paging import PageRequest
from common.errors import InvalidRequest
from tests.contract.store.examples import COVERED, DAY, HOUR, MONDAY, WEEK, event, unit

PLACE = "tenants/t/connections/c/calendars/k"
ASKED = Interval(MONDAY + DAY, MONDAY + 12 * WEEK)


@pytest.fixture
def filled(store, feed):
    """Events in most weeks: several of one time, one over three weeks, and some beside what is asked for."""
    events = [event(f"w{week:02}", MONDAY + 2 * DAY + week * WEEK) for week in range(0, 12, 2)]
    events += [event(f"same{number}", MONDAY + 9 * DAY) for number in range(4)]
    events += [
        event("before", MONDAY, 2 * DAY),
        event("long", MONDAY + 5 * DAY, 15 * DAY),
        event("over", MONDAY + 7 * DAY - HOUR, 2 * HOUR),
        event("too early", MONDAY, HOUR),
        event("too late", MONDAY + 12 * WEEK),
    ]
    store.sync_states.commit(feed, "r", [unit(item) for item in events])
    return store


def walked(store, limit, span=ASKED):
    """All pages in turn."""
    pages, after = [], None
    while True:
        page = store.sync_states.page("t", "c", "k", span, PageRequest(limit, after))
        pages.append(page.items)
        if page.next is None:
            return pages
        after = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 13, 200])
def test_pages_join_to_what_overlaps_the_window(filled, limit):
    """Each event once, by time, also one that is stored in several weeks."""
    pages = walked(filled, limit)
    joined = [item for page in pages for item in page]

    assert {item.key for item in joined} == {
        item.key for item in filled.sync_states.imported("t", "c", "k", ASKED)
    }
    assert len(joined) == 13
    assert [item.interval.start for item in joined] == sorted(item.interval.start for item in joined)
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_reads_the_weeks_that_it_needs(filled, documents):
    """The first of a year's events costs no year of documents."""
    documents.reads.clear()
    filled.sync_states.page("t", "c", "k", Interval(MONDAY, MONDAY + 52 * WEEK), PageRequest(2))

    assert len(documents.reads) <= 4


def test_an_event_that_was_under_way_before_the_calendar_is_covered_is_shown(store, feed):
    """Stored from the covered range on, it follows the weeks before in the order, and is lost on no page."""
    store.sync_states.commit(feed, "r", [unit(event("under way", MONDAY - 3 * WEEK, 4 * WEEK))])
    span = Interval(MONDAY - 2 * WEEK, MONDAY + 2 * WEEK)

    assert [[item.key for item in page] for page in walked(store, 1, span)] == [["under way"]]


def test_what_goes_between_two_pages_disturbs_nothing(filled, feed):
    """A place is a place in the order, also when its event is gone."""
    first = filled.sync_states.page("t", "c", "k", ASKED, PageRequest(4))
    gone = [unit(name=item.unit) for item in first.items]
    saved = filled.sync_states.get("t", "c", "k")
    filled.sync_states.commit(saved, "r", gone)
    rest = filled.sync_states.page("t", "c", "k", ASKED, PageRequest(200, first.next)).items

    assert len(rest) == 13 - 4
    assert {item.key for item in rest}.isdisjoint(item.key for item in first.items)


@pytest.mark.parametrize(
    "place",
    [
        *(
            "",
            "x",
            "2027-W09",
            "2027-W09|a|b|c",
            "2020-W01|2027-03-01T00:00:00+00:00|2027-03-01T00:00:00+00:00|k",
        ),
        "2027-W09|2027-03-01T00:00:00|2027-03-01T00:00:00|k",
    ],
)
def test_a_place_that_is_none_is_refused(filled, place):
    """Whoever makes one up reads nothing."""
    with pytest.raises(InvalidRequest) as refused:
        filled.sync_states.page("t", "c", "k", ASKED, PageRequest(1, place))

    assert refused.value.reason == "invalid_page_token"


def test_other_calendars_are_not_shown(filled):
    """Neither of another tenant nor of another connection."""
    for place in (("t2", "c", "k"), ("t", "c2", "k"), ("t", "c", "k2")):
        assert filled.sync_states.page(*place, COVERED, PageRequest(9)).items == ()
