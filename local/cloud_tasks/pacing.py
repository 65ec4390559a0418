"""Decides when a queue may dispatch next and when a failed task is tried again."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from local.cloud_tasks.model import RateLimits, RetryPolicy

_EDGE = 1e-6
"""Rounding slack: a moment is only as fine as a microsecond."""
_MOST_LEVELS = 8


def backoff(policy: RetryPolicy, *, failures: int) -> timedelta:
    """The pause after the n-th failure: doubles ``max_doublings`` times, then grows linearly, then stays.

    https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig
    """
    doubled = min(failures - 1, policy.max_doublings, 60)
    steps = max(1, failures - policy.max_doublings)
    seconds = policy.min_backoff.total_seconds() * 2**doubled * steps
    return timedelta(seconds=min(seconds, policy.max_backoff.total_seconds()))


def exhausted(policy: RetryPolicy, *, attempts: int, since_first: timedelta) -> bool:
    """Whether no further attempt is made: every limit that is set has been reached."""
    limits = []
    if policy.max_attempts > 0:
        limits.append(attempts >= policy.max_attempts)
    if policy.max_retry_duration > timedelta(0):
        limits.append(since_first >= policy.max_retry_duration)
    return bool(limits) and all(limits)


class Pace:
    """A token bucket that a worker's 429 and 503 slow down and its successes speed up again."""

    def __init__(self, limits: RateLimits, now: datetime) -> None:
        self.limits = limits
        self._level = 0
        self._tokens = float(limits.burst)
        self._at = now

    @property
    def per_second(self) -> float:
        """The effective rate: the configured one, halved once for each level of congestion."""
        return max(self.limits.max_dispatches_per_second / 2.0**self._level, _EDGE)

    def ready_at(self, now: datetime) -> datetime:
        """The earliest moment at which a token is there."""
        self._refill(now)
        if self._tokens >= 1 - _EDGE:
            return now
        missing = (1 - self._tokens) / self.per_second
        return now + timedelta(microseconds=math.ceil(missing * 1_000_000))

    def spend(self, now: datetime) -> None:
        """Take one token."""
        self._refill(now)
        self._tokens -= 1

    def congested(self) -> None:
        """Slow down: the worker answered 429 or 503."""
        self._level = min(self._level + 1, _MOST_LEVELS)
        self._tokens = min(self._tokens, 1.0)

    def relieved(self) -> None:
        """Speed up by one level: the worker succeeded."""
        self._level = max(self._level - 1, 0)

    def configure(self, limits: RateLimits) -> None:
        """Go on with other limits."""
        self.limits = limits
        self._tokens = min(self._tokens, float(limits.burst))

    def _refill(self, now: datetime) -> None:
        elapsed = max((now - self._at).total_seconds(), 0.0)
        most = float(self.limits.burst) if self._level == 0 else 1.0
        self._tokens = min(max(most, self._tokens), self._tokens + elapsed * self.per_second)
        self._at = max(self._at, now)
