"""Moves a calendar's feed on: where a full listing starts, and one page stored together with its cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.calendar.event import SeriesTouched
from common.domain.calendar.sync_state import CalendarSync, ChangePage, Cursor
from common.domain.sync.upkeep import next_poll
from common.domain.sync.windows import covered, outdated, rolled
from common.errors import CursorExpired, RateLimited, Retry
from common.flows.export.own_event_changes import apply_own_event_changes
from common.flows.shared.calendar_access import CalendarAccess, ask, pace, unchanged
from common.flows.shared.lease import freed
from common.flows.sync import import_events
from common.flows.sync.import_events import ImportPlan, plan
from common.ports import Ports
from common.ports.provider import CalendarProvider

LIMITED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turned:
    """The feed after a page, and how many units of the calendar it changed.

    ``last`` says that the listing or delta has ended; ``again`` that nothing was stored, because the cursor
    had expired or the settings changed while the page was read.
    """

    feed: CalendarSync
    last: bool = False
    again: bool = False
    units: int = 0


def due(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> bool:
    """Whether the calendar has to be listed in full: at first, under new rules, further ahead, or again."""
    if feed.cursor is None or feed.fields != reading.fields:
        return True
    # What is being listed or held anyway is not started over because time passes.
    if feed.cursor.snapshot or feed.sweeping:
        return False
    now, abilities = ports.clock.now(), ports.providers[reading.connection.provider].calendar.abilities
    again = reading.wanted.imports and outdated(feed.covered, now, every=abilities.relist_every)
    return again or rolled(feed.covered, now, months=ports.tuning.months_covered)


def begun(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync:
    """A feed at the start of a full listing, under a new generation; what is stored stays until it ends."""
    window = covered(ports.clock.now(), months=ports.tuning.months_covered)
    return replace(
        feed,
        cursor=Cursor.start(window),
        generation=feed.generation + 1,
        covered=window,
        fields=reading.fields,
        listed=0,
        sweeping=False,
        held=None,
    )


def turn_page(
    ports: Ports, reading: CalendarAccess, feed: CalendarSync, *, done: int | None = None
) -> Turned:
    """Read a page, or some pages of a listing, and store what they mean, with the cursor, in one commit.

    Args:
        ports: The outside.
        reading: The calendar and its settings.
        feed: Its state, with a cursor; its version fences the commit.
        done: The wake-up number that is dealt with if this is the last page of a delta; the lease is then
            given back in the same commit.

    Raises:
        Conflict: Somebody else has the lease by now; nothing was stored.
        RateLimited: The cursor expired again so soon that a listing has to wait.
    """
    cursor = feed.cursor or Cursor.start(covered(ports.clock.now(), months=ports.tuning.months_covered))
    try:
        page = gather(ports, reading, cursor)
    except CursorExpired:
        return Turned(_restarted(ports, reading, feed), again=True)
    followed = apply_own_event_changes(ports, reading, feed, page.changes)
    made = ImportPlan()
    if reading.wanted.imports:
        made = plan(ports, reading, feed, page.changes, own=followed.own)
    if not unchanged(ports, reading):
        return Turned(feed, again=True)
    if not page.snapshot:
        import_events.flag(ports, reading, made)
    if made.poison:
        ports.sync_states.quarantine(feed, made.poison)
    after = _after(ports, feed, page, made, done=done)
    stored = ports.sync_states.commit(
        replace(after, held=followed.held or after.held), reading.connection.resource, made.units.items()
    )
    return Turned(stored, last=page.last, units=len(made.units))


def _restarted(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync:
    """A fresh listing because the provider forgot the cursor; limited, because it costs a whole calendar."""
    now = ports.clock.now()
    recent = tuple(moment for moment in feed.listings if moment > now - LIMITED_FOR)
    if len(recent) >= ports.tuning.resyncs_per_hour:
        wait = (recent[0] + LIMITED_FOR - now).total_seconds()
        ports.sync_states.save(replace(feed, error="resync_limited"))
        raise RateLimited("this calendar was listed afresh a moment ago", code="paced", retry_after=wait)
    ports.log.warning(
        "cursor_expired",
        tenant=feed.tenant,
        connection=feed.connection,
        calendar=feed.key,
        recent=len(recent),
    )
    return ports.sync_states.save(replace(begun(ports, reading, feed), listings=(*recent, now)))


def _after(
    ports: Ports, feed: CalendarSync, page: ChangePage, made: ImportPlan, *, done: int | None
) -> CalendarSync:
    """The feed that belongs to the data of this page."""
    now = ports.clock.now()
    present = sum(map(bool, made.units.values()))
    after = replace(
        feed,
        cursor=page.next,
        quarantined=feed.quarantined + len(made.poison),
        last_applied_at=now,
        failing_since=None,
    )
    if page.snapshot:
        listed = feed.listed + present
        return replace(after, listed=listed, units=max(feed.units, listed), sweeping=page.last)
    gone = sum(bool(made.before.get(unit)) for unit in made.units)
    after = replace(after, units=max(0, feed.units + present - gone))
    if not page.last or done is None:
        return after
    return freed(replace(after, done_request=done, error=None, poll_at=poll_at(ports, feed, now)))


def poll_at(ports: Ports, feed: CalendarSync, now: datetime) -> datetime:
    """When to look without being asked: pushes get lost."""
    return next_poll(now, minutes=ports.tuning.poll_minutes, seed=f"{feed.connection}/{feed.key}")


# Each is expanded by a call of its own, all of them before anything of the commit is stored.
MOST_SERIES = 100


def gather(ports: Ports, reading: CalendarAccess, cursor: Cursor) -> ChangePage:
    """The next page; of a listing so many at once that a week is not rewritten for each of them.

    A listing comes in no order of time, so that nearly every page touches nearly every week. What is held
    is bounded, so that a calendar of any size takes the same memory.

    Raises:
        CursorExpired: The provider does not take the cursor any more.
    """
    return ask(ports, reading, lambda provider, token: _pages(ports, reading, cursor, provider, token))


def _pages(
    ports: Ports, reading: CalendarAccess, cursor: Cursor, provider: CalendarProvider, token: str
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


def _booked(ports: Ports, reading: CalendarAccess, page: ChangePage) -> int:
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
