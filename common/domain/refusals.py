"""Tells a caller why a time cannot be booked: its own mistake, somebody was faster, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from common.domain.slots import Code, Reason
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, SyncError

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
