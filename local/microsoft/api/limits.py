"""Throttling: counts requests for each app and mailbox, as Exchange does."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.microsoft.errors import GraphError, throttled
from local.microsoft.settings import Settings

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


# https://learn.microsoft.com/graph/throttling-limits: for each application (facts M111, M116, M132)
GRAPH = Limits(per_mailbox=10_000, concurrent=4, subscription_writes=500, subscription_lists=25)


class Throttle:
    """Counts requests; refused ones count as well."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], int] = {}
        self._spent: dict[tuple[str, str], deque[datetime]] = {}

    @contextmanager
    def running(self, app: str, mailbox: str, *, places: int = 1) -> Iterator[int]:
        """A context for one running request, or a batch that runs in several places at once.

        It yields how many places there are for it, up to those that it wants.
        """
        key, most = (app, mailbox), self.limits.concurrent
        with self._lock:
            taken = self._running.get(key, 0)
            self._running[key] = taken + places
        try:
            yield places if most is None else max(0, min(places, most - taken))
        finally:
            with self._lock:
                self._running[key] -= places

    def spend(self, app: str, mailbox: str, method: str, now: datetime, *, told: bool) -> None:
        """Count a request; 429 if that is one too many, with the seconds to wait if they are `told`."""
        self._count((app, mailbox), SPAN, self.limits.per_mailbox, now, told=told)
        if method == "subscriptions.list":
            self._count((app, "lists"), SHORT_SPAN, self.limits.subscription_lists, now, told=told)
        elif method.startswith("subscriptions.") and method != "subscriptions.get":
            self._count((app, "writes"), SHORT_SPAN, self.limits.subscription_writes, now, told=told)

    def _count(
        self, key: tuple[str, str], span: timedelta, most: int | None, now: datetime, *, told: bool
    ) -> None:
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
        message = "Application is over its request limit."
        raise throttled(retry_after=max(1, wait) if told else 0, message=message)


def concurrency_error(settings: Settings) -> GraphError:
    """The error for too many requests at the same time (facts M113 to M115)."""
    message = "Application is over its MailboxConcurrency limit."
    wait = 1 if settings.retry_after_sent else 0
    return throttled(retry_after=wait, message=message, status=settings.concurrency_status)
