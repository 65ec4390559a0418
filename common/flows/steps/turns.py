"""One writer at a time for something that refuses several, such as one provider calendar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from common.errors import Conflict
from common.ports import Ports

LEASE = timedelta(seconds=60)
WAIT_SECONDS = 0.2
WAITS = 20


@contextmanager
def turn(ports: Ports, *scope: str) -> Iterator[None]:
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
