"""The week documents of a calendar's imported events.

An event is stored whole in every week that it touches. A week too large for one document continues in
documents named ``~1``, ``~2`` behind the week.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import itemgetter, lt
from typing import Any

from common.domain.calendar.interval import Interval, Seconds
from common.domain.calendar.sync_state import CalendarSync
from common.domain.shared.paging import Page, PageRequest
from common.domain.slots.agenda import week_numbered, weeks_of
from common.domain.sync.imported_events import ImportedEvent, microseconds
from common.errors import InvalidRequest
from common.store import paths
from common.store.firestore.codec import (
    packed_numbers,
    packed_texts,
    unpacked_numbers,
    unpacked_texts,
    unreadable,
)
from common.store.firestore.documents import Delete, Documents, Put, Query, Write
from common.store.firestore.values import size

_Order = tuple[int, int, str]
LARGEST_PART = 700_000
_AT_ONCE = 4
# Earlier than any event.
_BEFORE = -(2**63)
_DAY = 86_400_000_000
_WEEK = 7 * _DAY
_MONDAY = microseconds(datetime(1970, 1, 5, tzinfo=UTC))
# How far an event is followed where nothing else ends it: an event of 40 years must not fill 2,000 weeks.
_FOLLOWED = 400 * _DAY


@dataclass(frozen=True, slots=True)
class Week:
    """The documents of a week, packed until somebody reads the events.

    A large calendar has more weeks in its columns than a function should hold as events.
    """

    documents: tuple[Mapping[str, Any], ...] = ()

    @property
    def events(self) -> tuple[ImportedEvent, ...]:
        """The stored events.

        Raises:
            StoreUnavailable: They cannot be understood.
        """
        return tuple(chain.from_iterable(map(read_events, self.documents)))

    @property
    def parts(self) -> int:
        """How many further documents the first one names.

        Raises:
            StoreUnavailable: It does not tell.
        """
        parts = self.documents[0].get("parts", 0) if self.documents else 0
        if not isinstance(parts, int):
            raise unreadable("week")
        return parts


def calendar_path(state: CalendarSync) -> str:
    """The path of the document that holds this state; weeks and index lie under it."""
    return paths.calendar(state.tenant, state.connection, state.key)


def bounds(week: str) -> Seconds:
    """The first second of an ISO week and the first after it."""
    year, _, number = week.partition("-W")
    start = int(datetime.fromisocalendar(int(year), int(number), 1).replace(tzinfo=UTC).timestamp())
    return start, start + 7 * 86_400


@dataclass(frozen=True, slots=True)
class KeptRange:
    """The range in which events are kept, in microseconds since 1970."""

    first: int | None = None
    last: int | None = None

    @staticmethod
    def of(covered: Interval | None) -> KeptRange:
        """The covered range; everything where there is none yet."""
        return KeptRange(microseconds(covered.start), microseconds(covered.end)) if covered else KeptRange()

    def weeks(self, event: ImportedEvent) -> tuple[str, ...]:
        """The weeks in which an event is kept: inside the range, and a bounded time beyond its end."""
        start, end = event.start_us, event.end_us
        if self.first is not None and start < self.first:
            start = self.first
        if end - event.start_us > _FOLLOWED:
            followed = event.start_us + _FOLLOWED
            end = min(end, followed if self.last is None else max(self.last, followed))
        if start >= end:
            return ()
        return _named((start - _MONDAY) // _WEEK, (end - 1 - _MONDAY) // _WEEK)


@lru_cache(maxsize=4096)
def _named(first: int, last: int) -> tuple[str, ...]:
    return tuple(map(week_numbered, range(first, last + 1)))


def read_weeks(documents: Documents, calendar: str, wanted: Iterable[str]) -> dict[str, Week]:
    """The stored weeks of a calendar, absent ones empty; a second exchange only for oversized weeks."""
    names = sorted(set(wanted))
    found = documents.get([_week_path(calendar, name) for name in names])
    weeks = {name: Week((one.data,) if one.data else ()) for name, one in zip(names, found, strict=True)}
    more = [(name, part) for name, week in weeks.items() for part in range(1, week.parts + 1)]
    rest = documents.get([_week_path(calendar, name, part) for name, part in more]) if more else ()
    for (name, _), one in zip(more, rest, strict=True):
        weeks[name] = Week((*weeks[name].documents, one.data or {}))
    return weeks


def read_page(documents: Documents, calendar: str, span: Interval, asked: PageRequest) -> Page[ImportedEvent]:
    """Some of the events that overlap ``span``, by the first of its weeks that has them, and then by time.

    Weeks are read a few at a time, until there is one event more than is handed out.

    Raises:
        InvalidRequest: ``asked.after`` is no place of this list.
    """
    names = weeks_of(span)
    begun, after = _opened(asked.after, names)
    found: list[tuple[str, _Order, ImportedEvent]] = []
    # What the week before has was shown there.
    shown = {event.key for event in _events(documents, calendar, names[max(0, begun - 1) : begun])}
    for at in range(begun, len(names), _AT_ONCE):
        for name, week in read_weeks(documents, calendar, names[at : at + _AT_ONCE]).items():
            inside = (event for event in week.events if event.interval.overlaps(span))
            placed = {_order(event): event for event in inside}
            found += [
                (name, order, event)
                for order, event in sorted(placed.items(), key=itemgetter(0))
                if event.key not in shown and (name != names[begun] or order > after)
            ]
            shown = {event.key for event in week.events}
        if len(found) > asked.limit:
            break
    items = found[: asked.limit]
    following = _place(*items[-1][:2]) if len(found) > asked.limit else None
    return Page(tuple(event for _, _, event in items), following)


def all_weeks(documents: Documents, calendar: str) -> dict[str, Week]:
    """Every stored week of a calendar."""
    parts: dict[str, dict[int, Mapping[str, Any]]] = {}
    for snapshot in documents.query(Query(f"{calendar}/weeks")):
        name, _, part = snapshot.id.partition("~")
        parts.setdefault(name, {})[int(part or 0)] = snapshot.data or {}
    return {name: Week(tuple(found[part] for part in sorted(found))) for name, found in parts.items()}


def week_writes(calendar: str, name: str, before: Week, events: Sequence[ImportedEvent]) -> list[Write]:
    """The writes that make a week hold these events, in as few documents as fit."""
    parts = list(_parts(events))
    writes: list[Write] = [
        Put(_week_path(calendar, name, part), data if part else data | {"parts": len(parts) - 1})
        for part, data in enumerate(parts)
    ]
    last = before.parts if before.documents else -1
    writes += (Delete(_week_path(calendar, name, part)) for part in range(len(parts), last + 1))
    return writes


def _parts(events: Sequence[ImportedEvent]) -> Iterator[dict[str, Any]]:
    """The events in as many documents as they need, shared out evenly."""
    if not events:
        return
    data = write_events(events)
    needed = min(-(-size(data) // LARGEST_PART), len(events))
    if needed == 1:
        yield data
        return
    share = -(-len(events) // needed)
    for first in range(0, len(events), share):
        yield from _parts(events[first : first + share])


def _week_path(calendar: str, name: str, part: int = 0) -> str:
    return f"{calendar}/weeks/{name}~{part}" if part else f"{calendar}/weeks/{name}"


def _events(documents: Documents, calendar: str, names: Iterable[str]) -> list[ImportedEvent]:
    return [event for week in read_weeks(documents, calendar, names).values() for event in week.events]


def _order(event: ImportedEvent) -> _Order:
    # A key may be longer than a page token is; its hash decides between events of the same time.
    return event.start_us, event.end_us, hashlib.sha256(event.key.encode()).hexdigest()[:24]


def _place(week: str, order: _Order) -> str:
    start, end, key = order
    return f"{week}|{start}|{end}|{key}"


def _opened(place: str | None, names: Sequence[str]) -> tuple[int, _Order]:
    """Which of the weeks a page begins in, and behind which of its events."""
    if place is None:
        return 0, (_BEFORE, _BEFORE, "")
    try:
        week, start, end, key = place.split("|")
        return names.index(week), (int(start), int(end), key)
    except ValueError:
        raise InvalidRequest("this is no page of this list", code="invalid_page_token") from None


# ``units`` is stored only where some are not the key itself; texts only where the mode allowed any.
_STORED = ("start_us", "end_us", "key", "unit", "marks", "generation", "title", "description")
# The first and the last microsecond that a datetime can tell.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999


if ImportedEvent._fields != _STORED:
    raise TypeError("the stored form of imported events and their fields differ")


def write_events(events: Sequence[ImportedEvent]) -> dict[str, Any]:
    """Events as columns."""
    # No events have their columns as well.
    rows = zip(*events, strict=True) if events else ((),) * len(_STORED)
    starts, ends, keys, units, marks, generations, titles, descriptions = rows
    columns: dict[str, Any] = {
        "keys": packed_texts(keys),
        "starts": packed_numbers(starts),
        "ends": packed_numbers(ends),
        "flags": bytes(marks),
        "generations": packed_numbers(generations),
    }
    if units != keys:
        other = [None if unit == key else unit for unit, key in zip(units, keys, strict=True)]
        columns["units"] = packed_texts(other)
    texts = {"titles": titles, "descriptions": descriptions}
    return columns | {name: packed_texts(column) for name, column in texts.items() if any_kept(column)}


def any_kept(column: Sequence[str | None]) -> bool:
    """Whether a column holds any text at all."""
    return column.count(None) < len(column)


def read_events(stored: Mapping[str, Any] | None) -> tuple[ImportedEvent, ...]:
    """The events of a week's document; a missing document has none.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    if not stored:
        return ()
    try:
        keys = unpacked_texts(stored["keys"])
        starts, ends = unpacked_numbers(stored["starts"]), unpacked_numbers(stored["ends"])
        nothing = [None] * len(keys)
        titles, descriptions = (
            unpacked_texts(stored[name]) if name in stored else nothing for name in ("titles", "descriptions")
        )
        units = keys
        if "units" in stored:
            rows = zip(keys, unpacked_texts(stored["units"]), strict=True)
            units = [key if unit is None else unit for key, unit in rows]
        generations = unpacked_numbers(stored["generations"])
        columns = starts, ends, keys, units, stored["flags"], generations, titles, descriptions
        events = tuple(map(ImportedEvent._make, zip(*columns, strict=True)))
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable("week") from error
    if events and not (all(map(lt, starts, ends)) and min(starts) >= _FIRST and max(ends) <= _LAST):
        raise unreadable("week")
    return events


SHARDS = 16
Weeks = tuple[str, ...]
Shard = dict[str, Weeks]


class Index:
    """The index documents that know some units; what they know of others stays packed."""

    def __init__(self, documents: Documents, calendar: str, units: Iterable[str]) -> None:
        """Read them, in one exchange."""
        places = [f"{calendar}/index/{shard:02}" for shard in range(SHARDS)]
        self._place = {unit: places[zlib.crc32(unit.encode()) % SHARDS] for unit in units}
        self._weeks: dict[str, Weeks] = dict.fromkeys(self._place, ())
        paths = sorted(set(self._place.values()))
        self._stored = {shard.path: shard.data for shard in (documents.get(paths) if paths else ())}
        for stored in filter(None, self._stored.values()):
            known = read_index(stored)
            self._weeks.update((unit, known[unit]) for unit in known.keys() & self._place.keys())

    def weeks(self, unit: str) -> Weeks:
        """The weeks in which one of the units has events."""
        return self._weeks[unit]

    def all_weeks(self) -> set[str]:
        """The weeks in which any of them has."""
        return set(chain.from_iterable(self._weeks.values()))

    def writes(self, after: Mapping[str, Weeks]) -> Iterator[Write]:
        """What must be written so that these units are known to be in these weeks, one after the other."""
        changed: dict[str, Shard] = {}
        for unit, present in after.items():
            if present != self._weeks[unit]:
                changed.setdefault(self._place[unit], {})[unit] = present
        for path, shard in sorted(changed.items()):
            yield _write(path, {**read_index(self._stored[path]), **shard})


def _write(path: str, shard: Shard) -> Write:
    kept = {unit: weeks for unit, weeks in shard.items() if weeks}
    if not kept:
        return Delete(path)
    return Put(
        path, {"units": packed_texts(list(kept)), "weeks": packed_texts([*map(",".join, kept.values())])}
    )


def read_index(stored: Mapping[str, Any] | None) -> Shard:
    """The weeks of each unit in one document of the index; a missing document has none.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    if not stored:
        return {}
    try:
        rows = zip(unpacked_texts(stored["units"]), unpacked_texts(stored["weeks"]), strict=True)
        return {unit: _index_part(weeks) for unit, weeks in rows}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unreadable("index") from error


@lru_cache(maxsize=1024)
def _index_part(weeks: str) -> Weeks:
    """Most units are in one week, and most weeks have many units: they share the name."""
    return tuple(weeks.split(","))
