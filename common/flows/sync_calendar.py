"""Brings one calendar's copy, and the bookings exported to it, in line with the provider."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from common.domain.feed import Feed
from common.domain.push import Cause
from common.domain.work import Lane
from common.errors import Conflict, Stop, SyncError
from common.flows.steps.channels import heard, told
from common.flows.steps.freshness import tell_lag
from common.flows.steps.lease import FAILURES, leased, release, take
from common.flows.steps.passes import Pass, go_on
from common.flows.steps.reading import Reading, open_reading
from common.flows.steps.returning import (
    CONTINUE,
    go_on_later,
    look_after_lease,
    look_again,
    look_later,
    unfinished,
)
from common.flows.steps.sharing import RELEASED, pass_on
from common.flows.steps.unreachable import warn
from common.ports import Ports

OF_CHANNEL = frozenset({Cause.REMOVED.value, Cause.REAUTHORIZE.value, RELEASED})


class Outcome(StrEnum):
    """What became of a look at a calendar."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"
    LOST = "lost"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SyncCalendar:
    """Look at one calendar.

    ``reason`` is one word for the log; "continue" goes on with a pass instead of asking for a new one.
    ``request`` is the wake-up number to be dealt with, None where this is a new wake-up; ``channel`` the push
    channel that reported. ``after`` and ``swept`` say where the sweep of exported events goes on.
    ``pushed_at`` is when the push message came that is behind it, in seconds since 1970.
    """

    tenant: str
    connection: str
    calendar: str
    reason: str = "wake"
    request: int | None = None
    channel: str | None = None
    after: str | None = None
    swept: bool = False
    pushed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    """How far a task came, and how many pages and units it took."""

    outcome: Outcome
    pages: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True)
class _Looked:
    """A calendar as it was when a look began, and what became of the look."""

    feed: Feed
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
        return Synced(Outcome.OFF)
    found = _looked(ports, command)
    # Not before: a look that fails comes back itself, and would ask for one more each time.
    look_later(ports, found.feed, provider=reading.connection.provider, reason=command.reason)
    return found.synced


def _looked(ports: Ports, command: SyncCalendar) -> _Looked:
    ids = (command.tenant, command.connection, command.calendar)
    request = command.request
    if request is None and command.reason != CONTINUE:
        request = ports.feeds.wake(*ids, now=ports.clock.now())
    feed = ports.feeds.get(*ids)
    if command.channel:
        feed = heard(ports, feed, channel=command.channel)
    feed = told(feed, channel=command.channel, cause=command.reason, now=ports.clock.now())
    if not (unfinished(feed) if request is None else request > feed.done_request):
        tell_lag(ports, feed, pushed_at=command.pushed_at)
        return _Looked(feed, Synced(Outcome.DONE))
    holder = ports.keys.token()
    mine = take(ports, feed, holder=holder)
    if mine is None:
        if command.reason in OF_CHANNEL:
            # Whoever is at work has the channel as it was before it was taken away.
            raise Conflict("somebody works on this calendar", code="calendar_busy", retry_after=5)
        look_after_lease(
            ports,
            ports.feeds.get(*ids),
            request=request,
            channel=command.channel,
            pushed_at=command.pushed_at,
        )
        return _Looked(feed, Synced(Outcome.BUSY))
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
        return Synced(Outcome.LOST if lost else Outcome.OFF, current.pages, current.units)
    if not current.finished:
        go_on_later(ports, feed, after=current.after, swept=current.swept, pushed_at=command.pushed_at)
        return Synced(Outcome.MORE, current.pages, current.units)
    tell_lag(ports, feed, pushed_at=command.pushed_at)
    requested = ports.feeds.requested(feed.tenant, feed.connection, feed.key)
    if requested > feed.done_request:
        look_again(ports, feed, requested)
    return Synced(Outcome.DONE, current.pages, current.units)


def _reading(ports: Ports, command: SyncCalendar, lane: Lane) -> Reading | None:
    return open_reading(
        ports, tenant=command.tenant, connection=command.connection, key=command.calendar, lane=lane
    )


def _taken_over(ports: Ports, command: SyncCalendar, *, holder: str) -> bool:
    feed = ports.feeds.get(command.tenant, command.connection, command.calendar)
    return feed.lease_holder != holder and leased(feed, now=ports.clock.now())
