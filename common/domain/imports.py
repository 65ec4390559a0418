"""Imported events: our copy of what the import mode allows, kept by week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from common.domain.interval import Interval

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# What is true of an imported event: it takes bookable time, it was marked free (option C3), its owner hides
# it from others, it has dates instead of times.
BLOCKS, FREE, PRIVATE, ALL_DAY = 1, 2, 4, 8


class ImportedEvent(NamedTuple):
    """One imported event or occurrence: a row of its week's columns.

    A calendar has thousands of them, and each is compared, sorted and stored far more often than it is
    looked at. So it is a tuple in the order of time, with its times as numbers.

    Attributes:
        start_us: Its start in microseconds since 1970.
        end_us: Its end, likewise; always later.
        key: Its identity in the calendar.
        unit: The series or single event that it belongs to.
        marks: What is true of it, as bits of one number.
        generation: The full listing that last saw it.
        title: Only where the mode allows it.
        description: Likewise.
    """

    start_us: int
    end_us: int
    key: str
    unit: str
    marks: int
    generation: int
    title: str | None = None
    description: str | None = None

    @property
    def interval(self) -> Interval:
        """The time it takes."""
        return Interval(instant(self.start_us), instant(self.end_us))

    @property
    def blocks(self) -> bool:
        """Whether it takes bookable time."""
        return bool(self.marks & BLOCKS)

    @property
    def free(self) -> bool:
        """Whether it offers bookable time."""
        return bool(self.marks & FREE)

    @property
    def private(self) -> bool:
        """Whether its owner hides it from others."""
        return bool(self.marks & PRIVATE)

    @property
    def all_day(self) -> bool:
        """Whether it has dates instead of times."""
        return bool(self.marks & ALL_DAY)

    def __repr__(self) -> str:
        """Without its texts, which are nobody's who reads a log."""
        return f"ImportedEvent({self.interval}, {self.key!r}, {self.unit!r}, {self.marks})"


# A unit and its events from now on.
UnitEvents = tuple[str, tuple[ImportedEvent, ...]]


class UnitChange(NamedTuple):
    """What a unit looks like from now on; no events means that it is gone."""

    unit: str
    events: tuple[ImportedEvent, ...]


def microseconds(moment: datetime) -> int:
    """An instant as a number: microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(number: int) -> datetime:
    """The instant again.

    Raises:
        OverflowError: No calendar reaches so far.
    """
    return _EPOCH + timedelta(microseconds=number)
