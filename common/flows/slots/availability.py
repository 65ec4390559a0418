"""Puts together what takes a resource's time: the stored agenda and the live answers of its calendars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.domain.booking import sessions
from common.domain.booking.booking import Booking
from common.domain.booking.cells import whole_cells
from common.domain.booking.sessions import refusal_reasons, without_bookings
from common.domain.calendar.connection import Connection, Status
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import LONGEST_BUFFER, LONGEST_DURATION, Absence, Resource
from common.domain.slots.agenda import Agenda, ImportedTimes
from common.domain.slots.engine import (
    Availability,
    CalendarState,
    KnownCalendar,
    ReasonCode,
    SlotQuestion,
    UnknownCalendar,
)
from common.domain.slots.refusals import refusal
from common.domain.slots.slot_answers import CalendarReport, Freshness
from common.domain.slots.slot_snapshot import SlotSnapshot
from common.errors import AvailabilityUnknown, InvalidRequest, SlotTaken, SyncError, UnknownResource
from common.flows.slots import busy, live_calendars
from common.flows.slots.live_calendars import CalendarAnswers, LiveAnswer
from common.ports import Ports

if TYPE_CHECKING:
    from common.domain.calendar.sync_state import CalendarSync


_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENDING = frozenset({Status.DISCONNECTING, Status.DISCONNECTED})


@dataclass(frozen=True, slots=True)
class LiveAvailability:
    """What takes the time of some resources, and how far that can be trusted."""

    asked_at: datetime
    pictures: Mapping[str, Availability] = field(default_factory=dict)
    calendars: tuple[CalendarReport, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether any calendar did not answer."""
        return any(report.state is not Freshness.KNOWN for report in self.calendars)

    @property
    def as_of(self) -> datetime:
        """The age of the oldest answer that counts."""
        return min([self.asked_at, *(report.as_of for report in self.calendars if report.as_of)])


def read_slot_snapshot(
    ports: Ports, *, tenant: str, service: str, resource: str | None, window: Interval
) -> SlotSnapshot:
    """What the store knows around ``window``, for one resource of a service or for all of them.

    Raises:
        UnknownResource: There is no such service, or the resource does not offer it.
        InvalidRequest: The window is at the end of time.
    """
    try:
        around = window.pad(LONGEST_BUFFER, LONGEST_DURATION + LONGEST_BUFFER)
    except OverflowError as wrong:
        raise InvalidRequest("there is no such date", code="window") from wrong
    scene = ports.slot_snapshots.read(tenant, service, [resource] if resource else [], around)
    if resource is not None and (resource not in scene.service.resources or resource not in scene.resources):
        raise UnknownResource("this service has no such resource")
    now = ports.clock.now()
    agendas = {name: sessions.without_expired_holds(agenda, now) for name, agenda in scene.agendas.items()}
    return replace(scene, agendas=agendas)


def stored_availability(agenda: Agenda, *, without: str | None = None) -> Availability:
    """What the store alone says; ``without`` names a booking that is about to move."""
    left = sessions.without_bookings(agenda, {without}) if without else agenda
    return Availability(
        bookings=tuple(left.bookings.values()),
        absences=tuple(Absence(name, span) for name, span in agenda.absences.items()),
    )


def live_availability(
    ports: Ports,
    scene: SlotSnapshot,
    resources: Sequence[Resource],
    window: Interval,
    *,
    afresh: bool,
    without: str | None = None,
) -> LiveAvailability:
    """The pictures of some resources for starts inside ``window``, their calendars asked live."""
    now = ports.clock.now()
    service = scene.service
    around = _whole_hours(window.pad(service.buffer_before, service.duration + service.buffer_after))
    asked = [item for resource in resources for item in _asked(scene, resource)]
    answers = live_calendars.ask_calendars(ports, asked, around, afresh=afresh)
    pictures: dict[str, Availability] = {}
    reports: list[CalendarReport] = []
    for resource in resources:
        agenda = scene.agendas[resource.id]
        reader = busy.BusyReader(ports, scene.tenant.id, resource.id, agenda, without)
        states: dict[str, CalendarState] = {}
        for item in _asked(scene, resource):
            memory = _Memory(ports, scene, item.connection, agenda, around, now)
            states |= _states(item, answers, reader, memory)
        reports += (_report(name, resource.id, answers[name], state) for name, state in states.items())
        # A list of free times is the common case, and asks for no causes; sessions have to be told apart.
        caused = afresh or agenda.sessions
        bare = stored_availability(agenda, without=without) if caused else Availability(taken=agenda.taken())
        pictures[resource.id] = replace(bare, calendars=states)
    return LiveAvailability(now, pictures, tuple(reports))


def _states(
    item: live_calendars.CalendarsToAsk, answers: CalendarAnswers, reader: busy.BusyReader, memory: _Memory
) -> dict[str, CalendarState]:
    connection, rules = item.connection, item.connection.settings.imports.busy
    states: dict[str, CalendarState] = {}
    silent: dict[str, UnknownCalendar] = {}
    for entry in item.calendars:
        name = live_calendars.calendar_id(connection.id, entry.key)
        heard = answers[name]
        if isinstance(heard, LiveAnswer):
            states[name] = reader.known(heard, connection=connection.id, rules=rules)
        else:
            silent[entry.key] = heard
    return {**states, **(memory.instead_of(silent) if silent else {})}


def _asked(scene: SlotSnapshot, resource: Resource) -> Iterator[live_calendars.CalendarsToAsk]:
    for connection in scene.connections.get(resource.id, ()):
        if connection.status not in _ENDING and connection.enabled_calendars:
            yield live_calendars.CalendarsToAsk(
                connection,
                connection.enabled_calendars,
                resource.zone,
                known=scene.agendas[resource.id].version,
            )


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the last synchronisations knew of a connection's calendars."""

    ports: Ports
    scene: SlotSnapshot
    connection: Connection
    agenda: Agenda
    window: Interval
    now: datetime

    def instead_of(self, silent: Mapping[str, UnknownCalendar]) -> dict[str, CalendarState]:
        """The last known times within the tenant's grace, as old as they are; else still unknown."""
        connection = self.connection
        feeds: dict[str, CalendarSync] = {}
        if self.scene.tenant.unreachable.grace is not None and connection.settings.imports.on:
            feeds = {
                feed.key: feed
                for feed in self.ports.sync_states.of_connection(connection.tenant, connection.id)
            }
        return {
            live_calendars.calendar_id(connection.id, key): self._recalled(unknown, key, feeds.get(key))
            for key, unknown in silent.items()
        }

    def _recalled(self, unknown: UnknownCalendar, key: str, feed: CalendarSync | None) -> CalendarState:
        grace = self.scene.tenant.unreachable.grace
        if grace is None or feed is None or feed.last_applied_at is None or feed.covered is None:
            return unknown
        # A listing that has not ended knows only what was on its pages so far.
        listing = feed.cursor is None or feed.cursor.snapshot or feed.sweeping
        if listing or self.now - feed.last_applied_at > grace:
            return unknown
        # Outside the covered range nothing is known, so nothing there is free.
        if not feed.covered.contains(self.window):
            return UnknownCalendar("outside_coverage")
        imported = self.agenda.imports.get(
            live_calendars.calendar_id(self.connection.id, key), ImportedTimes()
        )
        return KnownCalendar(imported.busy, imported.free, feed.last_applied_at)


def _report(
    name: str, resource: str, heard: LiveAnswer | UnknownCalendar, state: CalendarState
) -> CalendarReport:
    reason = heard.reason if isinstance(heard, UnknownCalendar) else None
    if isinstance(state, UnknownCalendar):
        return CalendarReport(name, resource, Freshness.UNKNOWN, None, state.reason)
    fresh = Freshness.STALE if reason else Freshness.KNOWN
    return CalendarReport(name, resource, fresh, state.as_of, reason)


def _whole_hours(span: Interval) -> Interval:
    """Rounded outward, so that questions asked a moment apart are identical."""
    start, end = span.start - (span.start - _EPOCH) % _HOUR, span.end + (_EPOCH - span.end) % _HOUR
    return Interval(start, end)


_SECOND = timedelta(seconds=1)
_HOURS = frozenset({ReasonCode.NO_FREE_EVENT, ReasonCode.OFF_GRID})


@dataclass(frozen=True, slots=True)
class RequestedSlot:
    """A service at a time, with one resource or with any.

    ``moving`` is the booking, session or hold that would take that time in place of what it has; a time that
    was ``held`` in time may be booked within the notice.
    """

    tenant: str
    service: str
    resource: str | None
    start: datetime
    moving: str | None = None
    seats: int = 1
    held: bool = False

    @property
    def window(self) -> Interval:
        """The one start that is asked about."""
        return Interval(self.start, self.start + _SECOND)


@dataclass(frozen=True, slots=True)
class CheckedSlot:
    """Who can take the wish, and why the others cannot."""

    scene: SlotSnapshot
    takers: tuple[Resource, ...]
    refusals: tuple[SyncError, ...]


def check_slot(ports: Ports, wish: RequestedSlot) -> CheckedSlot:
    """Ask the store first and the providers only about what is left; their answers are never shared.

    Raises:
        InvalidRequest: The time has no offset.
        UnknownResource: There is no such service, or the resource does not offer it.
    """
    try:
        window = wish.window
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    scene = read_slot_snapshot(
        ports, tenant=wish.tenant, service=wish.service, resource=wish.resource, window=window
    )
    now = ports.clock.now()
    if wish.seats > scene.service.capacity:
        raise InvalidRequest("this service has not so many seats", code="too_many_seats")
    bare = {name: stored_availability(scene.agendas[name], without=wish.moving) for name in scene.resources}
    left, early = _sifted(scene, tuple(scene.resources.values()), bare, wish, now, asked=False)
    if not left:
        return CheckedSlot(scene, (), early)
    view = live_availability(ports, scene, left, window, afresh=True, without=wish.moving)
    takers, late = _sifted(scene, left, dict(view.pictures), wish, view.asked_at, asked=True)
    return CheckedSlot(scene, takers, (*early, *late))


def _sifted(
    scene: SlotSnapshot,
    resources: Sequence[Resource],
    pictures: dict[str, Availability],
    wish: RequestedSlot,
    now: datetime,
    *,
    asked: bool,
) -> tuple[tuple[Resource, ...], tuple[SyncError, ...]]:
    left: list[Resource] = []
    refusals: list[SyncError] = []
    ignored = frozenset({ReasonCode.NOTICE}) if wish.held else frozenset[ReasonCode]()
    for resource in resources:
        question = SlotQuestion(scene.service, resource, wish.window, now)
        agenda = scene.agendas[resource.id]
        agenda = without_bookings(agenda, {wish.moving}) if wish.moving else agenda
        found = refusal_reasons(question, pictures[resource.id], agenda, wish.window.start, seats=wish.seats)
        # Where its hours are in its calendars, nobody has asked for them yet.
        early = _HOURS if resource.use_external_free and not asked else frozenset[ReasonCode]()
        found = tuple(reason for reason in found if reason.code not in ignored | early)
        if found:
            refusals.append(refusal(found))
        else:
            left.append(resource)
    return tuple(left), tuple(refusals)


def require_free_calendars(ports: Ports, booking: Booking, span: Interval) -> None:
    """Ask every calendar of the booking's resource at this moment; the booking's own event is not in its way.

    Hours, notice and interval bind customers, not the owner of the calendar.

    Raises:
        SlotTaken: Something is there.
        AvailabilityUnknown: A calendar could not be asked.
        UnknownResource: The service or the resource is gone.
    """
    around = span.pad(LONGEST_BUFFER, LONGEST_DURATION + LONGEST_BUFFER)
    scene = ports.slot_snapshots.read(booking.tenant, booking.service, [booking.resource], around)
    service, resource = scene.service, scene.resources[booking.resource]
    view = live_availability(ports, scene, [resource], span, afresh=True, without=booking.id)
    taken = whole_cells(span.pad(service.buffer_before, service.buffer_after))
    states = tuple(view.pictures[resource.id].calendars.values())
    if any(
        busy.overlaps(taken) for state in states if isinstance(state, KnownCalendar) for busy in state.busy
    ):
        raise SlotTaken("this time is taken")
    if not all(isinstance(state, KnownCalendar) for state in states):
        raise AvailabilityUnknown("a calendar cannot be asked at the moment")
