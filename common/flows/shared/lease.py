"""Leases: for a bounded time one worker alone does something; should it die, its lease ends by itself.

There are three kinds, which differ in where the lease is stored:

- A named lease is a document of its own (``lease``, and ``lock``, which waits for it).
- A calendar's lease is a part of its stored synchronisation state (``take_lease``). The state's version is
  the fencing token: whoever takes the lease changes it, and a late worker's commit raises Conflict.
- The lease of refreshing a grant lies beside the grant and ends in the commit that stores the new one
  (``Connections.lease_refresh``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from common.domain.calendar.sync_state import CalendarSync
from common.errors import (
    PACED,
    AccountClosed,
    CalendarGone,
    Conflict,
    Forbidden,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    Retry,
    Stop,
    SyncError,
    UnexpectedReply,
)
from common.ports import Ports

# Longer than any single call of a mail server, a webhook or a provider may take.
LEASE = timedelta(seconds=60)
WAIT_SECONDS = 0.2
WAITS = 20
# What keeps a calendar from being read. A dead grant has a notice of its own, and a limit only delays.
READ_FAILURES = (ProviderUnavailable, UnexpectedReply, Forbidden, CalendarGone, OperatorFault)


@contextmanager
def lease(ports: Ports, name: str, *, busy: Retry, waits: int = 0) -> Iterator[None]:
    """Hold the lease of this name for the block, and give it back whatever happens.

    It only saves work and keeps order; whoever outlives it still cannot write twice, because ids and versions
    forbid it.

    Args:
        ports: The outside.
        name: What is worked on.
        busy: What is raised while somebody else holds the lease.
        waits: How often to wait a little and try again before that.
    """
    holder = ports.keys.token()
    now = ports.clock.now()
    while not ports.ledger.lease(name, holder=holder, until=now + LEASE, now=now):
        if waits == 0:
            raise busy
        waits -= 1
        ports.clock.wait(WAIT_SECONDS)
        now = ports.clock.now()
    try:
        yield
    finally:
        ports.ledger.release(name, holder=holder)


@contextmanager
def lock(ports: Ports, *scope: str) -> Iterator[None]:
    """Wait a few seconds for the lease of ``scope``, and hold it for the block.

    Raises:
        Conflict: Somebody else kept it too long (``writer_busy``); try again later.
    """
    name = hashlib.sha256("\n".join(scope).encode()).hexdigest()[:40]
    busy = Conflict("somebody else is writing there", code="writer_busy", retry_after=1)
    with lease(ports, name, busy=busy, waits=WAITS):
        yield


def take_lease(ports: Ports, state: CalendarSync, *, holder: str) -> CalendarSync | None:
    """Become the one who synchronises this calendar; None while somebody else does.

    The lease only saves work. What makes a forgotten worker harmless is the version: whoever takes the lease
    changes it, and every commit of the one before then raises Conflict.
    """
    now = ports.clock.now()
    if state.leased(now=now):
        return None
    until = now + timedelta(seconds=ports.tuning.lease_seconds)
    taken = replace(state, lease_holder=holder, lease_until=until, moved_at=state.moved_at or now)
    try:
        return ports.sync_states.save(taken)
    except Conflict:
        return None


def release_lease(
    ports: Ports, state: CalendarSync, *, holder: str, failure: SyncError | None = None
) -> CalendarSync:
    """Give the calendar's lease back if it is still ours, and note what stopped us; the state as stored."""
    stored = ports.sync_states.get(state.tenant, state.connection, state.key)
    if stored.lease_holder != holder:
        return stored
    left = stored.without_lease()
    if isinstance(failure, Stop | AccountClosed):
        left = replace(left, error=failure.reason)
    if isinstance(failure, RateLimited) and failure.reason != PACED and failure.retry_after:
        left = replace(left, waiting_until=ports.clock.now() + timedelta(seconds=failure.retry_after))
    if isinstance(failure, READ_FAILURES):
        left = replace(left, failing_since=left.failing_since or ports.clock.now())
    try:
        return ports.sync_states.save(left)
    except Conflict:
        return ports.sync_states.get(state.tenant, state.connection, state.key)
