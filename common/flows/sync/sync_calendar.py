"""Brings one calendar's stored copy, and the bookings exported to it, in line with the provider.

The loop, top to bottom: a sync request is counted; one worker takes the calendar's lease; it keeps the push
channel open, reads listing or delta pages and stores each together with its cursor, reads what these named
and did not hold, and sweeps what a finished listing did not show; it gives the lease back; and it looks at
the count of requests again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.calendar.sync_state import CalendarSync
from common.domain.notify import NoticeKind, new_notice
from common.domain.shared.tasks import Lane, SyncCalendar
from common.domain.sync.push import Cause
from common.domain.sync.schedule import time_bucket
from common.errors import CalendarGone, Conflict, RateLimited, Stop, SyncError
from common.flows.shared.calendar_access import CalendarAccess, open_calendar
from common.flows.shared.enqueue import (
    CONTINUE,
    enqueue_continuation,
    enqueue_follow_up,
    enqueue_sync_after_lease,
    enqueue_sync_for_request,
    enqueue_upkeep,
    request_sync,
)
from common.flows.shared.lease import READ_FAILURES, release_lease, take_lease
from common.flows.sync.channels import apply_channel_report, confirm_channel, ensure_channel
from common.flows.sync.fan_out import RELEASED, share_push
from common.flows.sync.page import listing_due, pending_due, start_listing, sync_page, sync_pending
from common.flows.sync.quarantine import notify_flawed
from common.flows.sync.stalled import notify_stalled_calendar
from common.flows.sync.sweep import sweep_exported, sweep_imported
from common.ports import Ports

# Reasons that are about the push channel and not about changed events.
CHANNEL_REASONS = frozenset({Cause.REMOVED.value, Cause.REAUTHORIZE.value, RELEASED})
# Nobody wants a mail about a minute's outage.
PATIENCE = timedelta(minutes=5)
# At most so often (in seconds) a calendar that is not found has all calendars listed anew.
CALENDARS_LISTED_EVERY = 3600


class SyncOutcome(StrEnum):
    """What became of a task that synchronises a calendar.

    Attributes:
        DONE: The calendar is in line, by this task or by another one.
        MORE: The task's share of pages is used up; the next task goes on.
        BUSY: Another worker has the lease, and will see the request.
        LOST: Another worker took the lease over meanwhile.
        OFF: Nobody wants this calendar (any more).
    """

    DONE = "done"
    MORE = "more"
    BUSY = "busy"
    LOST = "lost"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How far a task came, and how many pages it read and units (single events or series) it changed."""

    outcome: SyncOutcome
    pages: int = 0
    units: int = 0


@dataclass(slots=True)
class SyncPass:
    """How far a sync pass has come: a listing or a delta from its first page to its last, and the sweep.

    Attributes:
        state: The calendar's state as stored.
        after: The booking behind which the sweep of exported events goes on.
        swept: Whether that sweep has ended.
        seen: How many sync requests were counted before the present delta was first asked for; None where an
            earlier task began it.
        pages: How many pages were read.
        units: How many single events or series were changed.
        finished: Whether a delta was read to its end, so that the requests in ``seen`` are dealt with.
    """

    state: CalendarSync
    after: str | None = None
    swept: bool = False
    seen: int | None = None
    pages: int = 0
    units: int = 0
    finished: bool = False


OpenCalendar = Callable[[Lane], CalendarAccess | None]


def sync_calendar(ports: Ports, command: SyncCalendar) -> SyncResult:
    """Read what changed in one calendar and apply it, page by page, as the only worker who does so.

    No sync request is lost: it is counted before the lease is looked at, and whoever has the lease gives it
    back before looking at the count again. So either the newcomer finds the lease free, or the holder finds
    the count raised.

    Raises:
        Retry: The provider or the store asks to come back later; the stored cursor is where to go on.
        Stop: Only a person can help; nothing was removed.
    """
    if command.channel:
        share_push(ports, tenant=command.tenant, connection=command.connection, calendar=command.calendar)
    access = _open(ports, command, Lane.SYNC)
    if access is None:
        return SyncResult(SyncOutcome.OFF)
    result = _sync(ports, command)
    # Not before: a sync that fails comes back by itself, and would queue one more follow-up each time.
    enqueue_follow_up(ports, access.connection, command.calendar, reason=command.reason)
    return result


def _sync(ports: Ports, command: SyncCalendar) -> SyncResult:
    ids = (command.tenant, command.connection, command.calendar)
    request = command.request
    if request is None and command.reason != CONTINUE:
        request = ports.sync_states.count_request(*ids, now=ports.clock.now())
    state = ports.sync_states.get(*ids)
    if command.channel:
        state = confirm_channel(ports, state, channel=command.channel)
    elif command.reason == Cause.CHANGED.value:
        # The channel of another connection of this account announced it.
        state = replace(state, last_push_at=ports.clock.now(), unannounced=0)
    state = apply_channel_report(state, channel=command.channel, reason=command.reason, now=ports.clock.now())
    if not (state.unfinished if request is None else request > state.done_request):
        _log_push_lag(ports, state, pushed_at=command.pushed_at)
        return SyncResult(SyncOutcome.DONE)

    holder = ports.keys.token()
    leased = take_lease(ports, state, holder=holder)
    if leased is None:
        if command.reason in CHANNEL_REASONS:
            # Whoever is at work has the channel as it was before it was taken away.
            raise Conflict("somebody works on this calendar", code="calendar_busy", retry_after=5)
        state, channel = ports.sync_states.get(*ids), command.channel
        enqueue_sync_after_lease(ports, state, request=request, channel=channel, pushed_at=command.pushed_at)
        return SyncResult(SyncOutcome.BUSY)

    return _sync_leased(ports, command, SyncPass(leased, command.after, command.swept), holder=holder)


def _sync_leased(ports: Ports, command: SyncCalendar, current: SyncPass, *, holder: str) -> SyncResult:
    try:
        wanted = run_pass(ports, current, lambda lane: _open(ports, command, lane), holder=holder)
    except Conflict:
        # Another worker goes on from the stored cursor; only where there is none, the task comes back.
        if not _taken_over(ports, command, holder=holder):
            raise
        return SyncResult(SyncOutcome.LOST, current.pages, current.units)
    state = current.state
    if not wanted:
        return SyncResult(SyncOutcome.OFF, current.pages, current.units)
    if not current.finished:
        enqueue_continuation(
            ports, state, after=current.after, swept=current.swept, pushed_at=command.pushed_at
        )
        return SyncResult(SyncOutcome.MORE, current.pages, current.units)
    _log_push_lag(ports, state, pushed_at=command.pushed_at)
    # Requests that were counted while we had the lease count on us.
    requested = ports.sync_states.requested(state.tenant, state.connection, state.key)
    if requested > state.done_request:
        enqueue_sync_for_request(ports, state, requested)
    return SyncResult(SyncOutcome.DONE, current.pages, current.units)


def run_pass(ports: Ports, current: SyncPass, open_now: OpenCalendar, *, holder: str) -> bool:
    """Work on a calendar whose lease we have, for as long as a task may, and give the lease back.

    A failure is noted with the lease, and the owner is notified of one that lasts.

    Args:
        ports: The outside.
        current: How far the pass has come; it is carried on in place, to the state as stored at the end.
        open_now: Opens the calendar under the settings of that moment; None where nobody wants it any more.
        holder: Who has the lease.

    Returns:
        False where nobody wants the calendar any more.

    Raises:
        Conflict: Somebody else has the lease by now.
    """
    failure: SyncError | None = None
    until = ports.clock.now() + timedelta(seconds=ports.tuning.task_seconds)
    try:
        return _run(ports, current, open_now, until=until)
    except (RateLimited, Stop, *READ_FAILURES) as failed:
        failure = failed
        raise
    finally:
        current.state = release_lease(ports, current.state, holder=holder, failure=failure)
        _notify_unreachable(ports, current.state)
        notify_stalled_calendar(ports, current.state)
        _look_again(ports, current.state)
        if isinstance(failure, CalendarGone):
            _list_calendars_anew(ports, current.state)


def _run(ports: Ports, current: SyncPass, open_now: OpenCalendar, *, until: datetime) -> bool:
    for number in range(ports.tuning.page_budget):
        # The first step is always done, so that every task comes on.
        if number and ports.clock.now() >= until:
            break
        # The settings are read anew for every page.
        access = open_now(_lane(current.state))
        if access is None:
            return False
        if number == 0:
            # Before the first page, so that no change can fall between the two.
            current.state = ensure_channel(ports, access, current.state)
        if listing_due(ports, access, current.state):
            current.state = start_listing(ports, access, current.state)
            current.after, current.swept = None, False
        if pending_due(ports, current.state):
            _pending(ports, access, current, until=until)
        elif current.state.sweeping and not current.state.deletions_held:
            _sweep(ports, access, current, until=until)
        else:
            _page(ports, access, current, until=until)
        if current.finished:
            notify_flawed(ports, current.state)
            break
    return True


def _pending(ports: Ports, access: CalendarAccess, current: SyncPass, *, until: datetime) -> None:
    page = sync_pending(ports, access, current.state, until=until)
    current.state = page.state
    current.units += page.units


def _page(ports: Ports, access: CalendarAccess, current: SyncPass, *, until: datetime) -> None:
    state = current.state
    listing = state.cursor is None or state.cursor.snapshot
    if listing:
        current.seen = None
    elif state.cursor and state.cursor.page is None:
        # Counted before the provider is asked: a change that comes while pages are read is not on them.
        # https://developers.google.com/workspace/calendar/api/guides/sync
        current.seen = ports.sync_states.requested(state.tenant, state.connection, state.key)
    page = sync_page(ports, access, state, done=current.seen, until=until)
    current.state = page.state
    if page.state.generation != state.generation:
        # A listing was begun afresh, whose sweep looks at every exported event again.
        current.after, current.swept = None, False
    current.pages += 1
    current.units += page.units
    current.finished = page.last and not listing and current.seen is not None


def _sweep(ports: Ports, access: CalendarAccess, current: SyncPass, *, until: datetime) -> None:
    # Before the first listing no deletion of an exported event can have been missed.
    if not current.swept and current.state.generation > 1 and access.connection.settings.exports.on:
        current.state, current.after = sweep_exported(
            ports, access, current.state, after=current.after, until=until
        )
        current.swept = current.after is None
    else:
        current.state = sweep_imported(ports, access, current.state)


def _lane(state: CalendarSync) -> Lane:
    """A delta, for which somebody may wait, goes before a listing and its sweep."""
    return Lane.LIVE if state.cursor and not state.cursor.snapshot and not state.sweeping else Lane.SYNC


def _open(ports: Ports, command: SyncCalendar, lane: Lane) -> CalendarAccess | None:
    return open_calendar(
        ports, tenant=command.tenant, connection=command.connection, key=command.calendar, lane=lane
    )


def _taken_over(ports: Ports, command: SyncCalendar, *, holder: str) -> bool:
    state = ports.sync_states.get(command.tenant, command.connection, command.calendar)
    return state.lease_holder != holder and state.leased(now=ports.clock.now())


def _log_push_lag(ports: Ports, state: CalendarSync, *, pushed_at: int | None) -> None:
    """Log the seconds from a push message, at ``pushed_at``, to the sync pass that saw what it announced.

    A task that finds the work done by another one counts until that pass ended, not until now.
    """
    if pushed_at is None or state.last_applied_at is None:
        return
    ports.log.info(
        "push_applied",
        tenant=state.tenant,
        connection=state.connection,
        calendar=state.key,
        lag=round(max(0.0, state.last_applied_at.timestamp() - pushed_at), 1),
    )


def _list_calendars_anew(ports: Ports, state: CalendarSync) -> None:
    """Have the account's calendars listed soon: one that is not found may have another id by now."""
    bucket = time_bucket(ports.clock.now(), seconds=CALENDARS_LISTED_EVERY)
    enqueue_upkeep(
        ports,
        tenant=state.tenant,
        connection=state.connection,
        job="refresh",
        cause=f"gone/{state.key}/{bucket}",
    )


def _look_again(ports: Ports, state: CalendarSync) -> None:
    """Have what a page named and nobody found looked for again soon: it may only be shown late."""
    due = state.absent_due_at
    if due is not None:
        request_sync(
            ports,
            tenant=state.tenant,
            connection=state.connection,
            calendar=state.key,
            cause=f"absent/{int(due.timestamp())}",
            not_before=due,
        )


def _notify_unreachable(ports: Ports, state: CalendarSync) -> None:
    """Notify the owner once a calendar has failed for longer than the grace; before that, sync at its end.

    The grace counts from the last known times, as for what is offered meanwhile. All calendars of a
    connection that fail together are one notice, named by when the first of them began to fail.
    """
    since = state.failing_since
    if since is None:
        return
    due = _notice_due(ports, state, since)
    if ports.clock.now() < due:
        request_sync(
            ports,
            tenant=state.tenant,
            connection=state.connection,
            calendar=state.key,
            cause=f"failing/{int(since.timestamp())}",
            not_before=due,
        )
        return
    others = ports.sync_states.of_connection(state.tenant, state.connection)
    first = min([since, *(item.failing_since for item in others if item.failing_since)])
    ports.ledger.record_notice(
        new_notice(
            NoticeKind.UNREACHABLE,
            tenant=state.tenant,
            cause=f"{state.connection}-{int(first.timestamp())}",
            at=ports.clock.now(),
            connection=state.connection,
        )
    )


def _notice_due(ports: Ports, state: CalendarSync, since: datetime) -> datetime:
    grace = ports.catalogue.tenant(state.tenant).unreachable.grace or timedelta()
    return max(since + PATIENCE, (state.last_applied_at or since) + grace)
