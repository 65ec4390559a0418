"""Lists the times that a customer can book, from the agenda and from all calendars, asked live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.domain.booking.sessions import bookable_starts
from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import zone
from common.domain.catalogue.records import Resource
from common.domain.slots.engine import SlotQuestion
from common.domain.slots.slot_answers import CalendarLine, Slot, SlotList
from common.domain.slots.slot_snapshot import SlotSnapshot
from common.errors import InvalidRequest
from common.flows.slots.availability import LiveAvailability, live_availability, read_slot_snapshot
from common.ports import Ports

LONGEST_WINDOW = timedelta(days=62)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ListSlots:
    """Starts in ``[start, end)`` with so many free ``seats``; no ``resource`` means any.

    ``zone`` only formats the answer.
    """

    tenant: str
    service: str
    resource: str | None
    start: datetime
    end: datetime
    zone: str = "UTC"
    seats: int = 1


def list_slots(ports: Ports, command: ListSlots) -> SlotList:
    """The union over the resources, each time once.

    Raises:
        InvalidRequest: The window or the zone is not possible.
        UnknownResource: There is no such tenant or service, or the resource does not offer it.
    """
    window, place = _window(command), _zone(command.zone)
    now = ports.clock.now()
    scene = read_slot_snapshot(
        ports, tenant=command.tenant, service=command.service, resource=command.resource, window=window
    )
    sold = tuple(resource for resource in scene.resources.values() if resource.active)
    # Beyond now and the horizon nothing is offered, so nobody is asked about it.
    asked = window.clip(Interval(now, now + scene.service.horizon + _SECOND))
    if asked is None or not scene.service.active:
        return SlotList((), now, (), degraded=False)
    view = live_availability(ports, scene, sold, asked, afresh=False)
    lines = tuple(
        CalendarLine(_word(ports, command.tenant, report.id), report.state, report.as_of, report.reason)
        for report in view.calendars
    )
    takers = _takers(scene, sold, window, view, seats=command.seats)
    return SlotList(_slots(scene, takers, place), view.as_of, lines, view.degraded)


def _window(command: ListSlots) -> Interval:
    try:
        window = Interval(command.start, command.end)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("a window ends after it starts, both with an offset", code="window") from wrong
    if window.length > LONGEST_WINDOW:
        raise InvalidRequest(f"a window has at most {LONGEST_WINDOW.days} days", code="window_too_long")
    return window


def _zone(name: str) -> ZoneInfo:
    try:
        return zone(name)
    except ValueError as wrong:
        raise InvalidRequest("unknown time zone", code="unknown_zone") from wrong


def _takers(
    scene: SlotSnapshot,
    resources: Sequence[Resource],
    window: Interval,
    view: LiveAvailability,
    *,
    seats: int,
) -> Mapping[str, Mapping[datetime, int]]:
    """What each resource offers, and how many seats it has left then."""
    return {
        name: bookable_starts(
            SlotQuestion(scene.service, resource, window, view.asked_at),
            view.pictures[name],
            scene.agendas[name],
            seats=seats,
        )
        for name, resource in sorted({resource.id: resource for resource in resources}.items())
    }


def _slots(
    scene: SlotSnapshot, offered: Mapping[str, Mapping[datetime, int]], place: ZoneInfo
) -> tuple[Slot, ...]:
    takers: dict[datetime, tuple[str, ...]] = {}
    for name, times in offered.items():
        for start in times:
            takers[start] = (*takers.get(start, ()), name)
    duration, told = scene.service.duration, scene.service.show_seats
    return tuple(
        Slot(
            start.astimezone(place),
            (start + duration).astimezone(place),
            names,
            max(offered[name][start] for name in names) if told else None,
        )
        for start, names in sorted(takers.items())
    )


def _word(ports: Ports, tenant: str, calendar: str) -> str:
    return ports.keys.sign("calendar", tenant, calendar).hex()[:16]
