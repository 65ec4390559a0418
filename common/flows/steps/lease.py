"""One writer per calendar: a lease on its feed, with the feed's version as the fencing token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.feed import Feed
from common.errors import (
    CalendarGone,
    Conflict,
    Forbidden,
    OperatorFault,
    ProviderUnavailable,
    Stop,
    SyncError,
    UnexpectedReply,
)
from common.ports import Ports

# What keeps a calendar from being read. A dead grant has a notice of its own, and a limit only delays.
FAILURES = (ProviderUnavailable, UnexpectedReply, Forbidden, CalendarGone, OperatorFault)


def leased(feed: Feed, *, now: datetime) -> bool:
    """Whether somebody works on this calendar."""
    return feed.lease_until is not None and feed.lease_until > now


def take(ports: Ports, feed: Feed, *, holder: str) -> Feed | None:
    """Become the one who works on this calendar; None while somebody else is.

    The lease only saves work. What makes a forgotten worker harmless is the version: whoever takes the lease
    changes it, and every commit of the one before then raises Conflict.
    """
    now = ports.clock.now()
    if leased(feed, now=now):
        return None
    until = now + timedelta(seconds=ports.tuning.lease_seconds)
    try:
        return ports.feeds.save(replace(feed, lease_holder=holder, lease_until=until))
    except Conflict:
        return None


def freed(feed: Feed) -> Feed:
    """The feed without a lease; committed with the last data, so that neither can happen alone."""
    return replace(feed, lease_holder=None, lease_until=None)


def release(ports: Ports, feed: Feed, *, holder: str, failure: SyncError | None = None) -> Feed:
    """Give the lease back if it is still ours, with what stopped us; the feed as it is stored."""
    stored = ports.feeds.get(feed.tenant, feed.connection, feed.key)
    if stored.lease_holder != holder:
        return stored
    try:
        left = freed(stored)
        if isinstance(failure, Stop):
            left = replace(left, error=failure.reason)
        if isinstance(failure, FAILURES):
            left = replace(left, failing_since=left.failing_since or ports.clock.now())
        return ports.feeds.save(left)
    except Conflict:
        return ports.feeds.get(feed.tenant, feed.connection, feed.key)
