"""Throttling: counts requests for each app and mailbox, as Exchange does."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.microsoft.errors import GraphError, throttled

SPAN, SHORT_SPAN = timedelta(minutes=10), timedelta(seconds=20)


@dataclass(slots=True)
class Limits:
    """How many requests are allowed; None means no limit.

    `per_mailbox` counts ten minutes, `concurrent` those at the same time, the others twenty seconds.
    """

    per_mailbox: int | None = None
    concurrent: int | None = None
    subscription_writes: int | None = None
    subscription_lists: int | None = None


# https://learn.microsoft.com/graph/throttling-limits
GRAPH = Limits(per_mailbox=10_000, concurrent=4, subscription_writes=500, subscription_lists=25)


class Throttle:
    """Counts requests; refused ones count as well."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], int] = {}
        self._spent: dict[tuple[str, str], deque[datetime]] = {}

    @contextmanager
    def concurrent_request(self, app: str, mailbox: str) -> Iterator[bool]:
        """A context for one running request; it yields whether too many run at the same time."""
        key = (app, mailbox)
        with self._lock:
            self._running[key] = self._running.get(key, 0) + 1
            too_many = self.limits.concurrent is not None and self._running[key] > self.limits.concurrent
        try:
            yield too_many
        finally:
            with self._lock:
                self._running[key] -= 1

    def spend(self, app: str, mailbox: str, method: str, now: datetime) -> None:
        """Count a request; 429 if that is one too many."""
        self._count((app, mailbox), SPAN, self.limits.per_mailbox, now)
        if method == "subscriptions.list":
            self._count((app, "lists"), SHORT_SPAN, self.limits.subscription_lists, now)
        elif method.startswith("subscriptions.") and method != "subscriptions.get":
            self._count((app, "writes"), SHORT_SPAN, self.limits.subscription_writes, now)

    def _count(self, key: tuple[str, str], span: timedelta, most: int | None, now: datetime) -> None:
        if most is None:
            return
        with self._lock:
            spent = self._spent.setdefault(key, deque())
            spent.append(now)
            while spent and spent[0] <= now - span:
                spent.popleft()
            if len(spent) <= most:
                return
            wait = int((spent[len(spent) - most] + span - now).total_seconds()) + 1
        raise throttled(retry_after=max(1, wait), message="Application is over its request limit.")


def concurrency_error() -> GraphError:
    """The error for too many requests at the same time."""
    return throttled(retry_after=1, message="Application is over its MailboxConcurrency limit.")
