"""Imported events: our copy of what the import mode allows, kept by week."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.interval import Interval


@dataclass(frozen=True, slots=True)
class ImportedEvent:
    """One imported event or occurrence.

    ``unit`` is the series or single event it belongs to; ``key`` its identity in the calendar.
    ``blocks`` says whether it takes bookable time, ``free`` whether it was marked free (option C3).
    ``generation`` is the full listing that last saw it.
    """

    key: str
    unit: str
    interval: Interval
    blocks: bool
    free: bool
    private: bool
    all_day: bool
    generation: int
    title: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What a unit looks like from now on; no events means that it is gone."""

    unit: str
    events: tuple[ImportedEvent, ...]
