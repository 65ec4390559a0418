"""What a slot question reads and answers: snapshot, slots, states of calendars, the error of a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from common.domain.slots.engine import Reason, ReasonCode
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, SyncError

if TYPE_CHECKING:
    from common.domain.calendar.connection import Connection
    from common.domain.catalogue.records import Resource, Service, Tenant
    from common.domain.slots.agenda import Agenda


@dataclass(frozen=True, slots=True)
class SlotSnapshot:
    """Everything that one slot question needs of the store, as it was at one moment.

    ``resources``, ``agendas`` and ``connections`` are by resource id.
    """

    tenant: Tenant
    service: Service
    resources: Mapping[str, Resource]
    agendas: Mapping[str, Agenda]
    connections: Mapping[str, tuple[Connection, ...]]


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


# The first that applies is the error; everything that is not here is "taken", whoever took it.
_RULES = (
    ReasonCode.NOT_OFFERED,
    ReasonCode.INACTIVE,
    ReasonCode.PAST,
    ReasonCode.NOTICE,
    ReasonCode.HORIZON,
    ReasonCode.OUTSIDE_WINDOW,
    ReasonCode.OUTSIDE_AVAILABILITY,
    ReasonCode.NO_FREE_EVENT,
    ReasonCode.OFF_GRID,
)
_TEXTS = {
    ReasonCode.NOT_OFFERED: "this service is not offered here",
    ReasonCode.INACTIVE: "this cannot be booked at the moment",
    ReasonCode.PAST: "this time is past",
    ReasonCode.NOTICE: "this time is too soon",
    ReasonCode.HORIZON: "this time is too far ahead",
    ReasonCode.OUTSIDE_WINDOW: "this time is outside the window",
    ReasonCode.OUTSIDE_AVAILABILITY: "this time is outside the bookable hours",
    ReasonCode.NO_FREE_EVENT: "this time is outside the bookable hours",
    ReasonCode.OFF_GRID: "this time is not on the booking interval",
}
_OF_THE_CALENDARS = frozenset(
    {ReasonCode.OUTSIDE_AVAILABILITY, ReasonCode.NO_FREE_EVENT, ReasonCode.OFF_GRID}
)


def refusal(reasons: Sequence[Reason]) -> SyncError:
    """The error for one resource; ``reasons`` is not empty.

    Where a calendar is unknown, the hours may be unknown with it: then "outside the hours" is no finding.
    """
    codes = {reason.code for reason in reasons}
    unknown = ReasonCode.UNKNOWN_CALENDAR in codes
    broken = [code for code in _RULES if code in codes and not (unknown and code in _OF_THE_CALENDARS)]
    if broken:
        return InvalidRequest(_TEXTS[broken[0]], code=_public_code(broken[0]).value)
    if codes - _OF_THE_CALENDARS - {ReasonCode.UNKNOWN_CALENDAR}:
        return SlotTaken("this time is taken")
    return AvailabilityUnknown("a calendar cannot be asked at the moment")


def _public_code(code: ReasonCode) -> ReasonCode:
    """The code that a customer sees, who is not shown where a resource's hours come from."""
    return ReasonCode.OUTSIDE_AVAILABILITY if code is ReasonCode.NO_FREE_EVENT else code


def kindest_refusal(refusals: Iterable[SyncError]) -> SyncError:
    """The one error for several resources: the one that leaves the caller most hope."""
    return min(refusals, key=_hopelessness)


def _hopelessness(error: SyncError) -> int:
    if isinstance(error, AvailabilityUnknown):
        return 0
    return 1 if isinstance(error, SlotTaken) else 2
