"""What both providers' events become whose dates are odd, or too far away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.domain.calendar.event import ExternalEvent, Flaw
from common.domain.calendar.interval import EARLIEST, LATEST
from tests.unit.providers.google import events_setup as google
from tests.unit.providers.microsoft import events_setup as microsoft

DAY = datetime(2026, 10, 5, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
# The 6th of October, 2026, in Zurich; a midnight is a day.
Side = str | None


def google_event(start: Side, end: Side, **more: Any) -> ExternalEvent:
    """An event of Google's; a text without a time is a date."""
    times = {"start": _google_time(start), "end": _google_time(end)}
    return google.event_of(google.timed(**times, **more), google.ZURICH)


def _google_time(side: Side) -> Mapping[str, str] | None:
    if side is None:
        return None
    return {"dateTime": side} if "T" in side else {"date": side}


def graph_event(start: Side, end: Side, **more: Any) -> ExternalEvent:
    """An event of Graph's; a text without a time is a midnight of an all-day event."""
    days = any(side and "T" not in side for side in (start, end))
    times = {"start": _graph_time(start), "end": _graph_time(end)}
    return microsoft.event_of(microsoft.item(isAllDay=days, **times, **more), microsoft.TIMES)


def _graph_time(side: Side) -> Mapping[str, str] | None:
    if side is None:
        return None
    return microsoft.at((side if "T" in side else f"{side}T00:00:00.0000000").removesuffix("Z"))


BOTH = pytest.mark.parametrize("read", [google_event, graph_event])


@BOTH
@pytest.mark.parametrize(
    ("start", "end", "taken", "flaw"),
    [
        ("2026-10-06T10:00:00Z", "2026-10-06T09:00:00Z", (12, 0), Flaw.ENDS_BEFORE_START),
        ("2026-10-06", "2026-10-05", (0, 0), Flaw.ENDS_BEFORE_START),
        ("2026-10-06T10:00:00Z", None, (12, 0), Flaw.NO_END),
        ("2026-10-06T10:00:00Z", "soon", (12, 0), Flaw.NO_END),
        ("2026-10-06", None, (0, 24), Flaw.NO_END),
        (None, "2026-10-06T10:00:00Z", (0, 12), Flaw.NO_START),
        (None, "2026-10-07", (0, 24), Flaw.NO_START),
    ],
)
def test_an_event_with_odd_dates_takes_what_it_may_take(
    read: Any, start: Side, end: Side, taken: tuple[int, int], flaw: Flaw
) -> None:
    """It is an event like any other, with its flaw: never an error."""
    event = read(start, end)

    assert ((event.start - DAY) / HOUR, (event.end - event.start) / HOUR) == taken
    assert event.flaw is flaw


@BOTH
@pytest.mark.parametrize(("start", "end"), [(None, None), ("soon", "laTer"), ("2026-13-99", None)])
def test_an_event_whose_time_nobody_knows_takes_none(read: Any, start: Side, end: Side) -> None:
    """It has a flaw, so it can be listed."""
    event = read(start, end)

    assert (event.span, event.flaw) == (None, Flaw.NO_TIMES)


@pytest.mark.parametrize(
    ("start", "end", "from_hour", "hours"),
    [
        ("2026-10-06", "2026-10-06T10:00:00Z", 0, 12),
        ("2026-10-06T10:00:00Z", "2026-10-07", 12, 12),
    ],
)
def test_a_date_beside_a_time_is_the_calendars_midnight(
    start: str, end: str, from_hour: int, hours: int
) -> None:
    """Only Google's times can be mixed: Graph's say for both sides at once whether they are days."""
    event = google_event(start, end)

    assert (event.start, event.end - event.start) == (DAY + from_hour * HOUR, hours * HOUR)
    assert (event.flaw, event.all_day) == (Flaw.MIXED_TIMES, None)


def test_an_occurrence_that_names_no_original_start_is_known_by_its_id() -> None:
    """Two of them stay two. Graph's ids never change, so there it is no flaw."""
    odd = google_event("2026-10-06T10:00:00Z", "2026-10-06T11:00:00Z", recurringEventId="s1")
    plain = graph_event("2026-10-06T10:00:00Z", "2026-10-06T11:00:00Z", type="exception", seriesMasterId="s1")

    assert (odd.key, odd.flaw, odd.span) == ("s1#e1", Flaw.NO_ORIGINAL_START, plain.span)
    assert (plain.key, plain.flaw) == ("s1#AAkA", None)


@BOTH
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-10-06", "2300-01-01", (DAY, datetime(2299, 12, 31, 23, tzinfo=UTC))),
        ("2026-10-06", "9999-12-31", (DAY, LATEST)),
        ("1899-01-01", "2026-10-06", (EARLIEST, DAY)),
        ("9999-12-31", "9999-12-31", (LATEST, LATEST)),
        ("0001-01-01", "9999-12-31", (EARLIEST, LATEST)),
        ("2026-10-05T22:00:00Z", "9999-12-31T23:59:59Z", (DAY, LATEST)),
        ("2026-10-05T22:00:00Z", "9999-12-31T23:59:59-08:00", (DAY, LATEST)),
        ("0001-01-01T00:00:00+08:00", "2026-10-05T22:00:00Z", (EARLIEST, DAY)),
    ],
)
def test_a_date_far_away_is_as_valid_as_any(
    read: Any, start: str, end: str, expected: tuple[datetime, datetime]
) -> None:
    """It is kept where it is, or at the edge of what is told apart."""
    event = read(start, end)

    assert ((event.start, event.end), event.flaw) == (expected, None)


OFFSETS = st.sampled_from(["Z", "+00:00", "-08:00", "+14:00", "-23:59"])
DATES = st.dates().map(str)
STAMPS = st.builds(lambda when, offset: f"{when:%H:%M:%S}{offset}", st.times(), OFFSETS)
SIDES = st.none() | DATES | st.builds(lambda day, stamp: f"{day}T{stamp}", DATES, STAMPS)


@BOTH
@given(start=SIDES, end=SIDES)
@example(start="9999-12-31T23:59:59-23:59", end="0001-01-01T00:00:00+14:00")
def test_whatever_a_provider_can_say_is_a_time(read: Any, start: Side, end: Side) -> None:
    """Years 1 to 9999 with any offset: never an error, and never an end before the start."""
    event = read(start, end)

    assert EARLIEST <= event.start <= event.end <= LATEST
