"""Reads what is stored in one commit: a page of a delta, several pages of a listing."""

from __future__ import annotations

from dataclasses import replace

from common.domain.event import SeriesTouched
from common.domain.feed import ChangePage, Cursor
from common.errors import CursorExpired, RateLimited, Retry
from common.flows.steps.pacing import pace
from common.flows.steps.reading import Reading, ask
from common.ports import CalendarProvider, Ports

# Each is expanded by a call of its own, all of them before anything of the commit is stored.
MOST_SERIES = 100


def gather(ports: Ports, reading: Reading, cursor: Cursor) -> ChangePage:
    """The next page; of a listing so many at once that a week is not rewritten for each of them.

    A listing comes in no order of time, so that nearly every page touches nearly every week. What is held
    is bounded, so that a calendar of any size takes the same memory.

    Raises:
        CursorExpired: The provider does not take the cursor any more.
    """
    return ask(ports, reading, lambda provider, token: _pages(ports, reading, cursor, provider, token))


def _pages(
    ports: Ports, reading: Reading, cursor: Cursor, provider: CalendarProvider, token: str
) -> ChangePage:
    """One page, and further ones of a listing under the same token and one booking of the limits."""
    page = provider.changes(token, reading.calendar, cursor, detail=reading.detail)
    gathered, series = list(page.changes), _series(page)
    allowed = _booked(ports, reading, page) if page.snapshot and not page.last else 0
    while (
        allowed and not page.last and len(gathered) < ports.tuning.listing_chunk and len(series) < MOST_SERIES
    ):
        try:
            page = provider.changes(token, reading.calendar, page.next, detail=reading.detail)
        except (Retry, CursorExpired):
            # What was read already is worth storing; the next turn meets the same refusal.
            break
        gathered += page.changes
        series |= _series(page)
        allowed -= 1
    return replace(page, changes=tuple(gathered))


def _series(page: ChangePage) -> set[str]:
    if SeriesTouched not in map(type, page.changes):
        return set()
    return {change.series_id for change in page.changes if isinstance(change, SeriesTouched)}


def _booked(ports: Ports, reading: Reading, page: ChangePage) -> int:
    """How many further pages may be asked for: as many as fill the chunk, if the limits allow them now."""
    size = max(1, len(page.changes))
    units = min(ports.tuning.pages_at_once, -(-(ports.tuning.listing_chunk - size) // size))
    if units <= 0:
        return 0
    try:
        pace(ports, reading.connection, units=units, lane=reading.lane)
    except RateLimited:
        return 0
    return units
