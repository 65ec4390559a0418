"""The agenda documents: one a resource and ISO week, written field by field in the commit of their cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from common.domain.agenda import Agenda, Imported, joined
from common.domain.imports import ImportedEvent
from common.domain.interval import Interval, NamedSpans, Seconds, Spans
from common.store.documents import Snapshot


def pair(interval: Interval) -> list[int]:
    """The smallest whole seconds around a range, as stored."""
    return list(interval.seconds_around())


def imported_times(events: Iterable[ImportedEvent], bounds: Seconds) -> dict[str, Any] | None:
    """One calendar's busy and free times within a week, as stored; None where there are none."""
    first, last = bounds
    busy: list[Seconds] = []
    free: set[Seconds] = set()
    for event in events:
        if not event.blocks and not event.free:
            continue
        start, end = event.interval.seconds_around() if event.blocks else event.interval.seconds_inside()
        clipped = max(first, start), min(last, end)
        if clipped[0] < clipped[1]:
            if event.blocks:
                busy.append(clipped)
            if event.free:
                free.add(clipped)
    times = {
        "busy": list(chain.from_iterable(_merged(busy))),
        "free": list(chain.from_iterable(sorted(free))),
    }
    return {name: found for name, found in times.items() if found} or None


def _merged(ranges: list[Seconds]) -> list[Seconds]:
    merged: list[Seconds] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def read_agenda(snapshots: Iterable[Snapshot]) -> Agenda:
    """Several weeks' documents as one agenda; a missing document is an empty week."""
    return joined(_week(snapshot.data, snapshot.version) for snapshot in snapshots if snapshot.data)


def _week(data: Mapping[str, Any], version: str | None) -> Agenda:
    return Agenda(
        bookings=NamedSpans(data.get("bookings", {})),
        absences=NamedSpans(data.get("absences", {})),
        imports={
            calendar: Imported(busy=Spans(times.get("busy", ())), free=Spans(times.get("free", ())))
            for calendar, times in data.get("imports", {}).items()
        },
        version=version or "",
    )
