"""The 5-minute cells that a booking claims; a key is created once, so nobody books a cell twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import GRID, LONGEST_BUFFER, LONGEST_DURATION, Service

LONGEST_CLAIM = LONGEST_DURATION + 2 * LONGEST_BUFFER
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_cell(moment: datetime) -> datetime:
    """The first start of a cell at or after ``moment``."""
    return moment + (_EPOCH - moment) % GRID


def whole_cells(span: Interval) -> Interval:
    """The smallest range of whole cells around ``span``."""
    start = span.start - (span.start - _EPOCH) % GRID
    return Interval(start, next_cell(span.end))


def claimed_time(start: datetime, service: Service) -> Interval:
    """What an appointment at ``start`` takes away from others: its time and its buffers, in whole cells."""
    appointment = Interval(start, start + service.duration)
    return whole_cells(appointment.pad(service.buffer_before, service.buffer_after))


def cells(span: Interval) -> tuple[str, ...]:
    """The keys of all cells that ``span`` touches, such as ``20270328T0105Z``; they sort like time.

    Raises:
        ValueError: It is longer than any booking with its buffers.
    """
    whole = whole_cells(span)
    if whole.length > LONGEST_CLAIM:
        raise ValueError(f"a booking claims at most {LONGEST_CLAIM // timedelta(hours=1)} hours")
    count = whole.length // GRID
    return tuple(f"{whole.start + number * GRID:%Y%m%dT%H%MZ}" for number in range(count))
