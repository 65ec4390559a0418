"""When an event takes place that says its dates oddly, and that no date is too far away."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.calendar.event import Flaw
from common.domain.calendar.event_times import event_times
from common.domain.calendar.interval import EARLIEST, LATEST

ZURICH = ZoneInfo("Europe/Zurich")
DAY, NEXT = date(2026, 10, 6), date(2026, 10, 7)


def clock(hour: int, minute: int = 0, *, day: int = 6) -> datetime:
    """A time in Zurich in that week."""
    return datetime(2026, 10, day, hour, minute, tzinfo=ZURICH).astimezone(UTC)


@pytest.mark.parametrize(
    ("first", "last", "start", "end", "flaw"),
    [
        (clock(10), clock(11), clock(10), clock(11), None),
        (DAY, date(2026, 10, 8), clock(0), clock(0, day=8), None),
        (DAY, DAY, clock(0), clock(0, day=7), None),
        (clock(10), clock(9), clock(10), clock(10), Flaw.ENDS_BEFORE_START),
        (NEXT, DAY, clock(0, day=7), clock(0, day=7), Flaw.ENDS_BEFORE_START),
        (clock(10), None, clock(10), clock(10), Flaw.NO_END),
        (DAY, None, clock(0), clock(0, day=7), Flaw.NO_END),
        (None, clock(10), clock(0), clock(10), Flaw.NO_START),
        (None, clock(0, day=7), clock(0), clock(0, day=7), Flaw.NO_START),
        (None, NEXT, clock(0), clock(0, day=7), Flaw.NO_START),
        (clock(10), NEXT, clock(10), clock(0, day=7), Flaw.MIXED_TIMES),
        (clock(10), DAY, clock(10), clock(0, day=7), Flaw.MIXED_TIMES),
        (clock(10, day=7), DAY, clock(10, day=7), clock(10, day=7), Flaw.ENDS_BEFORE_START),
        (DAY, clock(10), clock(0), clock(10), Flaw.MIXED_TIMES),
        (NEXT, clock(10), clock(0, day=7), clock(0, day=7), Flaw.ENDS_BEFORE_START),
        (None, None, EARLIEST, EARLIEST, Flaw.NO_TIMES),
    ],
)
def test_what_an_event_with_odd_dates_takes(
    first: date | None, last: date | None, start: datetime, end: datetime, flaw: Flaw | None
) -> None:
    """As much as it may take, and no more: each case as the providers' own free/busy, or as RFC 5545."""
    assert event_times(first, last, ZURICH)[:2] == (start, end)
    assert event_times(first, last, ZURICH)[3] is flaw


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (DAY, NEXT, (DAY, NEXT)),
        (DAY, None, (DAY, NEXT)),
        (None, NEXT, (DAY, NEXT)),
        (DAY, clock(10), None),
        (NEXT, DAY, None),
    ],
)
def test_an_event_of_days_has_its_dates(
    first: date | None, last: date | None, days: tuple[date, date] | None
) -> None:
    """Whoever has a day for itself is an all-day event."""
    assert event_times(first, last, ZURICH)[2] == days


def test_an_occurrence_without_times_lies_where_its_series_puts_it() -> None:
    """It takes no time there."""
    assert event_times(None, None, ZURICH, known=clock(10))[:2] == (clock(10), clock(10))


MOMENTS = st.none() | st.dates() | st.datetimes(timezones=st.just(UTC))
ZONES = st.sampled_from(["UTC", "Europe/Zurich", "Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Apia"])


@given(first=MOMENTS, last=MOMENTS, zone=ZONES, known=st.none() | st.datetimes(timezones=st.just(UTC)))
def test_no_dates_are_too_odd(
    first: date | None, last: date | None, zone: str, known: datetime | None
) -> None:
    """Years 1 to 9999 in every zone: never an error, an end before the start, or a time beyond the edges."""
    start, end, _, flaw = event_times(first, last, ZoneInfo(zone), known=known)

    assert EARLIEST <= start <= end <= LATEST
    assert (flaw is None) == (first is not None and last is not None and _fit(first, last))


def _fit(first: date, last: date) -> bool:
    """Whether two dates or two instants are in order."""
    return isinstance(first, datetime) == isinstance(last, datetime) and first <= last
