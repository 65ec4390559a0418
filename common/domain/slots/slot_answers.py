"""Answers to slot questions: free times, why a time is not offered, and how well its calendars are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.domain.slots.engine import Reason


class Freshness(StrEnum):
    """How well a calendar is known."""

    KNOWN = "known"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """How well one calendar is known at this moment."""

    id: str
    resource: str
    state: Freshness
    as_of: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One time, and who could take it; ``seats_left`` with whoever has most, where customers may know."""

    start: datetime
    end: datetime
    resources: tuple[str, ...]
    seats_left: int | None = None


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """How well one calendar was known; the word names it without telling whose or which it is."""

    calendar: str
    state: Freshness
    as_of: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SlotList:
    """The free times, how old the oldest answer behind them is, and which calendars did not answer."""

    slots: tuple[Slot, ...]
    as_of: datetime
    calendars: tuple[CalendarLine, ...]
    degraded: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything in the way; no reasons mean that the time is offered."""

    at: datetime
    reasons: tuple[Reason, ...]
    calendars: tuple[CalendarReport, ...]
    degraded: bool

    @property
    def offered(self) -> bool:
        """Whether a customer can book it."""
        return not self.reasons
