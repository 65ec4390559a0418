"""Which items of a calendar are listed because they could not be read as they should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.domain.calendar.sync_state import (
    MOST_LISTED,
    Quarantined,
    quarantine_after_listing,
    quarantine_after_page,
)

NOW = datetime(2027, 3, 22, tzinfo=UTC)
OLD = Quarantined("a", "no_end", NOW, generation=1, told=True)


def test_what_was_read_well_is_forgotten_and_what_is_new_is_added():
    """What a page does not tell of stays as it is."""
    other, fresh = replace(OLD, id="b"), Quarantined("c", "no_times", NOW, generation=2)

    assert quarantine_after_page([OLD, other], read={"a", "c", "d"}, found=[fresh]) == (other, fresh)


def test_what_is_flawed_still_keeps_its_time_and_that_it_was_told():
    """The reason may be another one by now."""
    again = Quarantined("a", "no_start", NOW + timedelta(days=1), generation=2)

    (found,) = quarantine_after_page([OLD], read={"a"}, found=[again, again])

    assert found == replace(OLD, reason="no_start", generation=2)


def test_a_list_has_an_end():
    """Those that are listed first stay, so that nobody is told of them again."""
    many = [Quarantined(f"{number:03}", "no_end", NOW, told=True) for number in range(MOST_LISTED)]
    late = Quarantined("late", "no_end", NOW + timedelta(hours=1))

    assert quarantine_after_page(many, read=(), found=[late]) == tuple(many)


def test_what_a_full_listing_did_not_show_is_forgotten():
    """Each item is stamped by the listing that saw it last."""
    seen = replace(OLD, id="b", generation=2)

    assert quarantine_after_listing([OLD, seen], generation=2) == (seen,)
