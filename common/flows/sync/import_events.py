"""Turns what a page reports into what is stored of each unit: a single event, or a whole series."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import BLIND
from common.domain.calendar.event import (
    Change,
    ExternalEvent,
    Flaw,
    Gone,
    Kind,
    Removal,
    SeriesTouched,
    Unreadable,
    Upsert,
)
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarSync, OccurrencePage, Quarantined
from common.domain.notify import NoticeKind, new_notice
from common.domain.sync.imported_events import EventCopier, ImportedEvent
from common.domain.sync.windows import covered, import_window
from common.errors import UnexpectedReply
from common.flows.shared.calendar_access import CalendarAccess, ask, book_requests
from common.ports import Ports

MOST_PAGES = 40
Events = tuple[ImportedEvent, ...]


@dataclass(slots=True)
class ImportPlan:
    """What a page makes of the units that it names, and what on it could not be understood.

    Attributes:
        units: The events of each unit from now on; none where it is gone or nothing may be kept of it.
        before: What is stored of these units, as far as it was read.
        read: All units whose state was told, also those that are stored like this already.
        quarantined: Units that could not be read as they should be.
    """

    units: dict[str, Events] = field(default_factory=dict)
    before: Mapping[str, Events] = field(default_factory=dict)
    read: frozenset[str] = frozenset()
    quarantined: list[Quarantined] = field(default_factory=list)

    def note_flaw(self, event: ExternalEvent, unit: str, *, now: datetime) -> None:
        """List a unit with an event that could not be read as it should be; what is over is left out."""
        if event.flaw and not event.cancelled and event.belongs_to(import_window(now)):
            self.quarantined.append(Quarantined(unit, event.flaw.value, now))


def plan_imports(
    ports: Ports,
    access: CalendarAccess,
    state: CalendarSync,
    changes: tuple[Change, ...],
    *,
    own: Mapping[str, str | None],
) -> ImportPlan:
    """What the changes of a page mean for the stored copies.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its synchronisation state; the copies get its generation.
        changes: What the page reports.
        own: Events of ours by id, with the key of what of each is a booking; that is never imported.
    """
    plan = ImportPlan()
    # All others are single events, which need nothing but themselves.
    special = _special(changes)
    unproven = sum(isinstance(change, Removal) and not change.proven for change in special)
    access = book_requests(ports, access, len(_touched_series(ports, state, special)) + unproven)
    if unproven:
        changes = tuple(_proven(ports, access, change) for change in changes)
        special = _special(changes)
    series = _touched_series(ports, state, special)
    copier = _copier(ports, access, state)
    for change in changes:
        if isinstance(change, Upsert):
            event = change.event
            plan.units[event.id] = () if event.id in own else _copies(copier, event)
        elif isinstance(change, Removal):
            plan.units[change.id] = ()
        elif isinstance(change, Unreadable):
            plan.quarantined.append(Quarantined(change.id, change.reason, ports.clock.now()))
    for unit, touched in series.items():
        found = _expanded(ports, access, state, unit, plan)
        plan.units[unit] = _without_booking(found or (), own.get(unit))
        # Of a series that cannot be read there are only the dates that were shared.
        for change in touched:
            if change.id is not None and change.id != unit:
                alone = change.occurrence if found is None else None
                plan.units[change.id] = _copies(copier, _single(alone)) if alone else ()
    plan.read = frozenset(plan.units)
    _note_flaws(ports, plan, changes, own)
    if not state.cursor or not state.cursor.snapshot:
        _drop_unchanged(ports, state, plan)
    return plan


def _note_flaws(
    ports: Ports, plan: ImportPlan, changes: Sequence[Change], own: Mapping[str, Interval | None]
) -> None:
    """List the flawed single events of a page; what is wrong with our own is undone instead."""
    for change in changes:
        event = change.event if isinstance(change, Upsert) else None
        if isinstance(change, SeriesTouched) and not plan.units.get(change.series_id):
            event = change.occurrence
        if event and event.flaw and event.id in plan.units and event.id not in own:
            plan.note_flaw(event, event.id, now=ports.clock.now())


def _special(changes: Sequence[Change]) -> Sequence[Change]:
    plain = set(map(type, changes)) <= {Upsert}
    return () if plain else [change for change in changes if not isinstance(change, Upsert)]


def _touched_series(
    ports: Ports, state: CalendarSync, changes: Sequence[Change]
) -> Mapping[str, Sequence[SeriesTouched]]:
    """The series to expand; a full listing names them once for each exception, on any of its pages."""
    named: dict[str, list[SeriesTouched]] = {}
    for change in changes:
        if isinstance(change, SeriesTouched):
            named.setdefault(change.series_id, []).append(change)
    if not named or state.cursor is None or not state.cursor.snapshot:
        return named
    stored = ports.sync_states.units(state, sorted(named))
    return {
        unit: touched
        for unit, touched in named.items()
        if not any(event.generation == state.generation for event in stored.get(unit, ()))
    }


def _proven(ports: Ports, access: CalendarAccess, change: Change) -> Change:
    """A reported removal as what it is: gone, or only out of the range that the provider reports on."""
    if not isinstance(change, Removal) or change.proven:
        return change
    found = _read_event(ports, access, change.id)
    if isinstance(found, Gone) or found.cancelled:
        return Removal(change.id)
    if found.kind is Kind.SERIES:
        return SeriesTouched(found.id)
    return SeriesTouched(found.series_id, found.id, found) if found.series_id else Upsert(found)


def _copier(ports: Ports, access: CalendarAccess, state: CalendarSync) -> EventCopier:
    """Copies events under the settings and in the window of this moment."""
    settings = access.connection.settings.imports
    blind = access.calendar.role in BLIND
    return EventCopier(settings, state.generation, import_window(ports.clock.now()), blind=blind)


def _copies(copier: EventCopier, event: ExternalEvent) -> Events:
    """What is stored of an event that is a unit of its own, if anything."""
    copy = copier.copy(event)
    return (copy,) if copy else ()


def _single(event: ExternalEvent) -> ExternalEvent:
    """An occurrence without a series of its own (an invitation to one date only) stands alone."""
    return event._replace(series_id=None) if event.kind is Kind.OCCURRENCE else event


def _without_booking(events: Events, booking: str | None) -> Events:
    """A series that an owner made of our event: one date is the booking (its key), the others are foreign."""
    return events if booking is None else tuple(event for event in events if event.key != booking)


def _drop_unchanged(ports: Ports, state: CalendarSync, plan: ImportPlan) -> None:
    """Leave out what is stored exactly like this already: an idle calendar writes nothing."""
    if not plan.units:
        return
    plan.before = ports.sync_states.units(state, sorted(plan.units))
    for unit, events in tuple(plan.units.items()):
        if sorted(plan.before.get(unit, ())) == sorted(events):
            del plan.units[unit]


def read_unit(ports: Ports, access: CalendarAccess, state: CalendarSync, unit: str) -> Events:
    """What is to be stored of a unit, read by its id; empty only where the provider proves it gone."""
    found = _read_event(ports, access, unit)
    if isinstance(found, Gone):
        return ()
    if found.kind is Kind.SERIES:
        return read_series(ports, access, state, unit) or ()
    if found.series_id and read_series(ports, access, state, found.series_id) is not None:
        # It stands with its series, which is a unit of its own.
        return ()
    return _copies(_copier(ports, access, state), _single(found))


def read_series(ports: Ports, access: CalendarAccess, state: CalendarSync, unit: str) -> Events | None:
    """What is to be stored of a series, read by its id; None only where the provider proves it gone."""
    found = _expanded(ports, access, state, unit, ImportPlan())
    if not found:
        return found
    link = ports.bookings.links_by_series(state.tenant, state.connection, [unit]).get(unit)
    return _without_booking(found, f"{unit}#{link.original_start}" if link else None)


def _read_event(ports: Ports, access: CalendarAccess, event_id: str) -> ExternalEvent | Gone:
    return ask(
        ports,
        access,
        lambda provider, token: provider.get_event(token, access.calendar, event_id, detail=access.detail),
    )


def _expanded(
    ports: Ports, access: CalendarAccess, state: CalendarSync, series: str, plan: ImportPlan
) -> Events | None:
    """All occurrences in the covered range; None where the series is gone or was never shared."""
    now = ports.clock.now()
    window = state.covered or covered(now, months=ports.tuning.months_covered)
    copier = _copier(ports, access, state)
    found: dict[str, ImportedEvent] = {}
    page: str | None = None
    for _ in range(MOST_PAGES):
        answer = _read_occurrences(ports, access, series, window, page)
        if isinstance(answer, Gone):
            return None
        for event in answer.events:
            copy = copier.copy(event)
            if copy:
                found[copy.key] = copy._replace(unit=series)
            plan.note_flaw(event, series, now=now)
        if answer.nameless:
            plan.quarantined.append(Quarantined("", Flaw.NO_ID, now))
        page = answer.page
        if page is None:
            return tuple(found.values())
    raise UnexpectedReply("a series without an end of pages", code="endless_pages")


def _read_occurrences(
    ports: Ports, access: CalendarAccess, series: str, window: Interval, page: str | None
) -> OccurrencePage | Gone:
    return ask(
        ports,
        access,
        lambda provider, token: provider.occurrences(
            token, access.calendar, series, window, detail=access.detail, page=page
        ),
    )


def update_conflicts(
    ports: Ports, access: CalendarAccess, plan: ImportPlan, *, known: AbstractSet[str] = frozenset()
) -> None:
    """Mark the active bookings that lie under a new or changed blocking event, and clear outdated marks.

    Providers cannot refuse an event because of a booking, so this can only be found out afterwards.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        plan: What a page means for the stored copies.
        known: The keys of events that mark nothing, because people were told of them otherwise.
    """
    fresh = [(unit, event) for unit, event in _upcoming(ports, plan.units) if event.key not in known]
    former = [event for unit, event in _upcoming(ports, plan.before) if unit in plan.units]
    events = [*(event for _, event in fresh), *former]
    if not events:
        return
    # What began long ago says nothing of bookings that are past.
    earliest = import_window(ports.clock.now()).start
    window = Interval(
        max(earliest, min(event.interval.start for event in events)),
        max(event.interval.end for event in events),
    )
    connection = access.connection
    for booking in ports.bookings.overlapping(connection.tenant, connection.resource, window):
        event = next((event for _, event in fresh if _overlap(booking, event)), None)
        if event and booking.conflict is None:
            _mark_conflict(ports, access, booking, event)
        elif booking.conflict == access.entry.key and any(_overlap(booking, one) for one in former):
            _clear_conflict(ports, access, booking, plan, still=event is not None)


def _upcoming(ports: Ports, units: Mapping[str, Events]) -> list[tuple[str, ImportedEvent]]:
    """The blocking events that have not ended, each with its unit."""
    now = ports.clock.now()
    return [
        (unit, event)
        for unit, events in units.items()
        for event in events
        if event.blocks and event.interval.end > now
    ]


def _overlap(booking: Booking, event: ImportedEvent) -> bool:
    return booking.interval.overlaps(event.interval)


def _mark_conflict(ports: Ports, access: CalendarAccess, booking: Booking, event: ImportedEvent) -> None:
    cause = hashlib.sha256(f"{access.entry.key}:{event.key}".encode()).hexdigest()[:16]
    notice = new_notice(
        NoticeKind.BOOKING_CONFLICT,
        tenant=booking.tenant,
        cause=f"{booking.id}-{booking.revision}-{cause}",
        at=ports.clock.now(),
        connection=access.connection.id,
        booking=booking.id,
    )
    # The revision stays: nothing of this is to be exported.
    after = replace(booking, conflict=access.entry.key)
    ports.bookings.commit(BookingChange(before=booking, after=after, notices=(notice,)))


def _clear_conflict(
    ports: Ports, access: CalendarAccess, booking: Booking, plan: ImportPlan, *, still: bool
) -> None:
    """Take the mark away once nothing of this calendar is in the booking's time any more."""
    stored = ports.sync_states.imported(
        booking.tenant, access.connection.id, access.entry.key, booking.interval
    )
    if still or any(event.blocks and event.unit not in plan.units for event in stored):
        return
    ports.bookings.commit(BookingChange(before=booking, after=replace(booking, conflict=None)))
