"""The week documents of a calendar's imported events.

An event is stored whole in every week that it touches. A week too large for one document continues in
documents named ``~1``, ``~2`` behind the week.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.domain.agenda import weeks
from common.domain.feed import Feed
from common.domain.imports import ImportedEvent
from common.domain.interval import Interval, Seconds
from common.store import paths
from common.store.documents import Delete, Documents, Put, Query, Write
from common.store.week_form import read_events, weight, write_events

LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 1_500
LARGEST_PART = 700_000

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
