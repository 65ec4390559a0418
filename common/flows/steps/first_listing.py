"""Lists one calendar for a first synchronisation, as far as a chunk may go."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from common.domain.account import Connection
from common.domain.work import Lane
from common.errors import Conflict, Stop, SyncError
from common.flows.steps.lease import FAILURES, leased, release, take
from common.flows.steps.listing import poll_at
from common.flows.steps.passes import Pass, go_on
from common.flows.steps.reading import Reading, open_reading
from common.flows.steps.returning import look_again, unfinished
from common.flows.steps.unreachable import warn
from common.flows.steps.wakeups import wake_calendar
from common.ports import Ports


class Advance(StrEnum):
    """How a calendar stands after a chunk."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"


def advance_feed(ports: Ports, connection: Connection, key: str, *, cause: str) -> Advance:
    """Open the channel, then list, page by page; a calendar that somebody else works on is left to them.

    Raises:
        Retry: The provider or the store asks to come back later; the stored cursor is where to go on.
        Stop: Only a person can help.
    """
    feed = ports.feeds.get(connection.tenant, connection.id, key)
    if feed.cursor is not None and not unfinished(feed):
        return Advance.DONE
    if feed.generation > 1:
        # A listing that was begun anew has its own chain of tasks, which also looks for lost exports.
        wake_calendar(ports, connection, key, cause=f"{cause}/{feed.generation}")
        return Advance.BUSY
    if leased(feed, now=ports.clock.now()):
        return Advance.BUSY
    holder = ports.keys.token()
    # Polled from now on: should everything else fail, the poll comes back to it.
    floor = feed.poll_at or poll_at(ports, feed, ports.clock.now())
    mine = take(ports, replace(feed, poll_at=floor), holder=holder)
    if mine is None:
        return Advance.BUSY
    return _listed(ports, connection, Pass(mine), key=key, holder=holder)


def _listed(ports: Ports, connection: Connection, current: Pass, *, key: str, holder: str) -> Advance:
    def open_now(_: Lane) -> Reading | None:
        return open_reading(
            ports, tenant=connection.tenant, connection=connection.id, key=key, lane=Lane.BACKFILL
        )

    wanted = True
    failure: SyncError | None = None
    try:
        wanted = go_on(ports, current, open_now)
    except Conflict:
        return Advance.BUSY
    except (Stop, *FAILURES) as failed:
        failure = failed
        raise
    finally:
        feed = release(ports, current.feed, holder=holder, failure=failure)
        warn(ports, feed)
    # Whoever wanted to look meanwhile found the lease taken, and counts on us.
    requested = ports.feeds.requested(feed.tenant, feed.connection, feed.key)
    if requested > feed.done_request and current.finished:
        look_again(ports, feed, requested)
    return Advance.MORE if wanted and unfinished(feed) else Advance.DONE
