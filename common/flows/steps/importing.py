"""Turns what a page reports into what is stored of each unit: the single event, or the whole series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.domain.event import (
    Change,
    ExternalEvent,
    Gone,
    Kind,
    Removal,
    SeriesTouched,
    Unreadable,
    Upsert,
)
from common.domain.feed import Feed, OccurrencePage
from common.domain.importing import Copier
from common.domain.imports import ImportedEvent, microseconds
from common.domain.interval import Interval
from common.domain.windows import covered, import_window
from common.domain.work import Quarantined
from common.errors import UnexpectedReply
from common.flows.steps.reading import Reading, ask, booked
from common.ports import Ports

MOST_PAGES = 40

Units = dict[str, tuple[ImportedEvent, ...]]


@dataclass(slots=True)
class Plan:
    """What a page makes of the units that it names, and what on it could not be understood.

    ``before`` is what is stored of them, as far as it was looked at.
    """

    units: Units = field(default_factory=dict)
    before: Mapping[str, tuple[ImportedEvent, ...]] = field(default_factory=dict)
    poison: list[Quarantined] = field(default_factory=list)


def _copier(ports: Ports, reading: Reading, feed: Feed) -> Copier:
    """The rules of this moment."""
    settings = reading.connection.settings.imports
    return Copier(settings, feed.generation, import_window(ports.clock.now()))


def _alone(copier: Copier, event: ExternalEvent) -> tuple[ImportedEvent, ...]:
    """What is stored of an event that is a unit of its own, if anything."""
    copy = copier.copy(event)
    return (copy,) if copy else ()


def plan(
    ports: Ports,
    reading: Reading,
    feed: Feed,
    changes: tuple[Change, ...],
    *,
    own: Mapping[str, Interval | None],
) -> Plan:
    """What the changes of a page mean for the stored copies.

    Args:
        ports: The outside.
        reading: The calendar and its settings.
        feed: Its state; the copies get its generation.
        changes: What the page reports.
        own: Events of ours by id, with their bookings' times; they are never imported.
    """
    made = Plan()
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


def _proven(ports: Ports, reading: Reading, change: Change) -> Change:
    """A reported removal as what it is: gone, or only out of the range that the provider reports on."""
    if not isinstance(change, Removal) or change.proven:
        return change
    found = _read(ports, reading, change.id)
    if isinstance(found, Gone) or found.cancelled:
        return Removal(change.id)
    if found.kind is Kind.SERIES:
        return SeriesTouched(found.id)
    return SeriesTouched(found.series_id, found.id, found) if found.series_id else Upsert(found)


def _series(ports: Ports, feed: Feed, changes: Sequence[Change]) -> Mapping[str, Sequence[SeriesTouched]]:
    """The series to expand; a full listing names them once for each exception, on any of its pages."""
    named: dict[str, list[SeriesTouched]] = {}
    for change in changes:
        if isinstance(change, SeriesTouched):
            named.setdefault(change.series_id, []).append(change)
    if not named or feed.cursor is None or not feed.cursor.snapshot:
        return named
    stored = ports.feeds.units(feed, sorted(named))
    return {
        unit: touched
        for unit, touched in named.items()
        if not any(event.generation == feed.generation for event in stored.get(unit, ()))
    }


def _drop_known(ports: Ports, feed: Feed, made: Plan) -> None:
    """Leave out what is stored exactly like this already: an idle calendar writes nothing."""
    if not made.units:
        return
    made.before = ports.feeds.units(feed, sorted(made.units))
    for unit, events in tuple(made.units.items()):
        if sorted(made.before.get(unit, ())) == sorted(events):
            del made.units[unit]


def copies(ports: Ports, reading: Reading, feed: Feed, event: ExternalEvent) -> tuple[ImportedEvent, ...]:
    """What is stored of one event that belongs to no series that can be read."""
    return _alone(_copier(ports, reading, feed), _single(event))


def _single(event: ExternalEvent) -> ExternalEvent:
    """An occurrence without a series of its own (an invitation to one date only) stands alone."""
    return event._replace(series_id=None) if event.kind is Kind.OCCURRENCE else event


def probe(ports: Ports, reading: Reading, feed: Feed, unit: str) -> tuple[ImportedEvent, ...]:
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


def _read(ports: Ports, reading: Reading, event_id: str) -> ExternalEvent | Gone:
    return ask(
        ports,
        reading,
        lambda provider, token: provider.get_event(token, reading.calendar, event_id, detail=reading.detail),
    )


def probe_series(ports: Ports, reading: Reading, feed: Feed, unit: str) -> tuple[ImportedEvent, ...] | None:
    """What a series looks like now; None only where the provider proves that it is gone."""
    return _expanded(ports, reading, feed, unit, Plan())


def _expanded(
    ports: Ports, reading: Reading, feed: Feed, series: str, made: Plan
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
    ports: Ports, reading: Reading, series: str, window: Interval, page: str | None
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
