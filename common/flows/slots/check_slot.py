"""Checks whether one requested time can be taken, by which resources, and why the others cannot take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.booking.cells import whole_cells
from common.domain.booking.sessions import Move, refusal_reasons
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import LONGEST_BUFFER, LONGEST_DURATION, Resource
from common.domain.slots.engine import Availability, KnownCalendar, ReasonCode, SlotQuestion
from common.domain.slots.slot_answers import SlotSnapshot, refusal
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, SyncError
from common.flows.slots.availability import live_availability, read_slot_snapshot, stored_availability
from common.ports import Ports

_SECOND = timedelta(seconds=1)
# What only the calendars can say where they hold the bookable hours.
_HOURS = frozenset({ReasonCode.NO_FREE_EVENT, ReasonCode.OFF_GRID})


@dataclass(frozen=True, slots=True)
class RequestedSlot:
    """A service at a time, with one resource or (None) with any.

    Attributes:
        tenant: Whose service it is.
        service: The service.
        resource: The resource.
        start: When.
        seats: How many seats of a session.
        held: It was held in time, so it may be booked although the service's notice has passed.
        move: The booking or hold that would take this time in place of the one that it has.
    """

    tenant: str
    service: str
    resource: str | None
    start: datetime
    seats: int = 1
    held: bool = False
    move: Move | None = None

    @property
    def window(self) -> Interval:
        """The one start that is asked about."""
        return Interval(self.start, self.start + _SECOND)


@dataclass(frozen=True, slots=True)
class CheckedSlot:
    """Which resources can take a requested slot, and why the others cannot."""

    slot: RequestedSlot
    snapshot: SlotSnapshot
    free: tuple[Resource, ...]
    refusals: tuple[SyncError, ...]


def check_slot(ports: Ports, slot: RequestedSlot) -> CheckedSlot:
    """Ask the store first, and the providers only about the resources that are left.

    The providers are always asked afresh: a booking must not rest on what somebody else asked before.

    Raises:
        InvalidRequest: The time has no offset, or the service has not so many seats.
        UnknownResource: There is no such service, or the resource does not offer it; one who moves keeps
            its resource.
    """
    try:
        window = slot.window
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    snapshot = read_slot_snapshot(
        ports,
        tenant=slot.tenant,
        service=slot.service,
        resource=slot.resource,
        window=window,
        kept=slot.move is not None,
    )
    now = ports.clock.now()
    if slot.seats > snapshot.service.capacity:
        raise InvalidRequest("this service has not so many seats", code="too_many_seats")
    seen = slot.move.seen_by(snapshot) if slot.move else snapshot
    own = slot.move.gives_up if slot.move else None
    stored = {name: stored_availability(seen.agendas[name]) for name in seen.resources}
    resources = tuple(seen.resources.values())
    left, refused = _free(seen, resources, stored, slot, now, calendars_asked=False)
    if not left:
        return CheckedSlot(slot, snapshot, (), refused)
    live = live_availability(ports, seen, left, window, afresh=True, without=own)
    free, busy = _free(seen, left, live.by_resource, slot, live.asked_at, calendars_asked=True)
    return CheckedSlot(slot, snapshot, free, (*refused, *busy))


def _free(
    snapshot: SlotSnapshot,
    resources: Sequence[Resource],
    availability: Mapping[str, Availability],
    slot: RequestedSlot,
    now: datetime,
    *,
    calendars_asked: bool,
) -> tuple[tuple[Resource, ...], tuple[SyncError, ...]]:
    """The resources that nothing keeps from taking the slot, and one error for each of the others."""
    free: list[Resource] = []
    refusals: list[SyncError] = []
    for resource in resources:
        question = SlotQuestion(snapshot.service, resource, slot.window, now)
        agenda = snapshot.agendas[resource.id]
        ignored = {ReasonCode.NOTICE} if slot.held else set[ReasonCode]()
        if resource.use_external_free and not calendars_asked:
            ignored |= _HOURS
        found = refusal_reasons(
            question, availability[resource.id], agenda, slot.window.start, seats=slot.seats
        )
        found = tuple(reason for reason in found if reason.code not in ignored)
        if found:
            refusals.append(refusal(found))
        else:
            free.append(resource)
    return tuple(free), tuple(refusals)


def require_free_calendars(ports: Ports, booking: Booking, span: Interval) -> None:
    """Ask every calendar of the booking's resource whether ``span`` is free, the booking's own event aside.

    Hours, notice and interval bind customers, not the owner of the calendar, so they are not checked.

    Raises:
        SlotTaken: Something is there.
        AvailabilityUnknown: A calendar could not be asked.
        UnknownResource: The service or the resource is gone.
    """
    around = span.pad(LONGEST_BUFFER, LONGEST_DURATION + LONGEST_BUFFER)
    snapshot = ports.slot_snapshots.read(booking.tenant, booking.service, [booking.resource], around)
    service, resource = snapshot.service, snapshot.resources[booking.resource]
    live = live_availability(ports, snapshot, [resource], span, afresh=True, without=booking.id)
    needed = whole_cells(span.pad(service.buffer_before, service.buffer_after))
    calendars = tuple(live.by_resource[resource.id].calendars.values())
    if any(
        busy.overlaps(needed)
        for calendar in calendars
        if isinstance(calendar, KnownCalendar)
        for busy in calendar.busy
    ):
        raise SlotTaken("this time is taken")
    if not all(isinstance(calendar, KnownCalendar) for calendar in calendars):
        raise AvailabilityUnknown("a calendar cannot be asked at the moment")
