"""The week documents of a calendar's imported events.

An event is stored whole in every week that it touches. A week too large for one document continues in
documents named ``~1``, ``~2`` behind the week.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from common.domain.agenda import weeks
from common.domain.feed import Feed
from common.domain.imports import ImportedEvent
from common.domain.interval import Interval, Seconds
from common.domain.listing import Page, Window
from common.errors import InvalidRequest
from common.store import paths
from common.store.documents import Delete, Documents, Put, Query, Write
from common.store.week_form import read_events, weight, write_events

_Order = tuple[datetime, datetime, str]

LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 1_500
LARGEST_PART = 700_000
_AT_ONCE = 4

# How far an event is followed where nothing else ends it: an event of 40 years must not fill 2,000 weeks.
_FOLLOWED = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Week:
    """The stored events of a week, and how many further documents they fill."""

    events: tuple[ImportedEvent, ...] = ()
    parts: int = 0
    stored: bool = False


def calendar_path(feed: Feed) -> str:
    """The document of the feed."""
    return paths.calendar(feed.tenant, feed.connection, feed.key)


def bounds(week: str) -> Seconds:
    """The first second of an ISO week and the first after it."""
    year, _, number = week.partition("-W")
    start = int(datetime.fromisocalendar(int(year), int(number), 1).replace(tzinfo=UTC).timestamp())
    return start, start + 7 * 86_400


def weeks_of(event: ImportedEvent, covered: Interval | None) -> tuple[str, ...]:
    """The weeks in which an event is kept: inside the covered range, and a bounded time beyond its end."""
    span = event.interval
    if span.length <= _FOLLOWED and (covered is None or covered.start <= span.start):
        return weeks(span)
    start = max(span.start, covered.start) if covered else span.start
    end = max(covered.end, span.start + _FOLLOWED) if covered else span.start + _FOLLOWED
    kept = span.clip(Interval(start, end)) if start < end else None
    return weeks(kept) if kept else ()


def shortened(event: ImportedEvent) -> ImportedEvent:
    """The event with its texts cut to what is kept."""
    title = event.title[:LONGEST_TITLE] if event.title else event.title
    description = event.description[:LONGEST_DESCRIPTION] if event.description else event.description
    if title == event.title and description == event.description:
        return event
    return replace(event, title=title, description=description)


def read_weeks(documents: Documents, calendar: str, wanted: Iterable[str]) -> dict[str, Week]:
    """The stored weeks of a calendar, absent ones empty; a second exchange only for oversized weeks."""
    names = sorted(set(wanted))
    found = dict(zip(names, documents.get([_week_path(calendar, name) for name in names]), strict=True))
    more = [(name, part) for name in names for part in range(1, (found[name].data or {}).get("parts", 0) + 1)]
    rest = documents.get([_week_path(calendar, name, part) for name, part in more]) if more else ()
    events = {name: read_events(found[name].data) for name in names}
    for (name, _), snapshot in zip(more, rest, strict=True):
        events[name] += read_events(snapshot.data)
    return {
        name: Week(
            events=events[name],
            parts=(found[name].data or {}).get("parts", 0),
            stored=found[name].data is not None,
        )
        for name in names
    }


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
    merged: dict[str, Week] = {}
    for snapshot in documents.query(Query(f"{calendar}/weeks")):
        name, _, part = snapshot.id.partition("~")
        before, data = merged.get(name, Week()), snapshot.data or {}
        merged[name] = Week(
            events=before.events + read_events(data),
            parts=before.parts if part else data.get("parts", 0),
            stored=True,
        )
    return merged


def week_writes(calendar: str, name: str, before: Week, events: Sequence[ImportedEvent]) -> list[Write]:
    """The writes that make a week hold these events, in as few documents as fit."""
    chunks = _chunks(events)
    writes: list[Write] = []
    for part, chunk in enumerate(chunks):
        data: dict[str, Any] = write_events(chunk)
        if not part:
            data["parts"] = len(chunks) - 1
        writes.append(Put(_week_path(calendar, name, part), data))
    last = before.parts if before.stored else -1
    writes += (Delete(_week_path(calendar, name, part)) for part in range(len(chunks), last + 1))
    return writes


def _chunks(events: Sequence[ImportedEvent]) -> list[list[ImportedEvent]]:
    chunks: list[list[ImportedEvent]] = []
    room = 0
    for event in events:
        more = weight(event)
        if more > room:
            chunks.append([])
            room = LARGEST_PART
        chunks[-1].append(event)
        room -= more
    return chunks


def _week_path(calendar: str, name: str, part: int = 0) -> str:
    return f"{calendar}/weeks/{name}~{part}" if part else f"{calendar}/weeks/{name}"


def _events(documents: Documents, calendar: str, names: Iterable[str]) -> list[ImportedEvent]:
    return [event for week in read_weeks(documents, calendar, names).values() for event in week.events]


def _order(event: ImportedEvent) -> _Order:
    # A key may be longer than a page token is; its hash decides between events of the same time.
    return event.interval.start, event.interval.end, hashlib.sha256(event.key.encode()).hexdigest()[:24]


def _place(week: str, order: _Order) -> str:
    start, end, key = order
    return f"{week}|{start.isoformat()}|{end.isoformat()}|{key}"


def _opened(place: str | None, names: Sequence[str]) -> tuple[int, _Order]:
    """Which of the weeks a page begins in, and behind which of its events."""
    if place is None:
        return 0, (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), "")
    try:
        week, start, end, key = place.split("|")
        return names.index(week), (_instant(start), _instant(end), key)
    except ValueError:
        raise InvalidRequest("this is no page of this list", code="invalid_page_token") from None


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = "an instant has an offset"
        raise ValueError(message)
    return moment
