"""Finds out what became of an exported event that is not in its calendar: moved, back, or deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from common.domain.account import CalendarEntry, Connection
from common.domain.booking import Booking, ExportLink, LinkState
from common.domain.event import Detail, ExternalEvent, Gone
from common.domain.importing import Wanted
from common.domain.work import Lane
from common.errors import CalendarGone, Forbidden, UnknownResource
from common.flows.steps.following import arrived, check
from common.flows.steps.missing import holding
from common.flows.steps.overruled import Exported
from common.flows.steps.owner_deletions import follow_deletion
from common.flows.steps.reading import Reading, ask, reference
from common.ports import Ports


class Finding(StrEnum):
    """What became of the event."""

    SETTLED = "settled"
    BACK = "back"
    MOVED = "moved"
    DELETED = "deleted"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class VerifyMoved:
    """Whose event is missing."""

    tenant: str
    connection: str
    booking: str


def verify_moved(ports: Ports, command: VerifyMoved) -> Finding:
    """Look for the event by its id, which it keeps when its owner moves it to another calendar.

    Only a provider that says "gone" for every calendar in which it may be proves a deletion. Any error ends
    this without one.

    Raises:
        Retry: The provider could not be asked.
        Stop: The account or the event's own calendar is out of reach.
    """
    exported = _open(ports, command)
    if exported is None:
        return Finding.SETTLED
    connection, link = exported.connection, exported.link
    if holding(ports.feeds.get(connection.tenant, connection.id, link.calendar)):
        return Finding.HELD
    home = connection.calendars[link.calendar]
    found = _look(ports, connection, home, link.event_id)
    if isinstance(found, ExternalEvent):
        check(ports, _reading(ports, connection, home), exported, found)
        return Finding.BACK
    for entry in _others(connection, home):
        there = _elsewhere(ports, connection, entry, link)
        if there is not None:
            moved = Exported(connection, exported.booking, arrived(ports, link, entry))
            check(ports, _reading(ports, connection, entry), moved, there)
            return Finding.MOVED
    if exported.booking.interval.end <= ports.clock.now():
        # Who tidies up last week's calendar cancels nobody's appointment.
        ports.bookings.save_link(replace(link, state=LinkState.GONE, missing_since=None))
        return Finding.SETTLED
    follow_deletion(ports, exported)
    return Finding.DELETED


def _open(ports: Ports, command: VerifyMoved) -> Exported | None:
    try:
        connection = ports.connections.get(command.tenant, command.connection)
        booking: Booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        return None
    link = ports.bookings.link(command.tenant, command.connection, command.booking)
    if link is None or link.missing_since is None or not booking.active or not connection.usable:
        return None
    if link.calendar not in connection.calendars:
        return None
    return Exported(connection, booking, link)


def _reading(ports: Ports, connection: Connection, entry: CalendarEntry) -> Reading:
    return Reading(
        connection=connection,
        entry=entry,
        calendar=reference(ports, connection, entry),
        wanted=Wanted(imports=False, own=True),
        detail=Detail.FULL,
        fields="",
        lane=Lane.LIVE,
    )


def _others(connection: Connection, home: CalendarEntry) -> list[CalendarEntry]:
    """Where an owner can have moved it to."""
    calendars = sorted(connection.calendars.items())
    return [entry for key, entry in calendars if key != home.key and entry.writable]


def _look(ports: Ports, connection: Connection, entry: CalendarEntry, event_id: str) -> ExternalEvent | Gone:
    reading = _reading(ports, connection, entry)
    return ask(
        ports,
        reading,
        lambda provider, token: provider.get_event(token, reading.calendar, event_id, detail=Detail.FULL),
    )


def _elsewhere(
    ports: Ports, connection: Connection, entry: CalendarEntry, link: ExportLink
) -> ExternalEvent | None:
    try:
        found = _look(ports, connection, entry, link.event_id)
    except (CalendarGone, Forbidden):
        # That calendar was deleted or closed since it was listed: nobody can have moved anything there.
        return None
    return found if isinstance(found, ExternalEvent) else None
