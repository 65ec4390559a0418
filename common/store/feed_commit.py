"""One page of changes as writes: weeks, agenda, index and feed, in one commit wherever it fits.

Reading before is safe, because every commit demands that the feed is still the version that was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from common.domain.feed import Feed
from common.domain.imports import ImportedEvent, UnitChange
from common.store import paths
from common.store.agenda import imported_times
from common.store.documents import REMOVE, Documents, Merge, Write
from common.store.feed_index import Index, Weeks
from common.store.feed_weeks import (
    Kept,
    Week,
    bounds,
    calendar_path,
    read_weeks,
    week_writes,
)
from common.store.values import size

MOST_WRITES = 400
# As stored; up to twice as much on the wire, where Firestore takes 10 MiB but its emulator 4 MiB.
MOST_BYTES = 2 * 1_048_576

# The agenda's part and the overhead of a write, roughly.
_WRITE_OVERHEAD = 1_000

Bundle = list[Write]


@dataclass(frozen=True, slots=True)
class Plan:
    """Bundles that each leave a week and its agenda consistent, and the index around and after them."""

    bundles: tuple[Bundle, ...]
    index: Index
    after: Mapping[str, Weeks]

    def index_after(self) -> Bundle:
        """The index as it is once all bundles are written."""
        return self.index.writes(self.after)

    def index_around(self) -> Bundle:
        """The index while some bundles are written: it names the old and the new weeks."""
        return self.index.writes(
            {unit: tuple(sorted({*self.index.weeks(unit), *weeks})) for unit, weeks in self.after.items()}
        )


def plan(documents: Documents, feed: Feed, resource: str, changes: Sequence[UnitChange]) -> Plan:
    """What must be written so that these units look like this from now on."""
    calendar = calendar_path(feed)
    units: dict[str, Sequence[ImportedEvent]] = dict(changes)
    index = Index(documents, calendar, units)
    after, added = _placed(units, feed)
    touched = index.all_weeks().union(added)
    bundles: list[Bundle] = []
    for name, week in sorted(read_weeks(documents, calendar, touched).items()):
        kept = [event for event in week.events if event.unit not in units]
        events = tuple(sorted(kept + added.get(name, []), key=by_time))
        if events != week.events:
            bundles.append(
                [*week_writes(calendar, name, week, events), agenda_write(feed, resource, name, events)]
            )
    return Plan(tuple(bundles), index, after)


def agenda_write(feed: Feed, resource: str, week: str, events: Iterable[ImportedEvent]) -> Write:
    """One calendar's times in one agenda week."""
    times = imported_times(events, bounds(week))
    return Merge(
        paths.agenda(feed.tenant, resource, week),
        {("imports", f"{feed.connection}/{feed.key}"): REMOVE if times is None else times},
    )


def removal(feed: Feed, resource: str, name: str, week: Week) -> Bundle:
    """The writes that empty a week."""
    return [*week_writes(calendar_path(feed), name, week, ()), agenda_write(feed, resource, name, ())]


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


# The order in which events are stored and listed: by start, end and key.
by_time = itemgetter(0, 1, 2)


def _placed(
    units: Mapping[str, Sequence[ImportedEvent]], feed: Feed
) -> tuple[dict[str, Weeks], dict[str, list[ImportedEvent]]]:
    """The weeks of each unit, and the events of each week."""
    by_unit: dict[str, Weeks] = {}
    by_week: defaultdict[str, list[ImportedEvent]] = defaultdict(list)
    weeks_of = Kept.of(feed.covered).weeks
    for unit, events in units.items():
        named: Weeks = ()
        for event in events:
            weeks = weeks_of(event)
            named = named + weeks if named else weeks
            for week in weeks:
                by_week[week].append(event)
        by_unit[unit] = named if len(named) <= 1 else tuple(sorted(set(named)))
    return by_unit, by_week
