"""Puts together what takes a resource's time: the stored agenda and the live answers of its calendars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.domain import sessions
from common.domain.account import Connection, Status
from common.domain.agenda import Agenda, Imported
from common.domain.catalogue import LONGEST_BUFFER, LONGEST_DURATION, Absence, Resource
from common.domain.interval import Interval
from common.domain.offers import CalendarReport, Freshness
from common.domain.slots import CalendarState, Known, Picture, Unknown
from common.errors import InvalidRequest, UnknownResource
from common.flows.steps import live_busy, own_events
from common.flows.steps.flights import Answers, Heard

if TYPE_CHECKING:
    from common.domain.feed import Feed
    from common.ports import Ports, Scene

_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENDING = frozenset({Status.DISCONNECTING, Status.DISCONNECTED})


@dataclass(frozen=True, slots=True)
class View:
    """What takes the time of some resources, and how far that can be trusted."""

    asked_at: datetime
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    calendars: tuple[CalendarReport, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether any calendar did not answer."""
        return any(report.state is not Freshness.KNOWN for report in self.calendars)

    @property
    def as_of(self) -> datetime:
        """The age of the oldest answer that counts."""
        return min([self.asked_at, *(report.as_of for report in self.calendars if report.as_of)])


def scene_for(ports: Ports, *, tenant: str, service: str, resource: str | None, window: Interval) -> Scene:
    """What the store knows around ``window``, for one resource of a service or for all of them.

    Raises:
        UnknownResource: There is no such service, or the resource does not offer it.
        InvalidRequest: The window is at the end of time.
    """
    try:
        around = window.pad(LONGEST_BUFFER, LONGEST_DURATION + LONGEST_BUFFER)
    except OverflowError as wrong:
        raise InvalidRequest("there is no such date", code="window") from wrong
    scene = ports.catalogue.scene(tenant, service, [resource] if resource else [], around)
    if resource is not None and (resource not in scene.service.resources or resource not in scene.resources):
        raise UnknownResource("this service has no such resource")
    now = ports.clock.now()
    agendas = {name: sessions.living(agenda, now) for name, agenda in scene.agendas.items()}
    return replace(scene, agendas=agendas)


def stored(agenda: Agenda, *, without: str | None = None) -> Picture:
    """What the store alone says; ``without`` names a booking that is about to move."""
    left = sessions.without(agenda, {without}) if without else agenda
    return Picture(
        bookings=tuple(left.bookings.values()),
        absences=tuple(Absence(name, span) for name, span in agenda.absences.items()),
    )


def look(
    ports: Ports,
    scene: Scene,
    resources: Sequence[Resource],
    window: Interval,
    *,
    afresh: bool,
    without: str | None = None,
) -> View:
    """The pictures of some resources for starts inside ``window``, their calendars asked live."""
    now = ports.clock.now()
    service = scene.service
    around = _whole_hours(window.pad(service.buffer_before, service.duration + service.buffer_after))
    asked = [item for resource in resources for item in _asked(scene, resource)]
    answers = live_busy.ask(ports, asked, around, afresh=afresh)
    pictures: dict[str, Picture] = {}
    reports: list[CalendarReport] = []
    for resource in resources:
        agenda = scene.agendas[resource.id]
        reader = own_events.Reader(ports, scene.tenant.id, resource.id, agenda, without)
        states: dict[str, CalendarState] = {}
        for item in _asked(scene, resource):
            memory = _Memory(ports, scene, item.connection, agenda, around, now)
            states |= _states(item, answers, reader, memory)
        reports += (_report(name, resource.id, answers[name], state) for name, state in states.items())
        # A list of free times is the common case, and asks for no causes; sessions have to be told apart.
        caused = afresh or agenda.sessions
        bare = stored(agenda, without=without) if caused else Picture(taken=agenda.taken())
        pictures[resource.id] = replace(bare, calendars=states)
    return View(now, pictures, tuple(reports))


def _states(
    item: live_busy.Asked, answers: Answers, reader: own_events.Reader, memory: _Memory
) -> dict[str, CalendarState]:
    connection, rules = item.connection, item.connection.settings.imports.busy
    states: dict[str, CalendarState] = {}
    silent: dict[str, Unknown] = {}
    for entry in item.calendars:
        name = live_busy.calendar_id(connection.id, entry.key)
        heard = answers[name]
        if isinstance(heard, Heard):
            states[name] = reader.known(heard, connection=connection.id, rules=rules)
        else:
            silent[entry.key] = heard
    return {**states, **(memory.instead_of(silent) if silent else {})}


def _asked(scene: Scene, resource: Resource) -> Iterator[live_busy.Asked]:
    for connection in scene.connections.get(resource.id, ()):
        if connection.status not in _ENDING and connection.enabled_calendars:
            yield live_busy.Asked(
                connection,
                connection.enabled_calendars,
                resource.zone,
                known=scene.agendas[resource.id].version,
            )


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the last synchronisations knew of a connection's calendars."""

    ports: Ports
    scene: Scene
    connection: Connection
    agenda: Agenda
    window: Interval
    now: datetime

    def instead_of(self, silent: Mapping[str, Unknown]) -> dict[str, CalendarState]:
        """The last known times within the tenant's grace, as old as they are; else still unknown."""
        connection = self.connection
        feeds: dict[str, Feed] = {}
        if self.scene.tenant.unreachable.grace is not None and connection.settings.imports.on:
            feeds = {
                feed.key: feed for feed in self.ports.feeds.of_connection(connection.tenant, connection.id)
            }
        return {
            live_busy.calendar_id(connection.id, key): self._recalled(unknown, key, feeds.get(key))
            for key, unknown in silent.items()
        }

    def _recalled(self, unknown: Unknown, key: str, feed: Feed | None) -> CalendarState:
        grace = self.scene.tenant.unreachable.grace
        if grace is None or feed is None or feed.last_applied_at is None or feed.covered is None:
            return unknown
        # A listing that has not ended knows only what was on its pages so far.
        listing = feed.cursor is None or feed.cursor.snapshot or feed.sweeping
        if listing or self.now - feed.last_applied_at > grace:
            return unknown
        # Outside the covered range nothing is known, so nothing there is free.
        if not feed.covered.contains(self.window):
            return Unknown("outside_coverage")
        imported = self.agenda.imports.get(live_busy.calendar_id(self.connection.id, key), Imported())
        return Known(imported.busy, imported.free, feed.last_applied_at)


def _report(name: str, resource: str, heard: Heard | Unknown, state: CalendarState) -> CalendarReport:
    reason = heard.reason if isinstance(heard, Unknown) else None
    if isinstance(state, Unknown):
        return CalendarReport(name, resource, Freshness.UNKNOWN, None, state.reason)
    fresh = Freshness.STALE if reason else Freshness.KNOWN
    return CalendarReport(name, resource, fresh, state.as_of, reason)


def _whole_hours(span: Interval) -> Interval:
    """Rounded outward, so that questions asked a moment apart are identical."""
    start, end = span.start - (span.start - _EPOCH) % _HOUR, span.end + (_EPOCH - span.end) % _HOUR
    return Interval(start, end)
