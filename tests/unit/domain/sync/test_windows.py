"""The ranges of time that are exported, imported and kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.sync.windows import (
    FOREVER,
    LONGEST,
    aged,
    covered,
    export_start,
    import_window,
    kept,
    outdated,
    rolled,
    shifted,
)
from tests.imported_events import imported_event

NOW = datetime(2027, 3, 31, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (NOW, datetime(2027, 2, 28, 9, 30, tzinfo=UTC)),
        (NOW.replace(year=2028), datetime(2028, 2, 29, 9, 30, tzinfo=UTC)),
        (NOW.replace(month=1), datetime(2026, 12, 31, 9, 30, tzinfo=UTC)),
        (NOW.replace(month=5), datetime(2027, 4, 30, 9, 30, tzinfo=UTC)),
    ],
)
def test_exports_go_back_one_calendar_month(now, start):
    """The day is clamped to the month's last, and the year turns."""
    assert start == export_start(now)


def test_months_ahead_are_calendar_months():
    """Two years are two years, leap day or not."""
    assert datetime(2029, 3, 31, 9, 30, tzinfo=UTC) == shifted(NOW, 24)
    assert datetime(2029, 2, 28, tzinfo=UTC) == shifted(datetime(2028, 2, 29, tzinfo=UTC), 12)


@pytest.mark.pitfall(7)
def test_imports_are_the_past_week_and_the_whole_future():
    """Pitfall 7: what ended a moment inside the week counts, also if it began long before."""
    window = import_window(NOW)
    edge = NOW - 7 * DAY

    assert Interval(edge, FOREVER) == window
    assert kept(Interval(edge - 9 * DAY, edge), window) is None
    assert Interval(edge - 9 * DAY, edge + DAY) == kept(Interval(edge - 9 * DAY, edge + DAY), window)
    assert kept(Interval(NOW + 9000 * DAY, NOW + 9001 * DAY), window) is not None


@pytest.mark.pitfall(7)
def test_an_endless_event_is_kept_as_its_next_stretch():
    """Pitfall 7: what lasts for ever blocks the coming years, and no more documents than that."""
    forever = Interval(NOW - 5000 * DAY, NOW + 9000 * DAY)
    start = NOW - 7 * DAY

    # Its own start stays: what it offers as free lays its grid from there.
    assert Interval(forever.start, start + LONGEST) == kept(forever, import_window(NOW))


@pytest.mark.pitfall(7)
def test_the_covered_range_is_rolled_before_it_is_too_short():
    """Pitfall 7: a new listing moves it forward before it covers fewer months than it must."""
    present = covered(NOW, months=24)

    assert not rolled(present, NOW, months=24)
    assert not rolled(present, NOW + 6 * DAY, months=24)
    assert rolled(present, NOW + 8 * DAY, months=24)
    assert present.end > shifted(NOW + 8 * DAY, 24)
    assert rolled(None, NOW, months=24)


def test_an_event_ages_when_it_ended_a_week_ago():
    """The edge itself is outside, because ranges are half open."""

    def ended(end):
        span = Interval(end - DAY, end)
        return imported_event("e", span)

    assert aged(ended(NOW - 7 * DAY), NOW)
    assert not aged(ended(NOW - 7 * DAY + timedelta(seconds=1)), NOW)


def test_a_listing_expires_where_deltas_are_incomplete():
    """Where a provider's deltas do not report every change, a listing is repeated after a fixed time."""
    present = covered(NOW, months=24)
    day = timedelta(days=1)

    assert not outdated(present, NOW + day - timedelta(seconds=1), every=day)
    assert outdated(present, NOW + day, every=day)
    assert not outdated(present, NOW + 100 * day, every=None)
    assert not outdated(None, NOW, every=day)
