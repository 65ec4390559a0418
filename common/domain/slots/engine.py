"""Which times can be booked, and why another cannot: one engine for listing, booking and explaining."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate, repeat
from operator import add

from common.domain.booking.cells import next_cell
from common.domain.calendar.interval import Interval, Seconds, aware, merge, numbers, subtract
from common.domain.catalogue.records import Absence, Resource, Service
from common.domain.slots.opening_hours import opening_seconds, openings
from common.domain.slots.sweep_line import Grid, TakenTimes, free_runs
from common.errors import (
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
    SyncError,
    UnreadableDocument,
)

# Network, time-outs, failures on the other side and limits: the calendar itself has said nothing.
_UNREACHABLE = (ProviderUnavailable, RateLimited, StoreUnavailable)
# Something came, and it was not whole or not JSON.
_ANSWERED = frozenset({"unreadable_reply"})


@dataclass(frozen=True, slots=True)
class KnownCalendar:
    """A calendar that was read: its busy times, the times that it marks as free, and when it said so."""

    busy: Sequence[Interval]
    free: Sequence[Interval]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class UnknownCalendar:
    """A calendar that could not be asked; it never counts as free.

    ``unreachable`` says that no answer came at all, so that the stored copy may stand in for it. An answer
    that came and cannot be used is never replaced: what it meant is in no copy.
    """

    reason: str
    unreachable: bool = False

    @classmethod
    def because(cls, failed: SyncError) -> UnknownCalendar:
        """What a failed question leaves known: nothing, and for some errors that nobody was reached."""
        answered = isinstance(failed, UnreadableDocument) or failed.reason in _ANSWERED
        return cls(failed.reason, unreachable=isinstance(failed, _UNREACHABLE) and not answered)


CalendarState = KnownCalendar | UnknownCalendar


@dataclass(frozen=True, slots=True)
class SlotQuestion:
    """Which starts inside ``window`` a customer can book, asked at ``now``."""

    service: Service
    resource: Resource
    window: Interval
    now: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", aware(self.now))


@dataclass(frozen=True, slots=True)
class Availability:
    """What takes the resource's time.

    Attributes:
        bookings: The ranges that bookings claim, their buffers included.
        absences: The resource's absences.
        calendars: What each of its calendars said, by calendar.
        taken: Time whose cause does not matter: a list of free times needs no causes, and what was merged
            when it was stored is never merged again. ``reasons`` needs causes, so it reads the others alone.
    """

    bookings: tuple[Interval, ...] = ()
    absences: tuple[Absence, ...] = ()
    calendars: Mapping[str, CalendarState] = field(default_factory=dict, hash=False)
    taken: TakenTimes = field(default_factory=TakenTimes, hash=False)

    def free(self) -> Iterator[Interval]:
        """The times that external calendars mark as free."""
        for state in self.calendars.values():
            if isinstance(state, KnownCalendar):
                yield from state.free


class ReasonCode(StrEnum):
    """Why a time is not offered; stable words of the API."""

    OUTSIDE_WINDOW = "outside_window"
    INACTIVE = "inactive"
    NOT_OFFERED = "not_offered"
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    OFF_GRID = "off_grid"
    OUTSIDE_AVAILABILITY = "outside_availability"
    ABSENCE = "absence"
    BOOKING = "booking"
    BUFFER = "buffer"
    EXTERNAL_BUSY = "external_busy"
    UNKNOWN_CALENDAR = "unknown_calendar"
    NO_FREE_EVENT = "no_free_event"
    CAPACITY = "capacity"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the way, with its range and the id of its absence, calendar, service or resource."""

    code: ReasonCode
    interval: Interval | None = None
    source: str | None = None


def free_starts(question: SlotQuestion, availability: Availability) -> tuple[datetime, ...]:
    """Every start in the window that can be booked, as sorted UTC instants."""
    first, last = _first_and_last(question)
    unknown = any(isinstance(state, UnknownCalendar) for state in availability.calendars.values())
    if first >= last or unknown or any(_not_sold(question)):
        return ()
    grid = _grid(question.service)
    found = opening_seconds(
        question.resource, start=first, end=last + grid.duration, free=availability.free()
    )
    taken = _taken(availability, first - grid.before, last + grid.duration + grid.after)
    starts = _instants(free_runs(found, taken, grid, first=first, last=last), question.service.step)
    return tuple(sorted(set(starts)) if question.resource.use_external_free else starts)


def _grid(service: Service) -> Grid:
    return Grid(
        step=_seconds(service.step),
        duration=_seconds(service.duration),
        before=_seconds(service.buffer_before),
        after=_seconds(service.buffer_after),
    )


def _instants(runs: Iterable[range], step: timedelta) -> list[datetime]:
    """The one place where numbers become datetimes: the first of a run is converted, the others are added."""
    found: list[datetime] = []
    for run in runs:
        found += accumulate(repeat(step, len(run) - 1), add, initial=datetime.fromtimestamp(run.start, UTC))
    return found


def _seconds(length: timedelta) -> int:
    return length.days * 86_400 + length.seconds


def _first_and_last(question: SlotQuestion) -> Seconds:
    """The whole seconds from which and before which a start may lie."""
    service, window = question.service, question.window
    earliest, latest = question.now + service.notice, question.now + service.horizon
    first = max(math.ceil(window.start.timestamp()), math.ceil(earliest.timestamp()))
    last = min(math.ceil(window.end.timestamp()), math.floor(latest.timestamp()) + 1)
    return first, last


def _taken(availability: Availability, first: int, last: int) -> TakenTimes:
    """Everything that takes time between two instants (epoch seconds), merged.

    Starts and lengths are whole cells, so for bookings overlapping a claim is the same as sharing a cell.
    """
    stored = availability.taken.near(first, last)
    spans = [span for span in _blocks(availability) if span[1] > first and span[0] < last]
    return TakenTimes.of([*stored, *spans]) if spans else stored


def _blocks(availability: Availability) -> Iterator[Seconds]:
    yield from numbers(availability.bookings)
    yield from numbers(absence.interval for absence in availability.absences)
    for state in availability.calendars.values():
        if isinstance(state, KnownCalendar):
            yield from numbers(state.busy)


def reasons(question: SlotQuestion, availability: Availability, at: datetime) -> tuple[Reason, ...]:
    """Everything that keeps ``at`` from being booked; empty exactly where ``free_starts`` offers it.

    What lies in the past or beyond the horizon is not looked at further.
    """
    moment = aware(at)
    found = [*_not_sold(question), *_too_soon_or_late(question, moment)]
    if {reason.code for reason in found} & {ReasonCode.PAST, ReasonCode.HORIZON}:
        return tuple(found)
    return (
        *found,
        *_outside_hours(question, availability, moment),
        *_in_the_way(question, availability, moment),
    )


def _not_sold(question: SlotQuestion) -> Iterator[Reason]:
    service, resource = question.service, question.resource
    if not service.active:
        yield Reason(ReasonCode.INACTIVE, source=service.id)
    if not resource.active:
        yield Reason(ReasonCode.INACTIVE, source=resource.id)
    if resource.id not in service.resources:
        yield Reason(ReasonCode.NOT_OFFERED, source=resource.id)


def _too_soon_or_late(question: SlotQuestion, at: datetime) -> Iterator[Reason]:
    now, service = question.now, question.service
    if not question.window.start <= at < question.window.end:
        yield Reason(ReasonCode.OUTSIDE_WINDOW, question.window)
    if at < now:
        yield Reason(ReasonCode.PAST, Interval(at, now))
    elif at < now + service.notice:
        yield Reason(ReasonCode.NOTICE, Interval(now, now + service.notice))
    if at > now + service.horizon:
        yield Reason(ReasonCode.HORIZON, Interval(now + service.horizon, at))


def _outside_hours(question: SlotQuestion, availability: Availability, at: datetime) -> Iterator[Reason]:
    appointment = Interval(at, at + question.service.duration)
    near = openings(question.resource, appointment, availability.free())
    around = [opening for opening in near if opening.start <= at < opening.end]
    if not any(run.contains(appointment) for run in merge(near)):
        code = (
            ReasonCode.NO_FREE_EVENT
            if question.resource.use_external_free
            else ReasonCode.OUTSIDE_AVAILABILITY
        )
        for closed in subtract([appointment], near):
            yield Reason(code, closed)
    step = question.service.step
    if around and all((at - next_cell(opening.start)) % step for opening in around):
        since = (at - next_cell(around[-1].start)) % step
        yield Reason(ReasonCode.OFF_GRID, Interval(at - since, at - since + step))


def _in_the_way(question: SlotQuestion, availability: Availability, at: datetime) -> Iterator[Reason]:
    appointment = Interval(at, at + question.service.duration)
    padded = appointment.pad(question.service.buffer_before, question.service.buffer_after)
    for booking in _meeting(padded, availability.bookings):
        yield Reason(ReasonCode.BOOKING if booking.overlaps(appointment) else ReasonCode.BUFFER, booking)
    for absence in availability.absences:
        if absence.interval.overlaps(padded):
            yield Reason(ReasonCode.ABSENCE, absence.interval, absence.id)
    for calendar, state in availability.calendars.items():
        if isinstance(state, UnknownCalendar):
            yield Reason(ReasonCode.UNKNOWN_CALENDAR, padded, calendar)
        else:
            for busy in _meeting(padded, state.busy):
                yield Reason(ReasonCode.EXTERNAL_BUSY, busy, calendar)


def _meeting(span: Interval, others: Iterable[Interval]) -> Iterator[Interval]:
    return (other for other in others if other.overlaps(span))
