"""Makes imported events for tests; every field that a test does not name has a default."""

from __future__ import annotations

from common.domain.sync.imported_events import ALL_DAY, BLOCKS, FREE, PRIVATE, ImportedEvent, microseconds


def imported_event(
    key,
    interval,
    *,
    unit=None,
    blocks=True,
    free=False,
    private=False,
    all_day=False,
    generation=1,
    title=None,
    description=None,
):
    """An imported event that blocks an hour, unless fields say otherwise."""
    marks = blocks * BLOCKS | free * FREE | private * PRIVATE | all_day * ALL_DAY
    start, end = microseconds(interval.start), microseconds(interval.end)
    return ImportedEvent(start, end, key, unit or key, marks, generation, title, description)


def moved_event(event, interval):
    """The same event at another time."""
    return event._replace(start_us=microseconds(interval.start), end_us=microseconds(interval.end))
