"""Turns one page of changes into writes of weeks, agenda, index and state, in one commit where they fit.

Reading before is safe, because every commit demands that the state is still the version that was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.domain.calendar.sync_state import CalendarSync
from common.domain.sync.imported_events import ImportedEvent, UnitEvents
from common.store import paths
from common.store.firestore.documents import REMOVE, Documents, Merge, Write
from common.store.firestore.values import size
from common.store.slots.agenda import imported_times
from common.store.sync.imported_weeks import (
    Index,
    KeptRange,
    Week,
    Weeks,
    bounds,
    calendar_path,
    read_weeks,
    week_writes,
)

MOST_WRITES = 400
# The fewer, the more a week holds: what is read at once stays about the same.
MOST_WEEKS, UNITS_AT_ONCE = 60, 150_000
# As stored; up to twice as much on the wire, where Firestore takes 10 MiB but its emulator 4 MiB. Two of them
# are held at once.
MOST_BYTES = 2 * 1_048_576
# The agenda's part and the overhead of a write, roughly.
_WRITE_OVERHEAD = 1_000
Bundle = list[Write]


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """Bundles that each leave a week and its agenda consistent, and the index around and after them.

    The bundles are made as they are taken, so that a calendar of any size takes the same memory.
    """

    bundles: Iterator[Bundle]
    index: Index
    after: Mapping[str, Weeks]

    def index_after(self) -> Iterator[Bundle]:
        """The index as it is once all bundles are written."""
        return ([write] for write in self.index.writes(self.after))

    def index_around(self) -> Iterator[Bundle]:
        """The index while some bundles are written: it names the old and the new weeks."""
        both = {unit: tuple(sorted({*self.index.weeks(unit), *weeks})) for unit, weeks in self.after.items()}
        return ([write] for write in self.index.writes(both))


def plan(
    documents: Documents, state: CalendarSync, resource: str, changes: Iterable[UnitEvents]
) -> CommitPlan:
    """What must be written so that these units look like this from now on."""
    calendar = calendar_path(state)
    units: dict[str, Sequence[ImportedEvent]] = dict(changes)
    index = Index(documents, calendar, units)
    after, added = _placed(units, state)
    touched = index.all_weeks().union(added)
    return CommitPlan(
        _bundles(documents, state, resource, touched, _Change(units.keys(), added)), index, after
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """Which units are replaced, and what each week has of them from now on."""

    units: Collection[str]
    added: Mapping[str, Sequence[ImportedEvent]]


def _bundles(
    documents: Documents, state: CalendarSync, resource: str, touched: Collection[str], change: _Change
) -> Iterator[Bundle]:
    calendar, names = calendar_path(state), sorted(touched)
    at_once = max(1, min(MOST_WEEKS, UNITS_AT_ONCE // max(1, state.units)))
    for at in range(0, len(names), at_once):
        for name, week in read_weeks(documents, calendar, names[at : at + at_once]).items():
            before = week.events
            kept = [event for event in before if event.unit not in change.units]
            events = tuple(sorted([*kept, *change.added.get(name, ())]))
            if events != before:
                yield [
                    *week_writes(calendar, name, week, events),
                    agenda_write(state, resource, name, events),
                ]


def agenda_write(state: CalendarSync, resource: str, week: str, events: Collection[ImportedEvent]) -> Write:
    """One calendar's times in one agenda week."""
    times = imported_times(events, bounds(week))
    return Merge(
        paths.agenda(state.tenant, resource, week),
        {("imports", f"{state.connection}/{state.key}"): REMOVE if times is None else times},
    )


def removal(state: CalendarSync, resource: str, name: str, week: Week) -> Bundle:
    """The writes that empty a week."""
    return [*week_writes(calendar_path(state), name, week, ()), agenda_write(state, resource, name, ())]


def fitting(bundles: Iterable[Bundle]) -> Iterator[Bundle]:
    """The bundles joined into as few commits as the limits allow."""
    batch: Bundle = []
    weight = 0
    for bundle in bundles:
        more = sum(map(_weight, bundle))
        if batch and (len(batch) + len(bundle) > MOST_WRITES or weight + more > MOST_BYTES):
            yield batch
            batch, weight = [], 0
        batch += bundle
        weight += more
    if batch:
        yield batch


def _weight(write: Write) -> int:
    data = getattr(write, "data", None)
    return _WRITE_OVERHEAD + (size(data) if data else 0)


def _placed(
    units: Mapping[str, Sequence[ImportedEvent]], state: CalendarSync
) -> tuple[dict[str, Weeks], dict[str, list[ImportedEvent]]]:
    """The weeks of each unit, and the events of each week."""
    by_unit: dict[str, Weeks] = {}
    by_week: defaultdict[str, list[ImportedEvent]] = defaultdict(list)
    weeks_of = KeptRange.of(state.covered).weeks
    for unit, events in units.items():
        named: Weeks = ()
        for event in events:
            weeks = weeks_of(event)
            named = named + weeks if named else weeks
            for week in weeks:
                by_week[week].append(event)
        by_unit[unit] = named if len(named) <= 1 else tuple(sorted(set(named)))
    return by_unit, by_week
