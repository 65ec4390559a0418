"""Ends a full listing: what it did not show is looked at one by one, and only what is proven gone goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from common.domain.calendar.sync_state import CalendarSync
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.shared.tasks import Lane
from common.domain.sync import upkeep
from common.domain.sync.imported_events import ImportedEvent, UnitChange
from common.domain.sync.windows import aged
from common.errors import UnexpectedReply, UnknownResource
from common.flows.export.own_event_changes import (
    check_own_event,
    handle_missing_events,
    missing_links,
    notify_deletions_held,
)
from common.flows.export.owner_edits import ExportedBooking
from common.flows.shared.calendar_access import CalendarAccess, booked
from common.flows.sync.import_events import probe, probe_series
from common.ports import Ports

CHUNK = 20
Stale = Mapping[str, Sequence[ImportedEvent]]


def sweep(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync:
    """Deal with one chunk of what an ended listing did not show.

    Events that have passed out of the window go without a word. The breaker looks first: where most of a
    calendar is missing, the listing is likelier wrong than the calendar empty. An error proves nothing and
    ends the chunk.

    Raises:
        Conflict: Somebody else has the lease by now.
    """
    units = _by_unit(ports.sync_states.stale(feed))
    suspects = _suspects(ports, units) if reading.wanted.imports else {}
    changes = [UnitChange(unit, ()) for unit in units if unit not in suspects]
    found = upkeep.held(
        missing=_future(ports, suspects), known=len(suspects) + feed.listed, now=ports.clock.now()
    )
    if found and not (feed.held and feed.held.released):
        notify_deletions_held(ports, feed)
        return ports.sync_states.commit(replace(feed, held=found), reading.connection.resource, changes)
    chunk = sorted(suspects)[:CHUNK]
    reading = booked(ports, reading, len(chunk))
    changes += [UnitChange(unit, _present(ports, reading, feed, suspects[unit])) for unit in chunk]
    alive = sum(bool(change.events) for change in changes)
    after = replace(feed, listed=feed.listed + alive)
    if len(chunk) == len(suspects):
        after = replace(after, units=after.listed, sweeping=False, held=None)
    return ports.sync_states.commit(after, reading.connection.resource, changes)


def _by_unit(stale: Sequence[ImportedEvent]) -> Stale:
    unit = attrgetter("unit")
    return {key: tuple(events) for key, events in groupby(sorted(stale, key=unit), key=unit)}


def _suspects(ports: Ports, units: Stale) -> Stale:
    now = ports.clock.now()
    return {unit: events for unit, events in units.items() if not all(aged(event, now) for event in events)}


def _future(ports: Ports, suspects: Stale) -> int:
    now = ports.clock.now()
    return sum(any(event.interval.end > now for event in events) for events in suspects.values())


def _present(
    ports: Ports, reading: CalendarAccess, feed: CalendarSync, events: Sequence[ImportedEvent]
) -> tuple[ImportedEvent, ...]:
    """What the provider says of one unit when it is asked for it by name."""
    unit = events[0].unit
    try:
        if any(event.key != unit for event in events):
            return probe_series(ports, reading, feed, unit) or ()
        return probe(ports, reading, feed, unit)
    except UnexpectedReply:
        # There, but not to be understood: its time stays taken.
        return tuple(event._replace(generation=feed.generation) for event in events)


def sweep_own(
    ports: Ports, reading: CalendarAccess, feed: CalendarSync, *, after: str | None
) -> tuple[CalendarSync, str | None]:
    """Look at one chunk of the exported events that a listing may not have shown; where to go on, or None.

    A deletion that happened while the cursor was dead is in no delta.
    """
    connection, reading = reading.connection, replace(reading, lane=Lane.LIVE)
    links = ports.bookings.links(connection.tenant, connection.id, after=after, limit=CHUNK)
    for link in links:
        exported = _exported(ports, reading, link)
        if exported:
            check_own_event(ports, reading, exported, None)
    if len(links) == CHUNK:
        return feed, links[-1].booking
    held = handle_missing_events(ports, reading, feed, missing_links(ports, connection, reading.entry.key))
    return (ports.sync_states.save(replace(feed, held=held)) if held else feed), None


def _exported(ports: Ports, reading: CalendarAccess, link: ExportLink) -> ExportedBooking | None:
    if link.calendar != reading.entry.key or link.state is not LinkState.LIVE:
        return None
    try:
        booking = ports.bookings.get(link.tenant, link.booking)
    except UnknownResource:
        return None
    if not booking.active or booking.interval.end <= ports.clock.now():
        return None
    return ExportedBooking(reading.connection, booking, link)
