"""Brings one calendar's copy, and the bookings exported to it, in line with the provider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.calendar.sync_state import CalendarSync
from common.domain.notify import Notice, NoticeKind
from common.domain.shared.tasks import Lane, SyncCalendar
from common.domain.sync.push import Cause
from common.errors import Conflict, Stop, SyncError
from common.flows.export.own_event_changes import deletions_held
from common.flows.shared.calendar_access import CalendarAccess, open_calendar
from common.flows.shared.enqueue import (
    CONTINUE,
    go_on_later,
    look_after_lease,
    look_again,
    look_later,
    unfinished,
    wake_feed,
)
from common.flows.shared.lease import FAILURES, leased, release, take
from common.flows.sync import channels
from common.flows.sync.channels import heard, told
from common.flows.sync.fan_out import RELEASED, pass_on
from common.flows.sync.page import begun, due, turn_page
from common.flows.sync.sweep import sweep, sweep_own
from common.ports import Ports

OF_CHANNEL = frozenset({Cause.REMOVED.value, Cause.REAUTHORIZE.value, RELEASED})


class SyncOutcome(StrEnum):
    """What became of a look at a calendar."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"
    LOST = "lost"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Synced:
    """How far a task came, and how many pages and units it took."""

    outcome: SyncOutcome
    pages: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True)
class _Looked:
    """A calendar as it was when a look began, and what became of the look."""

    feed: CalendarSync
    synced: Synced


def sync_calendar(ports: Ports, command: SyncCalendar) -> Synced:
    """Read what changed and follow it, a page at a time, as the only one who does so for this calendar.

    No wake-up is lost: it is counted before the lease is looked at, and whoever has the lease gives it back
    before looking at the count again. So either the newcomer finds the lease free, or the holder finds the
    count raised.

    Raises:
        Retry: The provider or the store asks to come back later; the stored cursor is where to go on.
        Stop: Only a person can help; nothing was removed.
    """
    if command.channel:
        pass_on(ports, tenant=command.tenant, connection=command.connection, calendar=command.calendar)
    reading = _reading(ports, command, Lane.SYNC)
    if reading is None:
        return Synced(SyncOutcome.OFF)
    found = _looked(ports, command)
    # Not before: a look that fails comes back itself, and would ask for one more each time.
    look_later(ports, found.feed, provider=reading.connection.provider, reason=command.reason)
    return found.synced


def _looked(ports: Ports, command: SyncCalendar) -> _Looked:
    ids = (command.tenant, command.connection, command.calendar)
    request = command.request
    if request is None and command.reason != CONTINUE:
        request = ports.sync_states.wake(*ids, now=ports.clock.now())
    feed = ports.sync_states.get(*ids)
    if command.channel:
        feed = heard(ports, feed, channel=command.channel)
    feed = told(feed, channel=command.channel, cause=command.reason, now=ports.clock.now())
    if not (unfinished(feed) if request is None else request > feed.done_request):
        tell_lag(ports, feed, pushed_at=command.pushed_at)
        return _Looked(feed, Synced(SyncOutcome.DONE))
    holder = ports.keys.token()
    mine = take(ports, feed, holder=holder)
    if mine is None:
        if command.reason in OF_CHANNEL:
            # Whoever is at work has the channel as it was before it was taken away.
            raise Conflict("somebody works on this calendar", code="calendar_busy", retry_after=5)
        look_after_lease(
            ports,
            ports.sync_states.get(*ids),
            request=request,
            channel=command.channel,
            pushed_at=command.pushed_at,
        )
        return _Looked(feed, Synced(SyncOutcome.BUSY))
    return _Looked(feed, _work(ports, command, Pass(mine, command.after, command.swept), holder=holder))


def _work(ports: Ports, command: SyncCalendar, current: Pass, *, holder: str) -> Synced:
    wanted = lost = False
    failure: SyncError | None = None
    try:
        wanted = go_on(ports, current, lambda lane: _reading(ports, command, lane))
    except (Stop, *FAILURES) as failed:
        failure = failed
        raise
    except Conflict:
        # Another worker goes on from the stored cursor; only where there is none, the task comes back.
        lost = _taken_over(ports, command, holder=holder)
        if not lost:
            raise
    finally:
        feed = release(ports, current.feed, holder=holder, failure=failure)
        warn(ports, feed)
    if lost or not wanted:
        return Synced(SyncOutcome.LOST if lost else SyncOutcome.OFF, current.pages, current.units)
    if not current.finished:
        go_on_later(ports, feed, after=current.after, swept=current.swept, pushed_at=command.pushed_at)
        return Synced(SyncOutcome.MORE, current.pages, current.units)
    tell_lag(ports, feed, pushed_at=command.pushed_at)
    requested = ports.sync_states.requested(feed.tenant, feed.connection, feed.key)
    if requested > feed.done_request:
        look_again(ports, feed, requested)
    return Synced(SyncOutcome.DONE, current.pages, current.units)


def _reading(ports: Ports, command: SyncCalendar, lane: Lane) -> CalendarAccess | None:
    return open_calendar(
        ports, tenant=command.tenant, connection=command.connection, key=command.calendar, lane=lane
    )


def _taken_over(ports: Ports, command: SyncCalendar, *, holder: str) -> bool:
    feed = ports.sync_states.get(command.tenant, command.connection, command.calendar)
    return feed.lease_holder != holder and leased(feed, now=ports.clock.now())


@dataclass(slots=True)
class Pass:
    """How far a pass has come.

    ``seen`` is the wake-up number counted before the present delta was first asked for, None where an
    earlier task began it. ``after`` and ``swept`` say how far the sweep of exported events is.
    """

    feed: CalendarSync
    after: str | None = None
    swept: bool = False
    seen: int | None = None
    pages: int = 0
    units: int = 0
    finished: bool = False


def lane_of(feed: CalendarSync) -> Lane:
    """A change that somebody waits for goes before a listing."""
    return Lane.LIVE if feed.cursor and not feed.cursor.snapshot and not feed.sweeping else Lane.SYNC


def go_on(ports: Ports, current: Pass, open_now: Callable[[Lane], CalendarAccess | None]) -> bool:
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


def _step(ports: Ports, reading: CalendarAccess, current: Pass) -> None:
    if due(ports, reading, current.feed):
        current.feed = begun(ports, reading, current.feed)
        current.after, current.swept = None, False
    if current.feed.sweeping and not deletions_held(current.feed):
        _sweep(ports, reading, current)
    else:
        _page(ports, reading, current)


def _sweep(ports: Ports, reading: CalendarAccess, current: Pass) -> None:
    # Before the first listing nothing can have been missed.
    if not current.swept and current.feed.generation > 1 and reading.connection.settings.exports.on:
        current.feed, current.after = sweep_own(ports, reading, current.feed, after=current.after)
        current.swept = current.after is None
    else:
        current.feed = sweep(ports, reading, current.feed)


def _page(ports: Ports, reading: CalendarAccess, current: Pass) -> None:
    feed = current.feed
    snapshot = feed.cursor is None or feed.cursor.snapshot
    if feed.cursor is None or snapshot:
        current.seen = None
    elif feed.cursor.page is None:
        # Counted before the provider is asked: a change that comes while pages are read is not on them.
        # https://developers.google.com/workspace/calendar/api/guides/sync
        current.seen = ports.sync_states.requested(feed.tenant, feed.connection, feed.key)
    turned = turn_page(ports, reading, feed, done=current.seen)
    current.feed = turned.feed
    current.pages += 1
    current.units += turned.units
    current.finished = turned.last and not snapshot and current.seen is not None


def tell_lag(ports: Ports, feed: CalendarSync, *, pushed_at: int | None) -> None:
    """Log the seconds from the push message of ``pushed_at`` to the pass that saw what it announced.

    Whoever finds it done by somebody else counts until that pass ended, not until now.
    """
    if pushed_at is None or feed.last_applied_at is None:
        return
    ports.log.info(
        "push_applied",
        tenant=feed.tenant,
        connection=feed.connection,
        calendar=feed.key,
        lag=round(max(0.0, feed.last_applied_at.timestamp() - pushed_at), 1),
    )


# Nobody wants a mail about a minute's outage.
PATIENCE = timedelta(minutes=5)


def warn(ports: Ports, feed: CalendarSync) -> None:
    """Tell the owner where the grace is over; where it is not, look again the moment it is.

    The grace counts from the last known times, as for what is offered meanwhile. All calendars of a
    connection that fail together are one notice, named by when the first of them began to fail.
    """
    since = feed.failing_since
    if since is None:
        return
    due = _due(ports, feed, since)
    if ports.clock.now() < due:
        wake_feed(ports, feed, cause=f"failing/{int(since.timestamp())}", not_before=due)
        return
    others = ports.sync_states.of_connection(feed.tenant, feed.connection)
    first = min([since, *(item.failing_since for item in others if item.failing_since)])
    ports.ledger.record_notice(
        Notice(
            id=f"unreachable-{feed.connection}-{int(first.timestamp())}",
            tenant=feed.tenant,
            kind=NoticeKind.UNREACHABLE,
            at=ports.clock.now(),
            connection=feed.connection,
        )
    )


def _due(ports: Ports, feed: CalendarSync, since: datetime) -> datetime:
    grace = ports.catalogue.tenant(feed.tenant).unreachable.grace or timedelta()
    return max(since + PATIENCE, (feed.last_applied_at or since) + grace)
