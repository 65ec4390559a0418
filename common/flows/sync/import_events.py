"""Turns what a page reports into what is stored of each unit: the single event, or the whole series."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.event import (
    Change,
    ExternalEvent,
    Gone,
    Kind,
    Removal,
    SeriesTouched,
    Unreadable,
    Upsert,
)
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarSync, OccurrencePage, Quarantined
from common.domain.notify import Notice, NoticeKind
from common.domain.sync.imported_events import EventCopier, ImportedEvent, microseconds
from common.domain.sync.windows import covered, import_window
from common.errors import UnexpectedReply
from common.flows.shared.calendar_access import CalendarAccess, ask, booked
from common.ports import Ports

MOST_PAGES = 40
Units = dict[str, tuple[ImportedEvent, ...]]


@dataclass(slots=True)
class ImportPlan:
    """What a page makes of the units that it names, and what on it could not be understood.

    ``before`` is what is stored of them, as far as it was looked at.
    """

    units: Units = field(default_factory=dict)
    before: Mapping[str, tuple[ImportedEvent, ...]] = field(default_factory=dict)
    poison: list[Quarantined] = field(default_factory=list)


def _copier(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> EventCopier:
    """The rules of this moment."""
    settings = reading.connection.settings.imports
    return EventCopier(settings, feed.generation, import_window(ports.clock.now()))


def _alone(copier: EventCopier, event: ExternalEvent) -> tuple[ImportedEvent, ...]:
    """What is stored of an event that is a unit of its own, if anything."""
    copy = copier.copy(event)
    return (copy,) if copy else ()


def plan(
    ports: Ports,
    reading: CalendarAccess,
    feed: CalendarSync,
    changes: tuple[Change, ...],
    *,
    own: Mapping[str, Interval | None],
) -> ImportPlan:
    """What the changes of a page mean for the stored copies.

    Args:
        ports: The outside.
        reading: The calendar and its settings.
        feed: Its state; the copies get its generation.
        changes: What the page reports.
        own: Events of ours by id, with their bookings' times; they are never imported.
    """
    made = ImportPlan()
    # All others are single events, which need nothing but themselves.
    special = _special(changes)
    unproven = sum(isinstance(change, Removal) and not change.proven for change in special)
    reading = booked(ports, reading, len(_series(ports, feed, special)) + unproven)
    if unproven:
        changes = tuple(_proven(ports, reading, change) for change in changes)
        special = _special(changes)
    series = _series(ports, feed, special)
    copier = _copier(ports, reading, feed)
    for change in changes:
        if isinstance(change, Upsert):
            event = change.event
            copy = None if event.id in own else copier.copy(event)
            made.units[event.id] = (copy,) if copy else ()
        elif isinstance(change, Removal):
            made.units[change.id] = ()
        elif isinstance(change, Unreadable):
            made.poison.append(Quarantined(change.id, change.reason, ports.clock.now()))
    for unit, touched in series.items():
        found = _expanded(ports, reading, feed, unit, made)
        made.units[unit] = _without(found or (), own.get(unit))
        # Of a series that cannot be read there are only the dates that were shared.
        for change in touched:
            if change.id is not None and change.id != unit:
                alone = change.occurrence if found is None else None
                made.units[change.id] = _alone(copier, _single(alone)) if alone else ()
    if not feed.cursor or not feed.cursor.snapshot:
        _drop_known(ports, feed, made)
    return made


def _special(changes: Sequence[Change]) -> Sequence[Change]:
    plain = set(map(type, changes)) <= {Upsert}
    return () if plain else [change for change in changes if not isinstance(change, Upsert)]


def _proven(ports: Ports, reading: CalendarAccess, change: Change) -> Change:
    """A reported removal as what it is: gone, or only out of the range that the provider reports on."""
    if not isinstance(change, Removal) or change.proven:
        return change
    found = _read(ports, reading, change.id)
    if isinstance(found, Gone) or found.cancelled:
        return Removal(change.id)
    if found.kind is Kind.SERIES:
        return SeriesTouched(found.id)
    return SeriesTouched(found.series_id, found.id, found) if found.series_id else Upsert(found)


def _series(
    ports: Ports, feed: CalendarSync, changes: Sequence[Change]
) -> Mapping[str, Sequence[SeriesTouched]]:
    """The series to expand; a full listing names them once for each exception, on any of its pages."""
    named: dict[str, list[SeriesTouched]] = {}
    for change in changes:
        if isinstance(change, SeriesTouched):
            named.setdefault(change.series_id, []).append(change)
    if not named or feed.cursor is None or not feed.cursor.snapshot:
        return named
    stored = ports.sync_states.units(feed, sorted(named))
    return {
        unit: touched
        for unit, touched in named.items()
        if not any(event.generation == feed.generation for event in stored.get(unit, ()))
    }


def _drop_known(ports: Ports, feed: CalendarSync, made: ImportPlan) -> None:
    """Leave out what is stored exactly like this already: an idle calendar writes nothing."""
    if not made.units:
        return
    made.before = ports.sync_states.units(feed, sorted(made.units))
    for unit, events in tuple(made.units.items()):
        if sorted(made.before.get(unit, ())) == sorted(events):
            del made.units[unit]


def copies(
    ports: Ports, reading: CalendarAccess, feed: CalendarSync, event: ExternalEvent
) -> tuple[ImportedEvent, ...]:
    """What is stored of one event that belongs to no series that can be read."""
    return _alone(_copier(ports, reading, feed), _single(event))


def _single(event: ExternalEvent) -> ExternalEvent:
    """An occurrence without a series of its own (an invitation to one date only) stands alone."""
    return event._replace(series_id=None) if event.kind is Kind.OCCURRENCE else event


def probe(ports: Ports, reading: CalendarAccess, feed: CalendarSync, unit: str) -> tuple[ImportedEvent, ...]:
    """What a unit looks like now, asked one by one; empty only where the provider proves that it is gone."""
    found = _read(ports, reading, unit)
    if isinstance(found, Gone):
        return ()
    if found.kind is Kind.SERIES:
        return probe_series(ports, reading, feed, unit) or ()
    if found.series_id and probe_series(ports, reading, feed, found.series_id) is not None:
        # It stands with its series, which is a unit of its own.
        return ()
    return copies(ports, reading, feed, found)


def _read(ports: Ports, reading: CalendarAccess, event_id: str) -> ExternalEvent | Gone:
    return ask(
        ports,
        reading,
        lambda provider, token: provider.get_event(token, reading.calendar, event_id, detail=reading.detail),
    )


def probe_series(
    ports: Ports, reading: CalendarAccess, feed: CalendarSync, unit: str
) -> tuple[ImportedEvent, ...] | None:
    """What a series looks like now; None only where the provider proves that it is gone."""
    return _expanded(ports, reading, feed, unit, ImportPlan())


def _expanded(
    ports: Ports, reading: CalendarAccess, feed: CalendarSync, series: str, made: ImportPlan
) -> tuple[ImportedEvent, ...] | None:
    """All occurrences in the covered range; None where the series is gone or was never shared."""
    now = ports.clock.now()
    window = feed.covered or covered(now, months=ports.tuning.months_covered)
    copier = _copier(ports, reading, feed)
    found: dict[str, ImportedEvent] = {}
    page: str | None = None
    for _ in range(MOST_PAGES):
        answer = _occurrences(ports, reading, series, window, page)
        if isinstance(answer, Gone):
            return None
        for event in answer.events:
            copy = copier.copy(event)
            if copy:
                found[copy.key] = copy._replace(unit=series)
        if answer.unreadable:
            made.poison.append(Quarantined(series, "unreadable_occurrences", now))
        page = answer.page
        if page is None:
            return tuple(found.values())
    raise UnexpectedReply("a series without an end of pages", code="endless_pages")


def _occurrences(
    ports: Ports, reading: CalendarAccess, series: str, window: Interval, page: str | None
) -> OccurrencePage | Gone:
    return ask(
        ports,
        reading,
        lambda provider, token: provider.occurrences(
            token, reading.calendar, series, window, detail=reading.detail, page=page
        ),
    )


def _without(events: tuple[ImportedEvent, ...], own: Interval | None) -> tuple[ImportedEvent, ...]:
    """An own event that its owner made recurring: its first date is the booking, the others are foreign."""
    if own is None:
        return events
    return tuple(event for event in events if event.start_us != microseconds(own.start))


def flag(ports: Ports, reading: CalendarAccess, made: ImportPlan) -> None:
    """Mark the active bookings that lie under a new or changed blocking event, and clear outdated marks.

    Providers cannot refuse an event because of a booking, so this can only be found out afterwards.
    """
    fresh = _upcoming(ports, made.units)
    former = [event for unit, event in _upcoming(ports, made.before) if unit in made.units]
    events = [*(event for _, event in fresh), *former]
    if not events:
        return
    window = Interval(
        min(event.interval.start for event in events), max(event.interval.end for event in events)
    )
    connection = reading.connection
    for booking in ports.bookings.overlapping(connection.tenant, connection.resource, window):
        event = next((event for _, event in fresh if _hit(booking, event)), None)
        if event and booking.conflict is None:
            _mark(ports, reading, booking, event)
        elif booking.conflict == reading.entry.key and any(_hit(booking, one) for one in former):
            _clear(ports, reading, booking, made, still=event is not None)


def _upcoming(
    ports: Ports, units: Mapping[str, tuple[ImportedEvent, ...]]
) -> list[tuple[str, ImportedEvent]]:
    now = ports.clock.now()
    return [
        (unit, event)
        for unit, events in units.items()
        for event in events
        if event.blocks and event.interval.end > now
    ]


def _hit(booking: Booking, event: ImportedEvent) -> bool:
    return booking.interval.overlaps(event.interval)


def _mark(ports: Ports, reading: CalendarAccess, booking: Booking, event: ImportedEvent) -> None:
    cause = hashlib.sha256(f"{reading.entry.key}:{event.key}".encode()).hexdigest()[:16]
    notice = Notice(
        id=f"conflict-{booking.id}-{booking.revision}-{cause}",
        tenant=booking.tenant,
        kind=NoticeKind.BOOKING_CONFLICT,
        at=ports.clock.now(),
        connection=reading.connection.id,
        booking=booking.id,
    )
    # The revision stays: nothing of this is to be exported.
    after = replace(booking, conflict=reading.entry.key)
    ports.bookings.commit(BookingChange(before=booking, after=after, notices=(notice,)))


def _clear(ports: Ports, reading: CalendarAccess, booking: Booking, made: ImportPlan, *, still: bool) -> None:
    """Take the mark away once nothing of this calendar is in the booking's time any more."""
    stored = ports.sync_states.imported(
        booking.tenant, reading.connection.id, reading.entry.key, booking.interval
    )
    if still or any(event.blocks and event.unit not in made.units for event in stored):
        return
    ports.bookings.commit(BookingChange(before=booking, after=replace(booking, conflict=None)))
