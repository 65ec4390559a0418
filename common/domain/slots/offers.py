"""What is offered: free times, why a time is not offered, and how well the calendars behind it are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from common.domain.slots.engine import Code, Reason
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, SyncError

if TYPE_CHECKING:
    from common.domain.booking.booking import Booking


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
class HeldSlot:
    """A hold, and the secret that books or releases it."""

    hold: Booking
    token: str = field(repr=False)


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


# In the order in which they are told; everything that is not here is "taken", whoever took it.
_RULES = (
    Code.NOT_OFFERED,
    Code.INACTIVE,
    Code.PAST,
    Code.NOTICE,
    Code.HORIZON,
    Code.OUTSIDE_WINDOW,
    Code.OUTSIDE_AVAILABILITY,
    Code.NO_FREE_EVENT,
    Code.OFF_GRID,
)
_TEXTS = {
    Code.NOT_OFFERED: "this service is not offered here",
    Code.INACTIVE: "this cannot be booked at the moment",
    Code.PAST: "this time is past",
    Code.NOTICE: "this time is too soon",
    Code.HORIZON: "this time is too far ahead",
    Code.OUTSIDE_WINDOW: "this time is outside the window",
    Code.OUTSIDE_AVAILABILITY: "this time is outside the bookable hours",
    Code.NO_FREE_EVENT: "this time is outside the bookable hours",
    Code.OFF_GRID: "this time is not on the booking interval",
}
_OF_THE_CALENDARS = frozenset({Code.OUTSIDE_AVAILABILITY, Code.NO_FREE_EVENT, Code.OFF_GRID})


def refusal(reasons: Sequence[Reason]) -> SyncError:
    """The error for one resource; ``reasons`` is not empty.

    Where a calendar is unknown, the hours may be unknown with it: then "outside the hours" is no finding.
    """
    codes = {reason.code for reason in reasons}
    unknown = Code.UNKNOWN_CALENDAR in codes
    broken = [code for code in _RULES if code in codes and not (unknown and code in _OF_THE_CALENDARS)]
    if broken:
        return InvalidRequest(_TEXTS[broken[0]], code=_told(broken[0]).value)
    if codes - _OF_THE_CALENDARS - {Code.UNKNOWN_CALENDAR}:
        return SlotTaken("this time is taken")
    return AvailabilityUnknown("a calendar cannot be asked at the moment")


def _told(code: Code) -> Code:
    """Where a resource's hours come from is nobody's business but its own."""
    return Code.OUTSIDE_AVAILABILITY if code is Code.NO_FREE_EVENT else code


def kindest(refusals: Iterable[SyncError]) -> SyncError:
    """The error for several resources: the one that leaves the caller most hope."""
    return min(refusals, key=_despair)


def _despair(error: SyncError) -> int:
    if isinstance(error, AvailabilityUnknown):
        return 0
    return 1 if isinstance(error, SlotTaken) else 2
