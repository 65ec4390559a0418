"""Puts together what takes a resource's time: the stored agenda and the live answers of its calendars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.domain.booking.sessions import without_bookings, without_expired_holds
from common.domain.calendar.connection import Connection
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import LONGEST_BUFFER, LONGEST_DURATION, Absence, Resource
from common.domain.slots.agenda import Agenda, ImportedTimes
from common.domain.slots.engine import Availability, CalendarState, KnownCalendar, UnknownCalendar
from common.domain.slots.slot_answers import CalendarReport, Freshness, SlotSnapshot
from common.errors import InvalidRequest, UnknownResource
from common.flows.slots.busy import BusyReader
from common.flows.slots.live_calendars import CalendarsToAsk, LiveAnswer, ask_calendars, calendar_id
from common.ports import Ports

if TYPE_CHECKING:
    from common.domain.calendar.sync_state import CalendarSync

_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_slot_snapshot(
    ports: Ports, *, tenant: str, service: str, resource: str | None, window: Interval, kept: bool = False
) -> SlotSnapshot:
    """What the store knows around ``window``, for one resource of a service or (None) for all of them.

    With ``kept`` it is the resource of a booking, which keeps it where the service is offered elsewhere now.

    Raises:
        UnknownResource: There is no such service, or the resource does not offer it.
        InvalidRequest: The window is at the end of time.
    """
    try:
        around = window.pad(LONGEST_BUFFER, LONGEST_DURATION + LONGEST_BUFFER)
    except OverflowError as wrong:
        raise InvalidRequest("there is no such date", code="window") from wrong
    snapshot = ports.slot_snapshots.read(tenant, service, [resource] if resource else [], around)
    offered = kept or resource in snapshot.service.resources
    if resource is not None and not (offered and resource in snapshot.resources):
        raise UnknownResource("this service has no such resource")
    now = ports.clock.now()
    agendas = {name: without_expired_holds(agenda, now) for name, agenda in snapshot.agendas.items()}
    return replace(snapshot, agendas=agendas)


def stored_availability(agenda: Agenda, *, without: str | None = None) -> Availability:
    """What the store alone says; ``without`` names a booking that is about to move."""
    left = without_bookings(agenda, {without}) if without else agenda
    return Availability(
        bookings=tuple(left.bookings.values()),
        absences=tuple(Absence(name, span) for name, span in agenda.absences.items()),
    )


@dataclass(frozen=True, slots=True)
class LiveAvailability:
    """What takes the time of some resources, by resource, and how far that can be trusted."""

    asked_at: datetime
    by_resource: Mapping[str, Availability] = field(default_factory=dict)
    calendars: tuple[CalendarReport, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether any calendar did not answer."""
        return any(report.state is not Freshness.KNOWN for report in self.calendars)

    @property
    def as_of(self) -> datetime:
        """The age of the oldest answer that counts."""
        return min([self.asked_at, *(report.as_of for report in self.calendars if report.as_of)])


def live_availability(
    ports: Ports,
    snapshot: SlotSnapshot,
    resources: Sequence[Resource],
    window: Interval,
    *,
    afresh: bool,
    without: str | None = None,
) -> LiveAvailability:
    """The availability of some resources for starts inside ``window``, all their calendars asked live.

    Args:
        ports: Everything outside.
        snapshot: What the store knows.
        resources: Whose calendars are asked.
        window: The starts that matter.
        afresh: Ask the providers even where the same was asked a moment ago, and tell causes apart.
        without: A booking that is about to move: neither it nor its own events take any time.
    """
    now = ports.clock.now()
    service = snapshot.service
    around = _whole_hours(window.pad(service.buffer_before, service.duration + service.buffer_after))
    asked = {resource.id: tuple(_calendars_of(snapshot, resource)) for resource in resources}
    answers = ask_calendars(
        ports, [item for items in asked.values() for item in items], around, afresh=afresh
    )
    by_resource: dict[str, Availability] = {}
    reports: list[CalendarReport] = []
    for resource in resources:
        agenda = snapshot.agendas[resource.id]
        reader = BusyReader(ports, snapshot.tenant.id, resource.id, agenda, without, dates=afresh)
        states: dict[str, CalendarState] = {}
        for connection in (item.connection for item in asked[resource.id]):
            silent: dict[str, UnknownCalendar] = {}
            for entry in connection.checked_calendars:
                name = calendar_id(connection.id, entry.key)
                answer = answers[name]
                if isinstance(answer, LiveAnswer):
                    states[name] = reader.times(answer, connection)
                else:
                    silent[entry.key] = answer
            if silent:
                states |= _last_known(ports, snapshot, connection, silent, window=around, now=now)
        reports += (_report(name, resource.id, answers[name], state) for name, state in states.items())
        # A list of free times is the common case, and asks for no causes; sessions have to be told apart.
        if afresh or agenda.sessions:
            stored = stored_availability(agenda, without=without)
        else:
            stored = Availability(taken=agenda.taken())
        by_resource[resource.id] = replace(stored, calendars=states)
    return LiveAvailability(now, by_resource, tuple(reports))


def _whole_hours(span: Interval) -> Interval:
    """Rounded outward, so that questions asked a moment apart are identical."""
    start, end = span.start - (span.start - _EPOCH) % _HOUR, span.end + (_EPOCH - span.end) % _HOUR
    return Interval(start, end)


def _calendars_of(snapshot: SlotSnapshot, resource: Resource) -> Iterator[CalendarsToAsk]:
    for connection in snapshot.connections.get(resource.id, ()):
        if not connection.ended and connection.checked_calendars:
            yield CalendarsToAsk(
                connection,
                connection.checked_calendars,
                resource.zone,
                known=snapshot.agendas[resource.id].version,
            )


def _last_known(
    ports: Ports,
    snapshot: SlotSnapshot,
    connection: Connection,
    silent: Mapping[str, UnknownCalendar],
    *,
    window: Interval,
    now: datetime,
) -> dict[str, CalendarState]:
    """What takes the place of answers that did not come, for the calendars of one connection.

    Within the tenant's grace that are the times of the last synchronisation, as old as they are, of calendars
    that could not be reached; every other one stays unknown.
    """
    grace = snapshot.tenant.unreachable.grace
    states: dict[str, CalendarState] = {
        calendar_id(connection.id, key): state for key, state in silent.items()
    }
    unreached = [key for key, unknown in silent.items() if unknown.unreachable]
    if grace is None or not unreached:
        return states
    # In this order: what a state calls complete is in the agenda that is read after it.
    synced = {state.key: state for state in ports.sync_states.of_connection(connection.tenant, connection.id)}
    agenda = ports.catalogue.agenda(connection.tenant, connection.resource, window)
    for key in unreached:
        name, state = calendar_id(connection.id, key), synced.get(key)
        if state is None or not _usable_copy(ports, connection, state, since=now - grace):
            continue
        if state.covered is None or not state.covered.contains(window):
            # Outside the covered range nothing is known, so nothing there is free.
            states[name] = UnknownCalendar("outside_coverage")
        elif state.last_applied_at:
            imported = agenda.imports.get(name, ImportedTimes())
            states[name] = KnownCalendar(imported.busy, imported.free, state.last_applied_at)
    return states


def _usable_copy(ports: Ports, connection: Connection, state: CalendarSync, *, since: datetime) -> bool:
    """Whether a calendar's copy is whole, no older than ``since``, and made under the settings of now.

    Under other settings, or where a calendar is read for our own events alone, a time may be missing in it.
    """
    # Hardly any question comes here, and none should wait for what it does not need.
    from common.domain.sync.followed_calendars import purpose_of  # noqa: PLC0415
    from common.flows.shared.calendar_access import fields_wanted, reference  # noqa: PLC0415

    if not state.complete or state.last_applied_at is None or state.last_applied_at < since:
        return False
    purpose = purpose_of(connection, state.key)
    if not purpose.imports:
        return False
    zone = reference(ports, connection, connection.calendars[state.key]).zone
    return state.fields == fields_wanted(ports, connection, purpose, zone=zone)


def _report(
    name: str, resource: str, answer: LiveAnswer | UnknownCalendar, state: CalendarState
) -> CalendarReport:
    """How well one calendar is known: a time that is only remembered is stale."""
    reason = answer.reason if isinstance(answer, UnknownCalendar) else None
    if isinstance(state, UnknownCalendar):
        return CalendarReport(name, resource, Freshness.UNKNOWN, None, state.reason)
    return CalendarReport(name, resource, Freshness.STALE if reason else Freshness.KNOWN, state.as_of, reason)
