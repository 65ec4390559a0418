"""One writer per calendar: a lease on its feed, with the feed's version as the fencing token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.calendar.sync_state import CalendarSync
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


def leased(feed: CalendarSync, *, now: datetime) -> bool:
    """Whether somebody works on this calendar."""
    return feed.lease_until is not None and feed.lease_until > now


def take(ports: Ports, feed: CalendarSync, *, holder: str) -> CalendarSync | None:
    """Become the one who works on this calendar; None while somebody else is.

    The lease only saves work. What makes a forgotten worker harmless is the version: whoever takes the lease
    changes it, and every commit of the one before then raises Conflict.
    """
    now = ports.clock.now()
    if leased(feed, now=now):
        return None
    until = now + timedelta(seconds=ports.tuning.lease_seconds)
    try:
        return ports.sync_states.save(replace(feed, lease_holder=holder, lease_until=until))
    except Conflict:
        return None


def freed(feed: CalendarSync) -> CalendarSync:
    """The feed without a lease; committed with the last data, so that neither can happen alone."""
    return replace(feed, lease_holder=None, lease_until=None)


def release(
    ports: Ports, feed: CalendarSync, *, holder: str, failure: SyncError | None = None
) -> CalendarSync:
    """Give the lease back if it is still ours, with what stopped us; the feed as it is stored."""
    stored = ports.sync_states.get(feed.tenant, feed.connection, feed.key)
    if stored.lease_holder != holder:
        return stored
    try:
        left = freed(stored)
        if isinstance(failure, Stop):
            left = replace(left, error=failure.reason)
        if isinstance(failure, FAILURES):
            left = replace(left, failing_since=left.failing_since or ports.clock.now())
        return ports.sync_states.save(left)
    except Conflict:
        return ports.sync_states.get(feed.tenant, feed.connection, feed.key)


LEASE = timedelta(seconds=60)
WAIT_SECONDS = 0.2
WAITS = 20


@contextmanager
def lock(ports: Ports, *scope: str) -> Iterator[None]:
    """Wait a little for the turn, hold it for the block, give it back whatever happens.

    The lease only keeps order; whoever outlives it still cannot write twice, because ids and versions
    forbid it.

    Raises:
        Conflict: Somebody else kept it too long; try again later.
    """
    name = hashlib.sha256("\n".join(scope).encode()).hexdigest()[:40]
    holder = ports.keys.token()
    for _ in range(WAITS):
        now = ports.clock.now()
        if ports.ledger.lease(name, holder=holder, until=now + LEASE, now=now):
            break
        ports.clock.wait(WAIT_SECONDS)
    else:
        raise Conflict("somebody else is writing there", code="writer_busy", retry_after=1)
    try:
        yield
    finally:
        ports.ledger.release(name, holder=holder)
