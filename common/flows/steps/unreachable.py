"""Tells the owner, once, that a calendar could not be read for longer than the tenant put up with."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.domain.feed import Feed
from common.domain.work import Notice, NoticeKind
from common.flows.steps.wakeups import wake_feed
from common.ports import Ports

# Nobody wants a mail about a minute's outage.
PATIENCE = timedelta(minutes=5)


def warn(ports: Ports, feed: Feed) -> None:
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
    others = ports.feeds.of_connection(feed.tenant, feed.connection)
    first = min([since, *(item.failing_since for item in others if item.failing_since)])
    ports.ledger.tell(
        Notice(
            id=f"unreachable-{feed.connection}-{int(first.timestamp())}",
            tenant=feed.tenant,
            kind=NoticeKind.UNREACHABLE,
            at=ports.clock.now(),
            connection=feed.connection,
        )
    )


def _due(ports: Ports, feed: Feed, since: datetime) -> datetime:
    grace = ports.catalogue.tenant(feed.tenant).unreachable.grace or timedelta()
    return max(since + PATIENCE, (feed.last_applied_at or since) + grace)
