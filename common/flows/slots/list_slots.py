"""Lists the times that a customer can book, from the agenda and from all calendars, asked live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.domain.booking.sessions import MoveRequest, bookable_starts
from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import zone as zone_named
from common.domain.catalogue.records import Service
from common.domain.slots.engine import SlotQuestion
from common.domain.slots.slot_answers import CalendarLine, Slot, SlotList
from common.errors import InvalidRequest
from common.flows.shared.booking_move import requested_move
from common.flows.slots.availability import live_availability, read_slot_snapshot
from common.ports import Ports

LONGEST_WINDOW = timedelta(days=62)
_SECOND = timedelta(seconds=1)


def list_slots(
    ports: Ports,
    *,
    tenant: str,
    service: str,
    resource: str | None,
    start: datetime,
    end: datetime,
    zone: str = "UTC",
    seats: int = 1,
    moving: MoveRequest | None = None,
) -> SlotList:
    """The starts in ``[start, end)`` that can be booked with any of the resources, each time once.

    For a booking that is ``moving`` they are those that moving it accepts, with its own resource.

    Args:
        ports: Everything outside.
        tenant: Whose service it is.
        service: The service.
        resource: The resource; None means any.
        start: The first possible start, with an offset.
        end: Where the window ends; 62 days later at most.
        zone: The time zone of the answer's times.
        seats: How many seats must be left.
        moving: A booking that is to move: its own time is not in its way, and its own seats count.

    Raises:
        InvalidRequest: The window or the zone is not possible, or the booking cannot move or is of something
            else.
        UnknownResource: There is no such tenant, service or booking, or the resource does not offer it.
    """
    window, place = _window(start, end), _zone(zone)
    now = ports.clock.now()
    move = None
    if moving is not None:
        move = requested_move(ports, moving, tenant=tenant, service=service, resource=resource)
        resource, seats = move.resource, move.seats
    snapshot = read_slot_snapshot(
        ports, tenant=tenant, service=service, resource=resource, window=window, kept=move is not None
    )
    snapshot = move.seen_by(snapshot) if move else snapshot
    active = tuple(found for found in snapshot.resources.values() if found.active)
    # Beyond now and the horizon nothing is offered, so nobody is asked about it.
    asked = window.clip(Interval(now, now + snapshot.service.horizon + _SECOND))
    if asked is None or not snapshot.service.active:
        return SlotList((), now, (), degraded=False)
    own = move.gives_up if move else None
    live = live_availability(ports, snapshot, active, asked, afresh=False, without=own)
    by_resource = {
        found.id: bookable_starts(
            SlotQuestion(snapshot.service, found, window, live.asked_at),
            live.by_resource[found.id],
            snapshot.agendas[found.id],
            seats=seats,
        )
        for found in sorted(active, key=lambda found: found.id)
    }
    lines = tuple(
        CalendarLine(_calendar_word(ports, tenant, report.id), report.state, report.as_of, report.reason)
        for report in live.calendars
    )
    return SlotList(_slots(snapshot.service, by_resource, place), live.as_of, lines, live.degraded)


def _window(start: datetime, end: datetime) -> Interval:
    try:
        window = Interval(start, end)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("a window ends after it starts, both with an offset", code="window") from wrong
    if window.length > LONGEST_WINDOW:
        raise InvalidRequest(f"a window has at most {LONGEST_WINDOW.days} days", code="window_too_long")
    return window


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_named(name)
    except ValueError as wrong:
        raise InvalidRequest("unknown time zone", code="unknown_zone") from wrong


def _slots(
    service: Service, by_resource: Mapping[str, Mapping[datetime, int]], place: ZoneInfo
) -> tuple[Slot, ...]:
    """The starts of all resources as one list in order of time, each with the resources that can take it."""
    resources_at: dict[datetime, tuple[str, ...]] = {}
    for name, times in by_resource.items():
        for start in times:
            resources_at[start] = (*resources_at.get(start, ()), name)
    return tuple(
        Slot(
            start.astimezone(place),
            (start + service.duration).astimezone(place),
            names,
            max(by_resource[name][start] for name in names) if service.show_seats else None,
        )
        for start, names in sorted(resources_at.items())
    )


def _calendar_word(ports: Ports, tenant: str, calendar: str) -> str:
    """A word that names a calendar to customers without telling whose or which it is."""
    return ports.keys.sign("calendar", tenant, calendar).hex()[:16]
