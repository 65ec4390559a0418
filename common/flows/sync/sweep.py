"""Ends a full listing: what it did not show is read one by one, and only what is proven gone is removed.

This is the sweep of mark and sweep: a listing stamps what it shows with its generation, and whatever still
has an older one afterwards is suspect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from common.domain.calendar.sync_state import CalendarSync, PendingKind, PendingUnit, deletions_to_hold
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.shared.tasks import Lane
from common.domain.sync.imported_events import ImportedEvent, UnitChange
from common.domain.sync.windows import aged, beyond
from common.errors import UnknownResource
from common.flows.export.lost_events import handle_missing_events, missing_links, notify_deletions_held
from common.flows.export.own_event_changes import check_own_event
from common.flows.export.owner_edits import ExportedBooking
from common.flows.shared.calendar_access import CalendarAccess
from common.flows.sync.import_events import ImportPlan
from common.flows.sync.quarantine import list_flawed
from common.ports import Ports

# Links that are looked at, or suspects that are read, before the sweep goes on from what is stored.
CHUNK, MOST_SUSPECTS = 20, 100
StaleUnits = Mapping[str, Sequence[ImportedEvent]]


def sweep_imported(ports: Ports, access: CalendarAccess, state: CalendarSync) -> CalendarSync:
    """Deal with one chunk of the imported events that an ended listing did not show; the state as stored.

    Events outside the covered range, past or further ahead than it reaches now, are removed without asking:
    nothing is known there, so nothing there is free. The others are pending from now on, each to be read by
    its id. The breaker comes first: where most of a calendar is missing, the listing is
    likelier wrong than the calendar empty. The sweep ends once there is nothing left to suspect.

    Raises:
        Conflict: Somebody else has the lease by now.
    """
    units = _by_unit(ports.sync_states.stale(state))
    suspects = _suspects(ports, access, state, units) if access.purpose.imports else {}
    changes = [UnitChange(unit, ()) for unit in units if unit not in suspects]
    held = deletions_to_hold(
        missing=_future(ports, suspects), known=len(suspects) + state.listed, now=ports.clock.now()
    )
    if held and not (state.held and state.held.released):
        notify_deletions_held(ports, state)
        return ports.sync_states.commit(replace(state, held=held), access.connection.resource, changes)
    after, flawed = replace(state, moved_at=ports.clock.now()), None
    if suspects:
        # Each as one event first: the occurrences of a series are told of wherever it is.
        chunk = (
            PendingUnit(unit, PendingKind.EVENT, suspect=True) for unit in sorted(suspects)[:MOST_SUSPECTS]
        )
        after = after.with_pending((), chunk)
    else:
        after = replace(after, units=after.listed, sweeping=False, held=None)
        after, flawed = list_flawed(ports, after, ImportPlan(), ended=True)
    return ports.sync_states.commit(after, access.connection.resource, changes, quarantine=flawed)


def _by_unit(stale: Sequence[ImportedEvent]) -> StaleUnits:
    unit = attrgetter("unit")
    return {key: tuple(events) for key, events in groupby(sorted(stale, key=unit), key=unit)}


def _suspects(ports: Ports, access: CalendarAccess, state: CalendarSync, units: StaleUnits) -> StaleUnits:
    """The units that the listing should have shown, if they are still there."""
    now = ports.clock.now()
    endless = ports.providers[access.connection.provider].calendar.abilities.endless_listing
    listed = None if endless else state.covered

    def outside(event: ImportedEvent) -> bool:
        return aged(event, now) or beyond(event, listed)

    return {unit: events for unit, events in units.items() if not all(map(outside, events))}


def _future(ports: Ports, suspects: StaleUnits) -> int:
    now = ports.clock.now()
    return sum(any(event.interval.end > now for event in events) for events in suspects.values())


def sweep_exported(
    ports: Ports,
    access: CalendarAccess,
    state: CalendarSync,
    *,
    after: str | None,
    until: datetime,
) -> tuple[CalendarSync, str | None]:
    """Check one chunk of the exported events that a listing may not have shown.

    A deletion that happened while the cursor was expired is in no delta.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its synchronisation state.
        after: The booking behind which this chunk begins; None for the first one.
        until: When to check no further event; one is checked in any case.

    Returns:
        The state as stored, and the booking behind which the next chunk begins; None after the last one.
    """
    connection, access = access.connection, replace(access, lane=Lane.LIVE)
    links = ports.bookings.links(connection.tenant, connection.id, after=after, limit=CHUNK)
    for number, link in enumerate(links):
        if number and ports.clock.now() >= until:
            return state, links[number - 1].booking
        exported = _exported(ports, access, link)
        if exported:
            check_own_event(ports, access, exported, None)
    if len(links) == CHUNK:
        return state, links[-1].booking
    held = handle_missing_events(ports, access, state, missing_links(ports, connection, access.entry.key))
    return (ports.sync_states.save(replace(state, held=held)) if held else state), None


def _exported(ports: Ports, access: CalendarAccess, link: ExportLink) -> ExportedBooking | None:
    """The booking behind a link, where it is still to come and its event should be in this calendar."""
    if link.calendar != access.entry.key or link.state is not LinkState.LIVE:
        return None
    try:
        booking = ports.bookings.get(link.tenant, link.booking)
    except UnknownResource:
        return None
    if not booking.active or booking.interval.end <= ports.clock.now():
        return None
    return ExportedBooking(access.connection, booking, link)
