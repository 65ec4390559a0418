"""The week documents of a calendar's imported events.

An event is stored whole in every week that it touches. A week too large for one document continues in
documents named ``~1``, ``~2`` behind the week.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from common.domain.agenda import week_numbered, weeks
from common.domain.feed import Feed
from common.domain.imports import ImportedEvent, microseconds
from common.domain.interval import Interval, Seconds
from common.domain.listing import Page, Window
from common.errors import InvalidRequest
from common.store import paths
from common.store.codec import unreadable
from common.store.documents import Delete, Documents, Put, Query, Write
from common.store.values import size
from common.store.week_form import read_events, write_events

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
    """The documents of a week, packed until somebody looks at the events.

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


def calendar_path(feed: Feed) -> str:
    """The document of the feed."""
    return paths.calendar(feed.tenant, feed.connection, feed.key)


def bounds(week: str) -> Seconds:
    """The first second of an ISO week and the first after it."""
    year, _, number = week.partition("-W")
    start = int(datetime.fromisocalendar(int(year), int(number), 1).replace(tzinfo=UTC).timestamp())
    return start, start + 7 * 86_400


@dataclass(frozen=True, slots=True)
class Kept:
    """The range in which events are kept, in microseconds since 1970."""

    first: int | None = None
    last: int | None = None

    @staticmethod
    def of(covered: Interval | None) -> Kept:
        """The covered range; everything where there is none yet."""
        return Kept(microseconds(covered.start), microseconds(covered.end)) if covered else Kept()

    def weeks(self, event: ImportedEvent) -> tuple[str, ...]:
        """The weeks in which an event is kept: inside the range, and a bounded time beyond its end."""
        start, end = event.start_us, event.end_us
        if self.first is not None and start < self.first:
            start = self.first
        if end - event.start_us > _FOLLOWED:
            end = min(end, max(self.last or 0, event.start_us + _FOLLOWED))
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


def read_page(documents: Documents, calendar: str, span: Interval, asked: Window) -> Page[ImportedEvent]:
    """Some of the events that overlap ``span``, by the first of its weeks that has them, and then by time.

    Weeks are read a few at a time, until there is one event more than is handed out.

    Raises:
        InvalidRequest: ``asked.after`` is no place of this list.
    """
    names = weeks(span)
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
