"""Reads what is stored in one commit: a page of a delta, several pages of a listing."""

from __future__ import annotations

from common.domain.event import SeriesTouched
from common.domain.feed import ChangePage, Cursor
from common.errors import CursorExpired, Retry
from common.flows.steps.reading import Reading, ask
from common.ports import Ports

# Each is expanded by a call of its own, all of them before anything of the commit is stored.
MOST_SERIES = 100


def gather(ports: Ports, reading: Reading, cursor: Cursor) -> ChangePage:
    """The next page; of a listing so many at once that a week is not rewritten for each of them.

    A listing comes in no order of time, so that nearly every page touches nearly every week. What is held
    is bounded, so that a calendar of any size takes the same memory.

    Raises:
        CursorExpired: The provider does not take the cursor any more.
    """
    page = _asked(ports, reading, cursor)
    while page.snapshot and not page.last and _room(ports, page):
        try:
            more = _asked(ports, reading, page.next)
        except (Retry, CursorExpired):
            # What was read already is worth storing; the next turn meets the same refusal.
            break
        page = ChangePage((*page.changes, *more.changes), next=more.next, last=more.last, snapshot=True)
    return page


def _room(ports: Ports, page: ChangePage) -> bool:
    series = {change.series_id for change in page.changes if isinstance(change, SeriesTouched)}
    return len(page.changes) < ports.tuning.listing_chunk and len(series) < MOST_SERIES


def _asked(ports: Ports, reading: Reading, cursor: Cursor) -> ChangePage:
    return ask(
        ports,
        reading,
        lambda provider, token: provider.changes(token, reading.calendar, cursor, detail=reading.detail),
    )
