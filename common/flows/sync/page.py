"""Reads the next pages of a calendar, and stores what they mean in one commit with the cursor behind them.

What a page names and does not hold (the occurrences of a series) is read after the last page, as far as the
limits and the time allow; until then it is stored with the page as pending. So whatever was read is stored,
and one call is enough to come on.

Also decides when a calendar is listed in full, and where such a listing starts: at first, again after a
while, and afresh where the cursor leads nowhere, because the provider forgot it, refuses it for long, or
answers pages without an end. Where the provider cannot even manage the fresh listing, it gets a smaller one.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import (
    MOST_HALVINGS,
    CalendarSync,
    ChangePage,
    Cursor,
    CursorReading,
)
from common.domain.sync.followed_calendars import MOST_UNANNOUNCED, unannounced_after
from common.domain.sync.schedule import next_poll
from common.domain.sync.windows import covered, outdated, rolled
from common.errors import (
    PACED,
    AccountClosed,
    CursorExpired,
    GrantDoubted,
    ProviderUnavailable,
    RateLimited,
    Retry,
    UnexpectedReply,
)
from common.flows.export.own_event_changes import apply_own_event_changes
from common.flows.shared.calendar_access import CalendarAccess, ask, reserve_requests, still_wanted
from common.flows.shared.connection_update import update_connection
from common.flows.sync.import_events import ImportPlan, plan_imports, plan_pending, update_conflicts
from common.flows.sync.moved_events import find_moved_events
from common.flows.sync.quarantine import list_flawed
from common.ports import Ports
from common.ports.provider import CalendarProvider

RELIST_WINDOW = timedelta(hours=1)
# What a provider answers to a cursor for a moment, or for good.
REFUSALS = (ProviderUnavailable, UnexpectedReply)
# A state is one document of at most a MiB: with so many characters pending no further page is read.
MOST_PENDING = 400_000


@dataclass(frozen=True, slots=True)
class PageResult:
    """The calendar's state after a page, and how many units (single events or series) it changed.

    ``last`` says that the listing or delta has ended and nothing of it is pending. Where the cursor had
    expired, or the settings changed while the page was read, nothing of it is stored, and it is False.
    """

    state: CalendarSync
    last: bool = False
    units: int = 0


def listing_due(ports: Ports, access: CalendarAccess, state: CalendarSync) -> bool:
    """Whether the calendar has to be listed in full: at first, under new rules, further ahead, or again."""
    if state.cursor is None or state.fields != access.fields:
        return True
    # What is being listed or held anyway is not started over because time passes.
    if state.cursor.snapshot or state.sweeping:
        return False
    now, abilities = ports.clock.now(), ports.providers[access.connection.provider].calendar.abilities
    again = access.purpose.imports and outdated(state.covered, now, every=abilities.relist_every)
    halvings = _window_halvings(ports, access, state.halvings)
    moved_on = rolled(state.covered, now, months=ports.tuning.months_covered, halvings=halvings)
    return again or moved_on or state.may_widen(now)


def start_listing(
    ports: Ports, access: CalendarAccess, state: CalendarSync, *, halvings: int | None = None
) -> CalendarSync:
    """The state at the start of a full listing, under a new generation; stored events stay until it ends.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its state.
        halvings: How often the usual window and pages are halved; None for as often as before, or once less
            where that was long ago.
    """
    now = ports.clock.now()
    if halvings is None:
        halvings = state.halvings - 1 if state.may_widen(now) else state.halvings
    window = _window(ports, access, halvings)
    return replace(
        state.with_halvings(halvings, now),
        cursor=Cursor.start(window, halvings=halvings),
        generation=state.generation + 1,
        covered=window,
        fields=access.fields,
        listed=0,
        sweeping=False,
        pending=(),
        held=None,
        moved_at=now,
        reading=CursorReading(),
    )


def _window(ports: Ports, access: CalendarAccess, halvings: int) -> Interval:
    halved = _window_halvings(ports, access, halvings)
    return covered(ports.clock.now(), months=ports.tuning.months_covered, halvings=halved)


def _window_halvings(ports: Ports, access: CalendarAccess, halvings: int) -> int:
    """How often the window is halved: where listings have no end anyway, only their pages are smaller."""
    endless = ports.providers[access.connection.provider].calendar.abilities.endless_listing
    return 0 if endless else halvings


def sync_page(
    ports: Ports,
    access: CalendarAccess,
    state: CalendarSync,
    *,
    until: datetime,
    done: int | None = None,
) -> PageResult:
    """Read a page, or some pages of a listing, and store what they mean, with the cursor, in one commit.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its state, with a cursor; its version fences the commit.
        until: When to begin no further call, so that what was read is stored in time.
        done: The number of the sync request that is dealt with if this is the last page of a delta; the lease
            is then given back in the same commit.

    Raises:
        Conflict: Somebody else has the lease by now; nothing was stored.
        RateLimited: The cursor leads nowhere again so soon that a listing has to wait.
    """
    if state.reading.endless:
        return PageResult(_listing_without_end(ports, access, state))
    try:
        state, page = _read_next(ports, access, state, until=until)
    except CursorExpired:
        return PageResult(_listing_after_expiry(ports, access, state))
    own = apply_own_event_changes(ports, access, state, page.changes, until=until)
    if _zone_changed(ports, access, page) and access.purpose.imports:
        # All-day events were copied in the zone of before: the calendar is listed anew.
        return PageResult(_listed_anew(ports, state))
    plan = ImportPlan()
    if access.purpose.imports:
        # All pages come first, because it is nowhere said how long a page token lives.
        reading = until if page.last and not page.snapshot else None
        plan = plan_imports(ports, access, state, page.changes, own=own.own, until=reading)
    if not still_wanted(ports, access):
        return PageResult(state)
    if plan.ended_series:
        return PageResult(_listed_anew(ports, state))
    if not page.snapshot:
        find_moved_events(ports, access, plan)
        update_conflicts(ports, access, plan, known=own.displaced)
    state, flawed = list_flawed(ports, state, plan)
    after = _state_after(ports, state, page, plan, done=done)
    after = replace(after, held=own.held or after.held, own_series=own.series)
    stored = ports.sync_states.commit(
        after, access.connection.resource, plan.units.items(), quarantine=flawed
    )
    last = page.last and not page.snapshot and not pending_due(ports, stored)
    return PageResult(stored, last=last, units=len(plan.units))


def _zone_changed(ports: Ports, access: CalendarAccess, page: ChangePage) -> bool:
    """Whether the calendar is in another zone than it was listed with; the new one is stored."""
    zone, key = page.zone, access.entry.key
    if zone is None or zone == access.calendar.zone:
        return False

    def with_zone(current: Connection) -> Connection:
        entry = current.calendars.get(key)
        if entry is None or entry.zone == zone:
            return current
        return replace(current, calendars={**current.calendars, key: replace(entry, zone=zone)})

    update_connection(ports, access.connection.tenant, access.connection.id, with_zone)
    return True


def _listed_anew(ports: Ports, state: CalendarSync) -> CalendarSync:
    """The stored state, for a listing from its start: what deltas say is not enough.

    It is so in a calendar that got another zone, and of a series that was made a single event: which of its
    changed dates are still there, only a listing says.
    """
    return ports.sync_states.save(replace(state, cursor=None, pending=(), moved_at=None))


def pending_due(ports: Ports, state: CalendarSync) -> bool:
    """Whether what stored pages named is to be read now: after the last page, or where it is too much."""
    now = ports.clock.now()
    if state.cursor is not None and state.cursor.page is not None and state.pending_size < MOST_PENDING:
        return False
    return any(unit.due(now) for unit in state.pending)


def sync_pending(ports: Ports, access: CalendarAccess, state: CalendarSync, *, until: datetime) -> PageResult:
    """Read some of what stored pages named, and store what it means, however little it is.

    Args:
        ports: The outside.
        access: The calendar and its settings.
        state: Its state, with something pending; its version fences the commit.
        until: When to begin no further call.

    Raises:
        Conflict: Somebody else has the lease by now; nothing was stored.
        Retry: Nothing could be read now.
    """
    state, plan = _read_pending(ports, access, state, until=until)
    if not still_wanted(ports, access):
        return PageResult(state)
    if plan.ended_series:
        return PageResult(_listed_anew(ports, state))
    if not state.listing:
        find_moved_events(ports, access, plan)
        update_conflicts(ports, access, plan)
    state, flawed = list_flawed(ports, state, plan)
    after = _counted(_moved(ports, state, plan), plan, listing=state.listing)
    stored = ports.sync_states.commit(
        after, access.connection.resource, plan.units.items(), quarantine=flawed
    )
    return PageResult(stored, units=len(plan.units))


def _read_pending(
    ports: Ports, access: CalendarAccess, state: CalendarSync, *, until: datetime
) -> tuple[CalendarSync, ImportPlan]:
    """What pending units mean, and the state that this belongs to.

    One that is refused for long while the account answers otherwise is left alone for a while, so that the
    others come on.
    """
    answered = replace(state, reading=state.reading.after_answer())
    try:
        return answered, plan_pending(ports, access, state, until=until)
    except ProviderUnavailable:
        now = ports.clock.now()
        noted = ports.sync_states.save(replace(state, reading=state.reading.after_refusal(now)))
        if not noted.reading.refused_for_long(now):
            raise
        ask(ports, access, lambda provider, token: provider.list_calendars(token, page=None))
        answered = replace(noted, reading=noted.reading.after_answer())
        return answered, plan_pending(ports, access, noted, until=until, leave_first=True)


def _read_next(
    ports: Ports, access: CalendarAccess, state: CalendarSync, *, until: datetime
) -> tuple[CalendarSync, ChangePage]:
    """The next page or pages, and the state that they belong to, with how reading on from its cursor goes.

    A cursor that has been refused for long is given up once the provider answers a fresh listing: while it
    answers nothing at all, its cursor is as good as any, and is kept.
    """
    try:
        return _read_from(ports, access, state, until=until)
    except (GrantDoubted, AccountClosed):
        # That is about the account, whatever the cursor.
        raise
    except REFUSALS as refused:
        now = ports.clock.now()
        noted = ports.sync_states.save(replace(state, reading=state.reading.after_refusal(now)))
        if not noted.reading.refused_for_long(now) or _is_listing_limited(ports, noted):
            raise
        try:
            found = _read_from(ports, access, _listing_after_refusals(ports, access, noted), until=until)
        except (*REFUSALS, CursorExpired):
            raise refused from None
        # An outage that ended between the two calls says nothing about the cursor.
        with suppress(*REFUSALS):
            return _read_from(ports, access, noted, until=until)
    _log_given_up(ports, found[0])
    return found


def _read_from(
    ports: Ports, access: CalendarAccess, state: CalendarSync, *, until: datetime
) -> tuple[CalendarSync, ChangePage]:
    reading, page = ask(
        ports,
        access,
        lambda provider, token: _read_pages(ports, access, (provider, token), state=state, until=until),
    )
    return replace(state, reading=reading), page


def _read_pages(
    ports: Ports,
    access: CalendarAccess,
    opened: tuple[CalendarProvider, str],
    *,
    state: CalendarSync,
    until: datetime,
) -> tuple[CursorReading, ChangePage]:
    """The next page; of a listing so many at once that a week is not rewritten for each of them.

    A listing comes in no order of time, so that nearly every page touches nearly every week. What is held in
    memory is bounded, so that a calendar of any size takes the same memory. Further pages are read under the
    same token and one reservation of the limits.
    """
    provider, token = opened
    cursor = state.cursor or Cursor.start(_window(ports, access, state.halvings), halvings=state.halvings)
    page = provider.changes(token, access.calendar, cursor, detail=access.detail)
    reading, changes = state.reading.after_page(page), list(page.changes)
    for _ in range(_further_pages(ports, access, page) if page.snapshot and not page.last else 0):
        full = len(changes) >= ports.tuning.listing_chunk
        if full or page.last or reading.endless or ports.clock.now() >= until:
            break
        try:
            page = provider.changes(token, access.calendar, page.next, detail=access.detail)
        except (Retry, CursorExpired, UnexpectedReply):
            # What was read already is worth storing; the next page meets the same refusal.
            break
        changes += page.changes
        reading = reading.after_page(page)
    return reading, replace(page, changes=tuple(changes))


def _further_pages(ports: Ports, access: CalendarAccess, page: ChangePage) -> int:
    """How many further pages may be asked for: as many as fill the chunk, if the limits allow them now."""
    size = max(1, len(page.changes))
    units = min(ports.tuning.pages_at_once, -(-(ports.tuning.listing_chunk - size) // size))
    if units <= 0:
        return 0
    try:
        reserve_requests(ports, access.connection, units=units, lane=access.lane)
    except RateLimited:
        return 0
    return units


def _listing_after_refusals(ports: Ports, access: CalendarAccess, state: CalendarSync) -> CalendarSync:
    """A fresh listing because the cursor was refused for long; one size after the other is tried."""
    least = _halvings_of_next(ports, state)
    halvings = least + (state.reading.trials - 1) % (MOST_HALVINGS - least + 1)
    return _begun_afresh(ports, access, state, halvings=halvings, why="cursor_refused")


def _listing_without_end(ports: Ports, access: CalendarAccess, state: CalendarSync) -> CalendarSync:
    """A fresh listing because pages had no end; limited in number, unless it is a smaller one."""
    if _is_listing_limited(ports, state):
        _check_listing_limit(ports, state)
    halvings = _halvings_of_next(ports, state)
    begun = _begun_afresh(ports, access, state, halvings=halvings, why="endless_pages")
    _log_given_up(ports, begun)
    return ports.sync_states.save(begun)


def _is_listing_limited(ports: Ports, state: CalendarSync) -> bool:
    """Whether the calendar was listed afresh so often that only a smaller part of it may be listed now."""
    often = len(_recent_listings(ports, state)) >= ports.tuning.resyncs_per_hour
    return often and _halvings_of_next(ports, state) == state.halvings


def _halvings_of_next(ports: Ports, state: CalendarSync) -> int:
    """How small a fresh listing is at least: smaller where the one before it was given up as well."""
    listing = state.cursor is not None and state.cursor.snapshot
    again = listing or bool(_recent_listings(ports, state))
    return min(MOST_HALVINGS, state.halvings + again)


def _begun_afresh(
    ports: Ports, access: CalendarAccess, state: CalendarSync, *, halvings: int, why: str
) -> CalendarSync:
    listings = (*_recent_listings(ports, state), ports.clock.now())
    begun = start_listing(ports, access, state, halvings=halvings)
    return replace(begun, listings=listings, given_up=why)


def _log_given_up(ports: Ports, state: CalendarSync) -> None:
    """Log that a cursor was given up, where that has happened with this state."""
    ports.log.warning(
        "cursor_given_up",
        tenant=state.tenant,
        connection=state.connection,
        calendar=state.key,
        reason=state.given_up,
        halvings=state.halvings,
    )


def _recent_listings(ports: Ports, state: CalendarSync) -> tuple[datetime, ...]:
    return tuple(moment for moment in state.listings if moment > ports.clock.now() - RELIST_WINDOW)


def _listing_after_expiry(ports: Ports, access: CalendarAccess, state: CalendarSync) -> CalendarSync:
    """A fresh listing because the provider forgot the cursor; limited, because it costs a whole calendar."""
    recent = _check_listing_limit(ports, state)
    ports.log.warning(
        "cursor_expired",
        tenant=state.tenant,
        connection=state.connection,
        calendar=state.key,
        recent=len(recent),
    )
    listings = (*recent, ports.clock.now())
    return ports.sync_states.save(replace(start_listing(ports, access, state), listings=listings))


def _check_listing_limit(ports: Ports, state: CalendarSync) -> tuple[datetime, ...]:
    """When the calendar was listed afresh within the last hour.

    Raises:
        RateLimited: Too often.
    """
    now, recent = ports.clock.now(), _recent_listings(ports, state)
    if len(recent) >= ports.tuning.resyncs_per_hour:
        wait = (recent[0] + RELIST_WINDOW - now).total_seconds()
        ports.sync_states.save(replace(state, error="resync_limited"))
        raise RateLimited("this calendar was listed afresh a moment ago", code=PACED, retry_after=wait)
    return recent


def _state_after(
    ports: Ports, state: CalendarSync, page: ChangePage, plan: ImportPlan, *, done: int | None
) -> CalendarSync:
    """The state that belongs to the data of this page."""
    after = replace(_moved(ports, state, plan), cursor=page.next)
    if page.snapshot:
        return replace(_counted(after, plan, listing=True), sweeping=page.last)
    after = _counted(after, plan, listing=False)
    if state.cursor is not None and state.cursor.page is None:
        after = _channel_doubted(ports, state, after, changed=bool(page.changes))
    if not page.last or done is None or pending_due(ports, after):
        return after
    now = ports.clock.now()
    after = replace(after, done_request=done, error=None, given_up=None, poll_at=poll_at(ports, state, now))
    return after.without_lease()


def _channel_doubted(
    ports: Ports, before: CalendarSync, after: CalendarSync, *, changed: bool
) -> CalendarSync:
    """The state after a delta's first page; a channel that announces nothing is renewed next time."""
    unannounced = unannounced_after(before, changed=changed)
    if unannounced < MOST_UNANNOUNCED:
        return replace(after, unannounced=unannounced)
    ports.log.warning(
        "channel_silent", tenant=before.tenant, connection=before.connection, calendar=before.key
    )
    return replace(after, unannounced=0, renew_at=ports.clock.now())


def _moved(ports: Ports, state: CalendarSync, plan: ImportPlan) -> CalendarSync:
    """The state after something was read from the provider."""
    now = ports.clock.now()
    after = replace(
        state,
        last_applied_at=now,
        moved_at=now,
        waiting_until=None,
        failing_since=None,
    )
    return after.with_pending(plan.done, plan.pending)


def _counted(state: CalendarSync, plan: ImportPlan, *, listing: bool) -> CalendarSync:
    """The state with the number of its units after this commit."""
    if listing:
        listed = state.listed + plan.present
        return replace(state, listed=listed, units=max(state.units, listed))
    present = sum(map(bool, plan.units.values()))
    gone = sum(bool(plan.before.get(unit)) for unit in plan.units)
    return replace(state, units=max(0, state.units + present - gone))


def poll_at(ports: Ports, state: CalendarSync, now: datetime) -> datetime:
    """When to read the calendar without being asked to: push messages get lost."""
    return next_poll(now, minutes=ports.tuning.poll_minutes, seed=f"{state.connection}/{state.key}")
