"""Turns what a page reports into what is stored of each unit: a single event, or a whole series."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
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
from common.domain.calendar.sync_state import (
    CalendarSync,
    OccurrencePage,
    PendingKind,
    PendingUnit,
    Quarantined,
)
from common.domain.notify import NoticeKind, new_notice
from common.domain.shared.tasks import Lane
from common.domain.sync.imported_events import EventCopier, ImportedEvent
from common.domain.sync.windows import covered, import_window
from common.errors import CursorExpired, Retry, UnexpectedReply, UnknownResource
from common.flows.shared.calendar_access import CalendarAccess, ask
from common.ports import Ports
from common.ports.provider import CalendarProvider

# Pages of a series' occurrences before it counts as one that cannot be understood.
MOST_PAGES = 40
# What one commit takes at most: units that need a call each, and their occurrences.
MOST_READ, MOST_OCCURRENCES = 100, 10_000
Events = tuple[ImportedEvent, ...]


@dataclass(slots=True)
class ImportPlan:
    """What a page makes of the units that it names, and what on it could not be understood.

    Attributes:
        units: The events of each unit from now on; none where it is gone or nothing may be kept of it.
        before: What is stored of these units, as far as it was read.
        pending: Units that are still to be read, wholly or from a further page on.
        done: Pending units that need not be read any more.
        continued: Series of which an earlier commit has the first pages.
        read: All units whose whole state was told, also those that are stored like this already.
        quarantined: Units that could not be read as they should be.
    """

    units: dict[str, Events] = field(default_factory=dict)
    before: Mapping[str, Events] = field(default_factory=dict)
    pending: list[PendingUnit] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    continued: set[str] = field(default_factory=set)
    read: frozenset[str] = frozenset()
    quarantined: list[Quarantined] = field(default_factory=list)

    def note_flaw(self, event: ExternalEvent, unit: str, *, now: datetime) -> None:
        """List a unit with an event that could not be read as it should be; what is over is left out."""
        if event.flaw and not event.cancelled and event.belongs_to(import_window(now)):
            self.quarantined.append(Quarantined(unit, event.flaw.value, now))

    def end_reading(self, done: Iterable[str] = ()) -> None:
        """Note which units were told of; one that goes on, or was not understood, was not."""
        self.done |= self.units.keys() | set(done)
        self.read = frozenset(self.units) - {unit.id for unit in self.pending} - self.continued

    @property
    def ended_series(self) -> bool:
        """Whether a stored series is a single event by now; what became of its changed dates is not told."""
        return any(
            event.key == unit and any(one.key != unit for one in self.before.get(unit, ()))
            for unit, events in self.units.items()
            for event in events
        )

    def vanished(self, now: datetime) -> Sequence[str]:
        """The stored units of which nothing is left, where they would take bookable time that is to come."""
        return [
            unit
            for unit, events in self.units.items()
            if not events
            and any(event.blocks and event.interval.end > now for event in self.before.get(unit, ()))
        ]

    @property
    def present(self) -> int:
        """How many units there are from now on, of those that were read to their end."""
        going_on = {unit.id for unit in self.pending if unit.failed_at is None}
        return sum(bool(events) for unit, events in self.units.items() if unit not in going_on)


def plan_imports(
    ports: Ports,
    access: CalendarAccess,
    state: CalendarSync,
    changes: tuple[Change, ...],
    *,
    own: Mapping[str, str | None],
    until: datetime | None,
) -> ImportPlan:
    """What the changes of a page mean for the stored copies.

    A single event needs nothing but itself. A series, and what Graph reports as removed, needs calls of its
    own: as many are made as the limits and the time allow, and the rest is pending.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its synchronisation state; the copies get its generation.
        changes: What the page reports.
        own: Events of ours by id, with the key of what of each is a booking; that is never imported.
        until: When to begin no further call; None where none is to be made for foreign events.
    """
    plan = ImportPlan()
    copier = _copier(ports, access, state)
    reported: dict[str, PendingUnit] = {}
    for change in changes:
        if isinstance(change, Upsert):
            event = change.event
            plan.units[event.id] = () if event.id in own else _copies(copier, event)
        elif isinstance(change, Removal):
            if change.proven or own.get(change.id, "") in {None, change.id}:
                # Gone, or ours and no series: nothing of it is copied either way.
                plan.units[change.id] = ()
            else:
                reported[change.id] = PendingUnit(change.id, PendingKind.EVENT, suspect=True)
        elif isinstance(change, Unreadable):
            plan.quarantined.append(Quarantined(change.id, change.reason, ports.clock.now()))
    known: dict[str, ExternalEvent] = {}
    single = {change.event.id for change in changes if isinstance(change, Upsert)}
    ended: list[str] = []
    for unit, touched in _touched_series(ports, state, changes).items():
        known |= {one.id: one.occurrence for one in touched if one.id and one.occurrence}
        dates = dict.fromkeys(one.id for one in touched if one.id is not None and one.id != unit)
        if unit in single:
            # Its owner made a single event of the series: no expansion may overwrite what the page says.
            ended += dates
        else:
            reported[unit] = PendingUnit(unit, PendingKind.SERIES, tuple(dates))
    reader = UnitReader(ports, access, state, plan, known=known, own=own, until=until)
    reported |= {date: PendingUnit(date, PendingKind.DATE) for date in ended if not reader.copied(date)}
    # What becomes of our own events is never held back, and never left for later.
    reader.read_all([unit for unit in reported.values() if unit.id in own])
    foreign = [unit for unit in reported.values() if unit.id not in own]
    if until is None:
        plan.pending += foreign
    else:
        reader.read(foreign)
    plan.end_reading()
    _note_flaws(ports, plan, changes, own)
    if not state.listing:
        _drop_unchanged(ports, state, plan)
    return plan


def plan_pending(
    ports: Ports,
    access: CalendarAccess,
    state: CalendarSync,
    *,
    until: datetime,
    leave_first: bool = False,
) -> ImportPlan:
    """What pending units mean for the stored copies, of as many as the limits and the time allow.

    At least one call is made, and whatever it brought is in the plan.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its synchronisation state.
        until: When to begin no further call.
        leave_first: Set the first unit aside without asking for it: it was refused for long.

    Raises:
        Retry: Nothing could be read now.
    """
    plan, now = ImportPlan(), ports.clock.now()
    due = [unit for unit in state.pending if unit.due(now)]
    claimed = _bookings_in(ports, state, due)
    own = {unit: key for unit, (key, _) in claimed.items()}
    times = {unit: time for unit, (_, time) in claimed.items()}
    reader = UnitReader(ports, access, state, plan, own=own, claimed=times, until=until)
    if leave_first:
        reader.set_aside(due[0])
    stopped = reader.read(due[leave_first:])
    if stopped is not None and not reader.calls and not leave_first:
        raise stopped
    plan.end_reading(unit.id for unit in due)
    if not state.listing:
        _drop_unchanged(ports, state, plan)
    return plan


def _bookings_in(
    ports: Ports, state: CalendarSync, units: Sequence[PendingUnit]
) -> Mapping[str, tuple[str, Interval]]:
    """The key of the date that is a booking, and what it claims, of the units that are series with one."""
    names = [unit.id for unit in units[:MOST_READ] if unit.kind is not PendingKind.DATE]
    found: dict[str, tuple[str, Interval]] = {}
    for name, link in ports.bookings.links_by_series(state.tenant, state.connection, names).items():
        with suppress(UnknownResource):
            booking = ports.bookings.get(state.tenant, link.booking)
            found[name] = f"{name}#{link.original_start}", booking.claimed
    return found


def _note_flaws(
    ports: Ports, plan: ImportPlan, changes: Sequence[Change], own: Mapping[str, str | None]
) -> None:
    """List the flawed single events of a page; what is wrong with our own is undone instead."""
    for change in changes:
        event = change.event if isinstance(change, Upsert) else None
        if isinstance(change, SeriesTouched) and not plan.units.get(change.series_id):
            event = change.occurrence
        if event and event.flaw and event.id in plan.units and event.id not in own:
            plan.note_flaw(event, event.id, now=ports.clock.now())


def _touched_series(
    ports: Ports, state: CalendarSync, changes: Sequence[Change]
) -> Mapping[str, Sequence[SeriesTouched]]:
    """The series to expand; a full listing names them once for each exception, on any of its pages."""
    named: dict[str, list[SeriesTouched]] = {}
    if SeriesTouched not in map(type, changes):
        return named
    for change in changes:
        if isinstance(change, SeriesTouched):
            named.setdefault(change.series_id, []).append(change)
    if state.cursor is None or not state.cursor.snapshot:
        return named
    stored = ports.sync_states.units(state, sorted(named))
    return {
        unit: touched
        for unit, touched in named.items()
        if not any(
            event.generation == state.generation and event.key != unit for event in stored.get(unit, ())
        )
    }


@dataclass(slots=True)
class UnitReader:
    """Reads units that need calls of their own, one call at a time, into the plan of one commit.

    Attributes:
        ports: The outside.
        access: The calendar and its settings.
        state: Its synchronisation state.
        plan: What was read, and what is left.
        known: Dates of series that the page brought along, by id.
        own: Events of ours by id, with the key of what of each is a booking.
        claimed: What the bookings of some of them claim.
        until: When to begin no further call.
        gone: Series that cannot be read.
        calls: How many calls were answered.
    """

    ports: Ports
    access: CalendarAccess
    state: CalendarSync
    plan: ImportPlan
    known: dict[str, ExternalEvent] = field(default_factory=dict)
    own: Mapping[str, str | None] = field(default_factory=dict)
    claimed: Mapping[str, Interval] = field(default_factory=dict)
    until: datetime | None = None
    gone: set[str] = field(default_factory=set)
    calls: int = 0

    def read_all(self, units: Sequence[PendingUnit]) -> None:
        """Read units to their end.

        Raises:
            Retry: It is not possible now.
        """
        left = deque(units)
        live = replace(self, access=replace(self.access, lane=Lane.LIVE))
        while left:
            left.extendleft(reversed(live.read_next(left.popleft())))

    def read(self, units: Sequence[PendingUnit]) -> Retry | None:
        """Read units for as long as it is possible; what is left is pending. What ended it, if anything."""
        left, stopped = deque(units), None
        while left and not self._enough():
            try:
                following = self.read_next(left[0])
            except Retry as refused:
                stopped = refused
                break
            left.popleft()
            left.extendleft(reversed(following))
        self.plan.pending += left
        return stopped

    def _enough(self) -> bool:
        """Whether what was read is to be stored now; never before the first call."""
        if not self.calls:
            return False
        occurrences = sum(map(len, self.plan.units.values()))
        late = self.until is not None and self.ports.clock.now() >= self.until
        return late or self.calls >= MOST_READ or occurrences >= MOST_OCCURRENCES

    def read_next(self, unit: PendingUnit) -> Sequence[PendingUnit]:
        """Make one call for a unit; what has to be read after it.

        Where the answer cannot be understood, the other units do not wait for it.

        Raises:
            Retry: It is not possible now.
        """
        try:
            following = self._series(unit) if unit.kind is PendingKind.SERIES else self._event(unit)
        except (CursorExpired, UnexpectedReply):
            self.set_aside(unit)
            following = ()
        self.calls += 1
        return following

    def _series(self, unit: PendingUnit) -> Sequence[PendingUnit]:
        """One page of the occurrences in the covered range."""
        ports, state, plan = self.ports, self.state, self.plan
        window = state.covered or covered(ports.clock.now(), months=ports.tuning.months_covered)
        answer = _read_occurrences(ports, self.access, unit, window)
        if isinstance(answer, Gone):
            self._note_absent(unit, answer)
            self.gone.add(unit.id)
            # Of a series that cannot be read there are only the dates that were shared.
            return tuple(PendingUnit(date, PendingKind.DATE) for date in unit.dates if not self.copied(date))
        if answer.nameless:
            plan.quarantined.append(Quarantined("", Flaw.NO_ID, ports.clock.now()))
        if unit.page is not None and unit.id not in plan.units:
            plan.continued.add(unit.id)
        copier = _copier(ports, self.access, state)
        found = {} if unit.page is None else {event.key: event for event in self._stored(unit.id)}
        for event in answer.events:
            copy = copier.copy(event)
            if copy:
                found[copy.key] = copy._replace(unit=unit.id)
            plan.note_flaw(event, unit.id, now=ports.clock.now())
        plan.units[unit.id] = _without_booking(
            tuple(found.values()), self.own.get(unit.id), self.claimed.get(unit.id)
        )
        if answer.page is not None:
            if unit.pages + 1 >= MOST_PAGES:
                raise UnexpectedReply("a series without an end of pages", code="endless_pages")
            return (replace(unit, page=answer.page, pages=unit.pages + 1),)
        if answer.single:
            # Its owner made a single event of it: dates that had been changed may be there still.
            return tuple(PendingUnit(date, PendingKind.DATE) for date in unit.dates if not self.copied(date))
        plan.units |= dict.fromkeys(unit.dates, ())
        return ()

    def copied(self, date: str) -> bool:
        """Copy a date that the page brought along; False where it did not."""
        if date in self.known:
            copier = _copier(self.ports, self.access, self.state)
            self.plan.units[date] = _copies(copier, _single(self.known[date]))
        return date in self.known

    def _event(self, unit: PendingUnit) -> Sequence[PendingUnit]:
        """An event as it is now: gone, or only out of the range that the provider reports on."""
        found = _read_event(self.ports, self.access, unit)
        if isinstance(found, Gone):
            self._note_absent(unit, found)
        elif found.cancelled:
            self.plan.units[unit.id] = ()
        elif found.kind is Kind.SERIES:
            return (PendingUnit(found.id, PendingKind.SERIES),)
        elif found.series_id and found.series_id not in self.gone and unit.kind is PendingKind.EVENT:
            # It stands with its series, which is a unit of its own.
            if found.series_id not in self.plan.units:
                self.known[unit.id] = found
                return (PendingUnit(found.series_id, PendingKind.SERIES, dates=(unit.id,)),)
            self.plan.units[unit.id] = ()
        else:
            copier = _copier(self.ports, self.access, self.state)
            own = found.id in self.own
            self.plan.units[unit.id] = () if own else _copies(copier, _single(found))
            if not own:
                self.plan.note_flaw(found, unit.id, now=self.ports.clock.now())
        return ()

    def _stored(self, unit: str) -> Events:
        if unit in self.plan.units:
            return self.plan.units[unit]
        return self.ports.sync_states.units(self.state, [unit]).get(unit, ())

    def _note_absent(self, unit: PendingUnit, found: Gone) -> None:
        """Remove a unit that is proven gone; one that the calendar itself named is looked at again later.

        A single "not found" is no answer: a provider may announce an event before it can be read, and may
        say so once of an event that is there.
        """
        now = self.ports.clock.now()
        if found.deleted or unit.proven_absent(now):
            self.plan.units[unit.id] = ()
        else:
            self._put_off(replace(unit, absent_since=unit.absent_since or now))

    def set_aside(self, unit: PendingUnit) -> None:
        """Leave a unit that could not be understood alone for a while."""
        now = self.ports.clock.now()
        self.plan.quarantined.append(Quarantined(unit.id, Flaw.NOT_READ.value, now))
        self._put_off(replace(unit, absent_since=None))

    def _put_off(self, unit: PendingUnit) -> None:
        """Read a unit later: what is stored of it stays, and counts as shown by the listing."""
        self.plan.pending.append(replace(unit, page=None, pages=0, failed_at=self.ports.clock.now()))
        if self.state.listing:
            kept = (event._replace(generation=self.state.generation) for event in self._stored(unit.id))
            self.plan.units[unit.id] = tuple(kept)


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


def _without_booking(events: Events, booking: str | None, claimed: Interval | None = None) -> Events:
    """A series that an owner made of our event: one date is the booking (its key), the others are foreign.

    Where what the booking claims is named, its date is left out only if it lies there: one that its owner
    moved, and that stays so until somebody decides, takes its owner's time.
    """
    return tuple(
        event
        for event in events
        if event.key != booking or (claimed is not None and not claimed.contains(event.interval))
    )


def _drop_unchanged(ports: Ports, state: CalendarSync, plan: ImportPlan) -> None:
    """Leave out what is stored exactly like this already: an idle calendar writes nothing."""
    if not plan.units:
        return
    plan.before = ports.sync_states.units(state, sorted(plan.units))
    for unit, events in tuple(plan.units.items()):
        if sorted(plan.before.get(unit, ())) == sorted(events):
            del plan.units[unit]


def _read_event(ports: Ports, access: CalendarAccess, unit: PendingUnit) -> ExternalEvent | Gone:
    """The event by its id; of one that may have left the calendar, only where it is in this very calendar."""

    def read(provider: CalendarProvider, token: str) -> ExternalEvent | Gone:
        get = provider.find_event if unit.suspect else provider.get_event
        return get(token, access.calendar, unit.id, detail=access.detail)

    return ask(ports, access, read)


def _read_occurrences(
    ports: Ports, access: CalendarAccess, unit: PendingUnit, window: Interval
) -> OccurrencePage | Gone:
    return ask(
        ports,
        access,
        lambda provider, token: provider.occurrences(
            token, access.calendar, unit.id, window, detail=access.detail, page=unit.page
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
