"""One pass over a calendar: channel, listing, sweep and deltas, in that order and as far as a task may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common.domain.feed import Feed
from common.domain.work import Lane
from common.flows.steps import channels
from common.flows.steps.listing import begun, due, turn_page
from common.flows.steps.missing import holding
from common.flows.steps.reading import Reading
from common.flows.steps.sweeping import sweep, sweep_own
from common.ports import Ports


@dataclass(slots=True)
class Pass:
    """How far a pass has come.

    ``seen`` is the wake-up number counted before the present delta was first asked for, None where an
    earlier task began it. ``after`` and ``swept`` say how far the sweep of exported events is.
    """

    feed: Feed
    after: str | None = None
    swept: bool = False
    seen: int | None = None
    pages: int = 0
    units: int = 0
    finished: bool = False


def lane_of(feed: Feed) -> Lane:
    """A change that somebody waits for goes before a listing."""
    return Lane.LIVE if feed.cursor and not feed.cursor.snapshot and not feed.sweeping else Lane.SYNC


def go_on(ports: Ports, current: Pass, open_now: Callable[[Lane], Reading | None]) -> bool:
    """Work for as long as a task may; False where nobody wants the calendar any more.

    The settings are read anew for every page. Opening the channel comes before the first page, so that no
    change can fall between the two.

    Raises:
        Conflict: Somebody else has the lease by now.
    """
    for number in range(ports.tuning.page_budget):
        reading = open_now(lane_of(current.feed))
        if reading is None:
            return False
        if number == 0:
            current.feed = channels.ensure(ports, reading, current.feed)
        _step(ports, reading, current)
        if current.finished:
            break
    return True


def _step(ports: Ports, reading: Reading, current: Pass) -> None:
    if due(ports, reading, current.feed):
        current.feed = begun(ports, reading, current.feed)
        current.after, current.swept = None, False
    if current.feed.sweeping and not holding(current.feed):
        _sweep(ports, reading, current)
    else:
        _page(ports, reading, current)


def _sweep(ports: Ports, reading: Reading, current: Pass) -> None:
    # Before the first listing nothing can have been missed.
    if not current.swept and current.feed.generation > 1 and reading.connection.settings.exports.on:
        current.feed, current.after = sweep_own(ports, reading, current.feed, after=current.after)
        current.swept = current.after is None
    else:
        current.feed = sweep(ports, reading, current.feed)


def _page(ports: Ports, reading: Reading, current: Pass) -> None:
    feed = current.feed
    snapshot = feed.cursor is None or feed.cursor.snapshot
    if feed.cursor is None or snapshot:
        current.seen = None
    elif feed.cursor.page is None:
        # Counted before the provider is asked: a change that comes while pages are read is not on them.
        # https://developers.google.com/workspace/calendar/api/guides/sync
        current.seen = ports.feeds.requested(feed.tenant, feed.connection, feed.key)
    turned = turn_page(ports, reading, feed, done=current.seen)
    current.feed = turned.feed
    current.pages += 1
    current.units += turned.units
    current.finished = turned.last and not snapshot and current.seen is not None
